using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Orchestrations.Training;

/// <summary>How a job ends, with the reason when it does not complete.</summary>
public sealed record JobEnd(Guid JobId, JobState State, Failure? Failure);

/// <summary>The end of a job: its model version, or its error.</summary>
public sealed class JobActivities(PlatformDatabase database, ObjectStores stores, TimeProvider time)
{
    /// <summary>Turns the best checkpoint into a model version and completes the job. Running it again finds what it did before.</summary>
    [Function(nameof(FinalizeJob))]
    public async Task<JobEnd> FinalizeJob([ActivityTrigger] Guid jobId, CancellationToken cancellation)
    {
        var best = await database.Checkpoints.AsNoTracking().Where(c => c.JobId == jobId)
            .OrderByDescending(c => c.Best).ThenByDescending(c => c.Attempt).ThenByDescending(c => c.Epoch).FirstOrDefaultAsync(cancellation);
        if (best is null)
            return new JobEnd(jobId, JobState.Failed, Failure.Of(ErrorCodes.CheckpointInvalid, "The trainer finished without a checkpoint."));
        await KeepLogsAsync(jobId, cancellation);

        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var job = (await database.LockJobAsync(jobId, cancellation))!;
        if (job.State.IsTerminal())
            return new JobEnd(jobId, job.State, job.Error);
        if (job.CancelRequested)
            return new JobEnd(jobId, JobState.Cancelled, null);
        var version = await AddVersionAsync(job, best, cancellation);
        if (!await stores.Internal.CopyAsync(best.Key, version.CheckpointKey, cancellation))
            return new JobEnd(jobId, JobState.Failed, Failure.Of(ErrorCodes.CheckpointInvalid, $"The checkpoint {best.Name} is not in the object store."));
        var now = time.GetUtcNow();
        (job.ModelId, job.ModelVersionId) = (version.ModelId, version.Id);
        job.BestEpoch ??= best.Epoch;
        job.MoveTo(JobState.Finalizing, now);
        job.MoveTo(JobState.Completed, now);
        database.AppendState(job, now);
        await database.SaveChangesAsync(cancellation);
        await database.NotifyJobReadersAsync(jobId, cancellation);
        await transaction.CommitAsync(cancellation);
        return new JobEnd(jobId, JobState.Completed, null);
    }

    /// <summary>Writes the end of a job that did not complete; what it had reached so far stays.</summary>
    [Function(nameof(EndJob))]
    public async Task EndJob([ActivityTrigger] JobEnd end, CancellationToken cancellation)
    {
        await using (var transaction = await database.Database.BeginTransactionAsync(cancellation))
        {
            var now = time.GetUtcNow();
            await database.CloseAttemptsAsync(end.JobId, now, cancellation);
            var job = (await database.LockJobAsync(end.JobId, cancellation))!;
            var cancelled = job.CancelRequested;
            if (job.MoveTo(cancelled ? JobState.Cancelled : JobState.Failed, now, cancelled ? null : end.Failure))
                database.AppendState(job, now);
            await database.SaveChangesAsync(cancellation);
            await database.NotifyJobReadersAsync(job.Id, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        // Last: the end of the job must not depend on the object store.
        await KeepLogsAsync(end.JobId, cancellation);
    }

    private async Task<ModelVersion> AddVersionAsync(TrainingJob job, Checkpoint best, CancellationToken cancellation)
    {
        // The name's unique index makes two first versions of one model meet here.
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO models (id, project_id, name, task_type, latest_version, created_at)
            VALUES ({Guid.CreateVersion7()}, {job.ProjectId}, {job.Name}, {job.TaskType.AsText()}, 0, {time.GetUtcNow()})
            ON CONFLICT (project_id, lower(name)) DO NOTHING
            """, cancellation);
        var model = await database.Models
            .FromSql($"SELECT * FROM models WHERE project_id = {job.ProjectId} AND lower(name) = lower({job.Name}) FOR UPDATE").SingleAsync(cancellation);
        model.LatestVersion++;
        var quality = await HeldOutAsync(job.Id, best, cancellation);
        var version = new ModelVersion
        {
            ModelId = model.Id, ProjectId = job.ProjectId, Number = model.LatestVersion, JobId = job.Id, DatasetVersionId = job.DatasetVersionId,
            Framework = job.Framework, Architecture = job.Model, TaskType = job.TaskType, Classes = quality?.Classes ?? [],
            Metrics = job.BestMetrics ?? best.Metrics, ConfusionMatrix = quality?.ConfusionMatrix ?? [], PerClass = quality?.PerClass ?? [],
            CheckpointKey = $"models/{model.Id}/{model.LatestVersion}/checkpoint{Path.GetExtension(best.Name)}",
            CheckpointSize = best.Size, CheckpointSha256 = best.Sha256, CheckpointEpoch = best.Epoch, CreatedAt = time.GetUtcNow(),
        };
        database.ModelVersions.Add(version);
        return version;
    }

    /// <summary>The last evaluation on the test split; where the dataset has none, the one on val at the checkpoint's epoch.</summary>
    private async Task<ValidationResult?> HeldOutAsync(Guid jobId, Checkpoint best, CancellationToken cancellation)
    {
        var results = database.ValidationResults.AsNoTracking().Where(result => result.JobId == jobId);
        return await results.Where(result => result.Split == Split.Test).OrderByDescending(result => result.Attempt).ThenByDescending(result => result.Epoch)
                .FirstOrDefaultAsync(cancellation)
            ?? await results.Where(result => result.Attempt == best.Attempt && result.Epoch == best.Epoch && result.Split == Split.Val)
                .FirstOrDefaultAsync(cancellation);
    }

    /// <summary>Writes the job's log as JSON lines to logs/{job}/{attempt}/log.jsonl, where it outlives the database rows.</summary>
    private async Task KeepLogsAsync(Guid jobId, CancellationToken cancellation)
    {
        var files = new SortedDictionary<int, StringBuilder>();
        await foreach (var entry in database.JobEvents.AsNoTracking().Where(e => e.JobId == jobId && e.Type == "log").OrderBy(e => e.Id).AsAsyncEnumerable().WithCancellation(cancellation))
        {
            var attempt = entry.Data.GetProperty("attempt").GetInt32();
            if (!files.TryGetValue(attempt, out var lines))
                files[attempt] = lines = new StringBuilder();
            lines.Append(entry.Data.GetRawText()).Append('\n');
        }

        foreach (var (attempt, lines) in files)
            await stores.Internal.PutAsync($"logs/{jobId}/{attempt}/log.jsonl", Encoding.UTF8.GetBytes(lines.ToString()), "application/jsonl", cancellation);
    }
}
