using System.Text.Json;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Training;

/// <summary>One training run; the row is the truth about it, written by callbacks and the orchestration's activities.</summary>
public sealed class TrainingJob
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }
    public required Guid DatasetVersionId { get; init; }
    public required string Name { get; set; }
    public required string Framework { get; init; }
    public required string Model { get; init; }
    public required TaskType TaskType { get; init; }

    /// <summary>As the trainer's config schema wants it.</summary>
    public required Dictionary<string, JsonElement> Config { get; init; }

    /// <summary>The job's own split; null takes the dataset version's.</summary>
    public SplitSettings? Split { get; init; }
    public JobState State { get; private set; } = JobState.Pending;
    public bool CancelRequested { get; set; }
    public int CurrentEpoch { get; set; }
    public int? TotalEpochs { get; set; }

    /// <summary>Seconds to go, as the trainer estimates.</summary>
    public double? EtaSeconds { get; set; }
    public Dictionary<string, double>? LatestMetrics { get; set; }
    public Dictionary<string, double>? FinalMetrics { get; set; }
    public Dictionary<string, double>? BestMetrics { get; set; }
    public int? BestEpoch { get; set; }
    public Failure? Error { get; private set; }
    public Guid? ModelVersionId { get; set; }
    public Guid? ModelId { get; set; }

    /// <summary>The finished job this one repeats.</summary>
    public Guid? RestartedFrom { get; init; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? QueuedAt { get; private set; }
    public DateTimeOffset? StartedAt { get; private set; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>Moves on if the state machine allows it; false, and nothing changed, if it does not (a late or repeated report).</summary>
    public bool MoveTo(JobState state, DateTimeOffset now, Failure? error = null)
    {
        if (!State.CanMoveTo(state))
            return false;
        State = state;
        switch (state)
        {
            case JobState.Queued: QueuedAt = now; break;
            case JobState.Running: StartedAt ??= now; break;
            case JobState.Completed or JobState.Cancelled or JobState.Failed:
                CompletedAt = now;
                EtaSeconds = null;
                Error = error;
                break;
        }

        return true;
    }
}
