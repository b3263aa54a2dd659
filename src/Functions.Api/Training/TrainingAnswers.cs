using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Api.Training;

/// <summary>A training job as asked for.</summary>
/// <param name="Name">Also the name of the model it adds a version to; the model and dataset names when absent.</param>
/// <param name="Config">Values of the trainer's config schema.</param>
/// <param name="Split">The job's own split; absent: the dataset version's.</param>
public sealed record NewTrainingJob(
    [property: Required] Guid? ProjectId,
    [property: Required] Guid? DatasetVersionId,
    [property: Required, StringLength(100, MinimumLength = 1)] string? Framework,
    [property: Required, StringLength(100, MinimumLength = 1)] string? Model,
    [property: StringLength(200, MinimumLength = 1)] string? Name,
    Dictionary<string, JsonElement>? Config,
    SplitSettings? Split);

/// <summary>A training job with its attempts.</summary>
public sealed record TrainingJobAnswer(
    Guid Id, Guid ProjectId, Guid DatasetVersionId, string Name, string Framework, string Model, TaskType TaskType,
    IReadOnlyDictionary<string, JsonElement> Config, JobState State, int CurrentEpoch, int? TotalEpochs, double? EtaSeconds,
    IReadOnlyDictionary<string, double>? LatestMetrics, IReadOnlyDictionary<string, double>? FinalMetrics,
    IReadOnlyDictionary<string, double>? BestMetrics, int? BestEpoch, FailureAnswer? Error, IReadOnlyList<AttemptAnswer> Attempts,
    Guid? ModelId, Guid? ModelVersionId, Guid? RestartedFrom, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt)
{
    public static TrainingJobAnswer From(TrainingJob job, IEnumerable<Attempt> attempts) => new(
        job.Id, job.ProjectId, job.DatasetVersionId, job.Name, job.Framework, job.Model, job.TaskType, job.Config, job.State, job.CurrentEpoch,
        job.TotalEpochs, job.EtaSeconds, job.LatestMetrics, job.FinalMetrics, job.BestMetrics, job.BestEpoch, FailureAnswer.From(job.Error),
        [.. attempts.OrderBy(attempt => attempt.Number).Select(AttemptAnswer.From)],
        job.ModelId, job.ModelVersionId, job.RestartedFrom, job.CreatedAt, job.StartedAt, job.CompletedAt);
}

public sealed record AttemptAnswer(
    int Number, AttemptState State, string Trainer, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, int? ResumedFromEpoch, FailureAnswer? Error)
{
    public static AttemptAnswer From(Attempt attempt) => new(
        attempt.Number, attempt.State, attempt.Trainer, attempt.StartedAt, attempt.EndedAt, attempt.ResumedFromEpoch, FailureAnswer.From(attempt.Error));
}

/// <summary>Why something failed and what to do.</summary>
public sealed record FailureAnswer(string Code, ErrorCategory Category, string Message, string SuggestedAction)
{
    public static FailureAnswer? From(Failure? failure) =>
        failure is null ? null : new FailureAnswer(failure.Code, failure.Category, failure.Message, failure.SuggestedAction);
}

public sealed record EpochMetricsAnswer(int Attempt, int Epoch, IReadOnlyDictionary<string, double> Metrics, double? EpochSeconds, DateTimeOffset Time);

public sealed record CheckpointAnswer(
    int Attempt, int Epoch, string Name, bool Best, long Size, string Sha256, IReadOnlyDictionary<string, double> Metrics, Uri Url, DateTimeOffset CreatedAt);

/// <param name="Id">Rises within the job; pass it as <c>after</c> to go on from here.</param>
public sealed record LogLine(long Id, int Attempt, string Level, string Message, string Source, DateTimeOffset Time);

public sealed record JobEventAnswer(long Id, string Type, JsonElement Data, DateTimeOffset Time);

/// <summary>Rows after a position, oldest first; <see cref="NextCursor"/> is the position after the last one, null when there is none yet.</summary>
public sealed record Tail<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <param name="State">online or offline.</param>
/// <param name="Capabilities">As the trainer gave them, the last known while it is offline.</param>
public sealed record TrainerAnswer(string Framework, string State, TrainerCapabilities? Capabilities);
