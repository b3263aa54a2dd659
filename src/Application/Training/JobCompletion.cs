using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>Ends jobs: with a model version, or with an error. Running it again changes nothing.</summary>
public sealed class JobCompletion(PlatformDatabase database, ObjectStores stores, JobRecordKeeping records, TimeProvider time)
{
    /// <summary>Stores the best checkpoint as a model version and completes the job. If it cannot, the job stays open and the answer says how to end it.</summary>
    public async Task<JobEnd> FinalizeAsync(Guid jobId, CancellationToken cancellation)
    {
        var best = await BestAsync(jobId, cancellation);
        if (best is null)
            return new JobEnd(jobId, JobState.Failed, Failure.Of(ErrorCodes.CheckpointInvalid, "The trainer finished without a checkpoint."));
        var job = await database.TrainingJobs.AsNoTracking().SingleAsync(job => job.Id == jobId, cancellation);
        if (EndOf(job) is { } over)
        {
            // The run that completed the job may have died before it stored these.
            if (job.State.IsTerminal() && job.RecordsStoredAt is null)
                await records.StoreAsync(jobId, cancellation);
            return over;
        }

        // Before the transaction: copying and reading a large file takes minutes, and no row may be locked for that long.
        var key = $"{Attempt.KeptPrefix(AttemptKind.Train, jobId)}{Guid.CreateVersion7():n}/checkpoint{Path.GetExtension(best.Name)}";
        if (await stores.Internal.KeepAsync(best.Key, best.Size, best.Sha256, key, cancellation) is { } problem)
            return new JobEnd(jobId, JobState.Failed, Failure.Of(ErrorCodes.CheckpointInvalid, $"The checkpoint {best.Name} {problem}"));
        var end = await CompleteAsync(jobId, best, key, cancellation);
        // Another run may have completed the job, with a copy of its own.
        if (!await database.ModelVersions.AnyAsync(version => version.CheckpointKey == key, cancellation))
            await stores.Internal.DeleteAsync(key, cancellation);
        if (end.State.IsTerminal())
        {
            database.ChangeTracker.Clear();
            await records.StoreAsync(jobId, cancellation);
        }
        return end;
    }

    /// <summary>
    /// Of the last checkpoints that each attempt marked as the best, the one with the best primary metric of the task; of equal ones the last. If none is
    /// marked, the best of all.
    /// </summary>
    private async Task<Checkpoint?> BestAsync(Guid jobId, CancellationToken cancellation)
    {
        var checkpoints = await database.Checkpoints.AsNoTracking().Where(c => c.JobId == jobId)
            .OrderByDescending(c => c.Best).ThenByDescending(c => c.Attempt).ThenByDescending(c => c.Epoch).ToListAsync(cancellation);
        // A trainer that resumed may not know the best of the attempts before.
        if (checkpoints is [{ Best: true }, ..])
            checkpoints = [.. checkpoints.Where(checkpoint => checkpoint.Best).DistinctBy(checkpoint => checkpoint.Attempt)];
        if (checkpoints.Count <= 1)
            return checkpoints.FirstOrDefault();
        var task = await database.TrainingJobs.Where(job => job.Id == jobId).Select(job => job.TaskType).SingleAsync(cancellation);
        return task.Primary().BestOf(checkpoints, checkpoint => checkpoint.Metrics);
    }

    private static JobEnd? EndOf(TrainingJob job) =>
        job.State.IsTerminal() ? new JobEnd(job.Id, job.State, job.Error) : job.CancelRequested ? new JobEnd(job.Id, JobState.Cancelled, null) : null;

    /// <summary>Adds the model version, unless the job has ended or was cancelled.</summary>
    /// <param name="key">Where the checkpoint was copied to.</param>
    private async Task<JobEnd> CompleteAsync(Guid jobId, Checkpoint best, string key, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var job = (await database.LockJobAsync(jobId, cancellation))!;
        if (EndOf(job) is { } over)
            return over;
        var version = await AddVersionAsync(job, best, key, cancellation);
        var now = time.GetUtcNow();
        (job.ModelId, job.ModelVersionId) = (version.ModelId, version.Id);
        if (job.BestEpoch is null)
            job.SetBest(best.Epoch, job.BestMetrics);
        job.MoveTo(JobState.Finalizing, now);
        job.MoveTo(JobState.Completed, now);
        database.AppendState(job, now);
        await database.SaveChangesAsync(cancellation);
        await database.NotifyJobReadersAsync(jobId, cancellation);
        await transaction.CommitAsync(cancellation);
        return new JobEnd(jobId, JobState.Completed, null);
    }

    /// <summary>Fails a job, or cancels it if somebody asked for that. Its metrics and checkpoints stay; attempts that are still open are closed.</summary>
    public async Task EndAsync(JobEnd end, CancellationToken cancellation)
    {
        await using (var transaction = await database.Database.BeginTransactionAsync(cancellation))
        {
            var now = time.GetUtcNow();
            await database.CloseAttemptsAsync(end.JobId, now, cancellation);
            var job = (await database.LockJobAsync(end.JobId, cancellation))!;
            var cancelled = job.CancelRequested;
            if (job.MoveTo(cancelled ? JobState.Cancelled : JobState.Failed, now, cancelled ? null : await WithAdviceAsync(job, end.Failure, cancellation)))
                database.AppendState(job, now);
            await database.SaveChangesAsync(cancellation);
            await database.NotifyJobReadersAsync(job.Id, cancellation);
            await transaction.CommitAsync(cancellation);
        }

        // Last: the end of the job must not depend on the object store.
        database.ChangeTracker.Clear();
        await records.StoreAsync(end.JobId, cancellation);
    }

    private async Task<Failure?> WithAdviceAsync(TrainingJob job, Failure? failure, CancellationToken cancellation)
    {
        if (failure is null)
            return null;
        var trainer = await database.Trainers.AsNoTracking().FirstOrDefaultAsync(known => known.Framework == job.Framework, cancellation);
        return FailureAdvice.Complete(failure, job.Config, trainer?.Capabilities.ConfigSchema);
    }

    private async Task<ModelVersion> AddVersionAsync(TrainingJob job, Checkpoint best, string key, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        // One statement, so that two jobs that add to one model at the same time get two numbers.
        var model = (await database.Models.FromSql(
            $"""
            INSERT INTO models (id, project_id, name, task_type, latest_version, created_at)
            VALUES ({Guid.CreateVersion7()}, {job.ProjectId}, {job.Name}, {job.TaskType.AsText()}, 1, {now})
            ON CONFLICT (project_id, lower(name)) DO UPDATE SET latest_version = models.latest_version + 1
            RETURNING *
            """).AsNoTracking().ToListAsync(cancellation)).Single();
        var quality = await HeldOutAsync(job.Id, best, cancellation);
        var version = new ModelVersion
        {
            ModelId = model.Id, ProjectId = job.ProjectId, Number = model.LatestVersion, JobId = job.Id, DatasetVersionId = job.DatasetVersionId,
            Framework = job.Framework, Architecture = job.Model, TaskType = job.TaskType, Classes = quality?.Classes ?? [],
            Metrics = job.BestMetrics ?? best.Metrics, ConfusionMatrix = quality?.ConfusionMatrix ?? [], PerClass = quality?.PerClass ?? [],
            CheckpointKey = key,
            CheckpointSize = best.Size, CheckpointSha256 = best.Sha256, CheckpointEpoch = best.Epoch, CreatedAt = now,
        };
        database.ModelVersions.Add(version);
        return version;
    }

    /// <summary>The last evaluation on the test split; if the dataset has none, the one on val at the checkpoint's epoch.</summary>
    private async Task<ValidationResult?> HeldOutAsync(Guid jobId, Checkpoint best, CancellationToken cancellation)
    {
        var results = database.ValidationResults.AsNoTracking().Where(result => result.JobId == jobId);
        return await results.Where(result => result.Split == Split.Test).OrderByDescending(result => result.Attempt).ThenByDescending(result => result.Epoch)
                .FirstOrDefaultAsync(cancellation)
            ?? await results.Where(result => result.Attempt == best.Attempt && result.Epoch == best.Epoch && result.Split == Split.Val)
                .FirstOrDefaultAsync(cancellation);
    }
}
