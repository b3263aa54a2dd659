using System.Diagnostics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>A request for a trainer, or why there cannot be one.</summary>
/// <param name="ResumedFromEpoch">Epoch of the checkpoint that the training goes on from; null when it begins anew.</param>
public sealed record BuiltRequest(TrainerJobRequest? Request, Failure? Failure, int? ResumedFromEpoch);

/// <summary>
/// Builds the request that starts an attempt on a trainer: the manifest of the dataset version, the checkpoint to go on from, and a token for
/// the callbacks of this attempt, with which the trainer asks for the images. A trainer gets no storage keys and no access to the database.
/// </summary>
public sealed class TrainerRequestBuilder(
    PlatformDatabase database, AttemptInputs inputs, AttemptTokens tokens, TrainerSettings settings, TimeProvider time)
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromDays(30);

    public Task<BuiltRequest> BuildAsync(Attempt attempt, CancellationToken cancellation) => attempt.Kind switch
    {
        AttemptKind.Train => BuildTrainingAsync(attempt, cancellation),
        AttemptKind.Predict => BuildPredictionAsync(attempt, cancellation),
        _ => BuildExportAsync(attempt, cancellation),
    };

    private async Task<BuiltRequest> BuildTrainingAsync(Attempt attempt, CancellationToken cancellation)
    {
        var job = await database.TrainingJobs.AsNoTracking().SingleAsync(j => j.Id == attempt.SubjectId, cancellation);
        var dataset = await inputs.DatasetAsync(job, attempt.SubjectId, cancellation);
        if (dataset is null)
            return new BuiltRequest(null, Failure.Of(ErrorCodes.DatasetVersionNotReady), null);
        var last = await database.Checkpoints.AsNoTracking().Where(c => c.JobId == job.Id)
            .OrderByDescending(c => c.Attempt).ThenByDescending(c => c.Epoch).FirstOrDefaultAsync(cancellation);
        var checkpoint = last is not null ? new TrainerCheckpoint(inputs.Get(last.Key), last.Sha256, last.Epoch)
            : job.StartFrom is { } start ? new TrainerCheckpoint(inputs.Get(start.Key), start.Sha256, start.Epoch)
            : null;
        if (checkpoint is null && job.Weights is null && PretrainedWeights.AskedBy(job.Config))
            return new BuiltRequest(null, Failure.Of(ErrorCodes.WeightsMissing, WeightsOfJobs.Missing(job.Framework, job.Model)), null);
        var request = Request(attempt, "train", job.TaskType, job.Model, dataset, job.Config, checkpoint, null);
        // A checkpoint has all weights.
        return new BuiltRequest(checkpoint is null && job.Weights is { } weights ? request with { Weights = inputs.Get(weights) } : request, null, checkpoint?.Epoch);
    }

    private async Task<BuiltRequest> BuildPredictionAsync(Attempt attempt, CancellationToken cancellation)
    {
        var prediction = await database.Predictions.AsNoTracking().SingleAsync(row => row.Id == attempt.SubjectId, cancellation);
        var dataset = await inputs.DatasetAsync(prediction.DatasetVersionId, cancellation);
        if (dataset is null)
            return new BuiltRequest(null, Failure.Of(ErrorCodes.DatasetVersionNotReady), null);
        var checkpoint = new TrainerCheckpoint(inputs.Get(prediction.CheckpointKey), prediction.CheckpointSha256, prediction.CheckpointEpoch);
        return new BuiltRequest(Request(attempt, "predict", prediction.TaskType, prediction.Model, dataset, prediction.Config, checkpoint, null), null, null);
    }

    private async Task<BuiltRequest> BuildExportAsync(Attempt attempt, CancellationToken cancellation)
    {
        var export = await database.Exports.AsNoTracking().SingleAsync(e => e.Id == attempt.SubjectId, cancellation);
        var version = await database.ModelVersions.AsNoTracking().SingleAsync(v => v.Id == export.ModelVersionId, cancellation);
        var job = await database.TrainingJobs.AsNoTracking().SingleAsync(j => j.Id == version.JobId, cancellation);
        var dataset = await inputs.DatasetAsync(job, attempt.SubjectId, cancellation);
        if (dataset is null)
            return new BuiltRequest(null, Failure.Of(ErrorCodes.DatasetVersionNotReady), null);
        var checkpoint = new TrainerCheckpoint(inputs.Get(version.CheckpointKey), version.CheckpointSha256, version.CheckpointEpoch);
        var wanted = new TrainerExport(export.Format, export.Options, new TrainerExportValidation(Tolerance: 1e-3));
        return new BuiltRequest(Request(attempt, "export", version.TaskType, version.Architecture, dataset, job.Config, checkpoint, wanted), null, null);
    }

    private TrainerJobRequest Request(
        Attempt attempt, string kind, TaskType task, string model, TrainerDataset dataset, IReadOnlyDictionary<string, JsonElement> config,
        TrainerCheckpoint? checkpoint, TrainerExport? export) => new(
            TrainerJobRequest.Version, attempt.SubjectId, attempt.Number, kind,
            new TrainerCallback(
                new Uri(settings.PublicUrl, $"api/v1/trainer/attempts/{attempt.Id}"), tokens.Mint(attempt.Id, time.GetUtcNow() + TokenLifetime),
                settings.Heartbeat.TotalSeconds, Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current.Id : null),
            JsonNamingPolicy.SnakeCaseLower.ConvertName(task.ToString()), model, dataset, config, checkpoint, export);
}
