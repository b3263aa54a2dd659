using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>What is to be predicted with what: a model version, or a checkpoint of a job.</summary>
/// <param name="MinConfidence">Objects with less confidence are left out; null for the trainer's default.</param>
/// <param name="Split">Only images of this split; null for all.</param>
/// <param name="Measure">Whether the answers are compared with the annotations.</param>
public sealed record PredictionSettings(Guid? ModelVersionId, Guid? JobId, CheckpointName? Checkpoint, Guid DatasetVersionId, double? MinConfidence, Split? Split, bool Measure);

/// <summary>Creates, cancels and ends predictions. In between, <see cref="AttemptLifecycle"/> runs them on a trainer.</summary>
public sealed class PredictionLifecycle(PlatformDatabase database, ObjectStores stores, PredictedImages images, Quotas quotas, TimeProvider time)
{
    /// <summary>Creates a prediction. Schedule <see cref="TrainingWork.Predict"/> after it.</summary>
    /// <param name="userId">Who asks.</param>
    /// <param name="projectId">Project of the model and of the dataset version.</param>
    /// <param name="settings">What to predict.</param>
    /// <param name="once">The request.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.DatasetDeleted"/>, <see cref="ErrorCodes.DatasetVersionNotReady"/>, <see cref="ErrorCodes.DatasetVersionUnlabeled"/> to measure, <see cref="ErrorCodes.TaskNotSupported"/> for a dataset of
    /// another task, or of other classes when it is to be measured, <see cref="ErrorCodes.QuotaExceeded"/>, and those of <see cref="IdempotentCreate{T}"/>.
    /// </exception>
    public async Task<Created<BatchPrediction>> CreateAsync(Guid userId, Guid projectId, PredictionSettings settings, IdempotentCreate<BatchPrediction> once, CancellationToken cancellation)
    {
        var version = settings.ModelVersionId is { } id ? await database.ModelVersions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation) : null;
        var jobId = version?.JobId ?? settings.JobId ?? throw ProblemException.NoSuch("model version", "modelVersionId");
        var job = await database.TrainingJobs.AsNoTracking().SingleAsync(row => row.Id == jobId, cancellation);
        var (key, sha256, epoch) = version is not null ? (version.CheckpointKey, version.CheckpointSha256, version.CheckpointEpoch) : await CheckpointAsync(job.Id, settings.Checkpoint!, cancellation);
        await RequireDatasetAsync(projectId, settings, job.TaskType, cancellation);
        if (settings.Measure)
            await RequireSameClassesAsync(job, settings.DatasetVersionId, cancellation);
        // The settings that shape the network and its input are the job's own; the others do not matter here.
        var config = job.Config.Where(field => field.Key is "imageSize" or "device").ToDictionary(StringComparer.Ordinal);
        if (settings.MinConfidence is { } least)
            config["minConfidence"] = JsonSerializer.SerializeToElement(least);
        if (settings.Split is { } split)
            config["split"] = JsonSerializer.SerializeToElement(split.ToString().ToLowerInvariant());
        if (settings.Measure)
            config["measure"] = JsonSerializer.SerializeToElement(true);
        var prediction = new BatchPrediction
        {
            ProjectId = projectId, JobId = job.Id, ModelVersionId = version?.Id, CheckpointKey = key, CheckpointSha256 = sha256, CheckpointEpoch = epoch, DatasetVersionId = settings.DatasetVersionId,
            Framework = job.Framework, Model = job.Model, TaskType = job.TaskType, Config = config, CreatedBy = userId, CreatedAt = time.GetUtcNow(),
        };
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await database.RequireLiveProjectAsync(projectId, "project", cancellation);
        await database.RequireLiveDatasetOfVersionAsync(settings.DatasetVersionId, cancellation);
        await quotas.RequireRoomForJobAsync(userId, cancellation);
        // Retention removes no checkpoint that is locked, and none that a prediction used of late.
        if (version is null && !await database.Checkpoints.FromSql($"SELECT * FROM checkpoints WHERE key = {key} FOR SHARE").AsNoTracking().AnyAsync(cancellation))
            throw ProblemException.NoSuch("checkpoint", "checkpoint");
        database.Predictions.Add(prediction);
        await database.SaveChangesAsync(cancellation);
        return await create.CommitAsync(prediction, cancellation);
    }

    /// <summary>Marks a prediction; its orchestration ends it. Wake that after it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/> when it has ended already.</exception>
    public async Task<BatchPrediction> CancelAsync(Guid id, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var prediction = (await database.LockPredictionAsync(id, cancellation))!;
        if (prediction.CompletedAt is not null)
            throw new ProblemException(ErrorCodes.InvalidState, "The prediction has ended already.");
        prediction.CancelRequested = true;
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return prediction;
    }

    /// <summary>Ends a prediction. It completes only if its file is in the object store as the trainer reported it. Running it again changes nothing.</summary>
    /// <param name="run">State of its last attempt.</param>
    public async Task<PredictionEnd> FinishAsync(Guid id, AttemptState run, Failure? failure, CancellationToken cancellation)
    {
        var result = await database.Attempts.AsNoTracking().Where(attempt => attempt.SubjectId == id).OrderByDescending(attempt => attempt.Number).Select(attempt => attempt.Result).FirstOrDefaultAsync(cancellation);
        var (copy, outcomes, problem) = run == AttemptState.Completed ? await KeepAsync(id, cancellation) : (null, null, null);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        await database.CloseAttemptsAsync(id, now, cancellation);
        var prediction = (await database.LockPredictionAsync(id, cancellation))!;
        var (state, reason) = run switch
        {
            _ when prediction.CancelRequested => (PredictionState.Cancelled, null),
            AttemptState.Completed => problem is null ? (PredictionState.Completed, null) : (PredictionState.Failed, problem),
            AttemptState.Cancelled => (PredictionState.Cancelled, failure),
            _ => (PredictionState.Failed, failure),
        };
        if (prediction.MoveTo(state, now, reason) && state == PredictionState.Completed)
        {
            prediction.Key = copy;
            prediction.Outcomes = outcomes;
            prediction.Images = result is { ValueKind: JsonValueKind.Object } answer && answer.TryGetProperty("images", out var number) && number.TryGetInt32(out var count) ? count : null;
        }
        else if (prediction.State != PredictionState.Completed)
            await images.RemoveAsync(id, cancellation);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        if (copy is not null && prediction.Key != copy)
            await stores.Internal.DeleteAsync(copy, cancellation);
        return new PredictionEnd(id, prediction.State, prediction.Error);
    }

    /// <summary>Takes the file over and lists its images.</summary>
    private async Task<(string? Key, PredictionOutcomes? Outcomes, Failure? Problem)> KeepAsync(Guid id, CancellationToken cancellation)
    {
        var prediction = await database.Predictions.AsNoTracking().SingleAsync(row => row.Id == id, cancellation);
        if (prediction.CompletedAt is not null)
            return (null, null, null);
        if (prediction is not { Key: { } uploaded, Size: { } size, Sha256: { } sha256 })
            return (null, null, Failure.Of(ErrorCodes.TrainerProtocol, "The trainer finished without uploading a file."));
        var key = $"{Attempt.KeptPrefix(AttemptKind.Predict, id)}{Guid.CreateVersion7():n}/predictions.jsonl.gz";
        if (await stores.Internal.KeepAsync(uploaded, size, sha256, key, cancellation) is { } problem)
            return (null, null, Failure.Of(ErrorCodes.TrainerProtocol, $"The file that the trainer announced {problem}"));
        var (outcomes, wrong) = await images.StoreAsync(prediction, key, cancellation);
        if (wrong is null)
            return (key, outcomes, null);
        await stores.Internal.DeleteAsync(key, cancellation);
        return (null, null, Failure.Of(ErrorCodes.TrainerProtocol, $"The file that the trainer announced {wrong}"));
    }

    private async Task<(string Key, string Sha256, int Epoch)> CheckpointAsync(Guid jobId, CheckpointName name, CancellationToken cancellation)
    {
        var checkpoint = await database.Checkpoints.AsNoTracking().FirstOrDefaultAsync(row => row.JobId == jobId && row.Attempt == name.Attempt && row.Epoch == name.Epoch, cancellation)
            ?? throw ProblemException.NoSuch("checkpoint", "checkpoint");
        return (checkpoint.Key, checkpoint.Sha256, checkpoint.Epoch);
    }

    /// <summary>Answers can be compared only with annotations of the same classes in the same order.</summary>
    private async Task RequireSameClassesAsync(TrainingJob job, Guid versionId, CancellationToken cancellation)
    {
        if (job.DatasetVersionId == versionId)
            return;
        var versions = await database.DatasetVersions.AsNoTracking().Where(version => version.Id == versionId || version.Id == job.DatasetVersionId).ToListAsync(cancellation);
        var (trained, measured) = (versions.Single(version => version.Id == job.DatasetVersionId), versions.Single(version => version.Id == versionId));
        if (!trained.ClassNames.SequenceEqual(measured.ClassNames, StringComparer.Ordinal))
            throw new ProblemException(ErrorCodes.TaskNotSupported, "The dataset has other classes than the model, so its answers cannot be measured. Predict without measuring.", "datasetVersionId");
    }

    private async Task RequireDatasetAsync(Guid projectId, PredictionSettings settings, TaskType task, CancellationToken cancellation)
    {
        var found = await database.DatasetVersions.AsNoTracking().Where(version => version.Id == settings.DatasetVersionId)
            .Join(database.Datasets, version => version.DatasetId, dataset => dataset.Id, (version, dataset) => new { version.State, version.Unlabeled, dataset.ProjectId, dataset.TaskType, dataset.DeletedAt }).SingleOrDefaultAsync(cancellation);
        if (found is null || found.ProjectId != projectId)
            throw new ProblemException(ErrorCodes.NotFound, "There is no such dataset version in this project.", "datasetVersionId");
        if (found.DeletedAt is not null)
            throw new ProblemException(ErrorCodes.DatasetDeleted);
        if (found.State != DatasetVersionState.Ready)
            throw new ProblemException(ErrorCodes.DatasetVersionNotReady);
        if (found.TaskType != task)
            throw new ProblemException(ErrorCodes.TaskNotSupported, "The dataset is for another task than the model.", "datasetVersionId");
        if (settings.Measure && found.Unlabeled)
            throw new ProblemException(ErrorCodes.DatasetVersionUnlabeled, "The images have no labels to measure with. Predict without measuring.", "measure");
    }
}
