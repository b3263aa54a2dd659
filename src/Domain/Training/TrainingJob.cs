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

/// <summary>What an attempt works on.</summary>
public enum AttemptKind
{
    Train,
    Export,
}

/// <summary>One try of a job or an export on one trainer; its id is the subject of the trainer's token.</summary>
public sealed class Attempt
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required AttemptKind Kind { get; init; }

    /// <summary>Training job or export, by <see cref="Kind"/>.</summary>
    public required Guid SubjectId { get; init; }

    /// <summary>1, 2, 3 … within the subject.</summary>
    public required int Number { get; init; }

    /// <summary>Framework of the trainer it needs.</summary>
    public required string Trainer { get; init; }
    public AttemptState State { get; private set; } = AttemptState.Waiting;

    /// <summary>Highest event sequence number taken; what is not above it is a repetition.</summary>
    public long LastSequence { get; set; }
    public DateTimeOffset? LastHeartbeatAt { get; set; }
    public int? ResumedFromEpoch { get; set; }
    public Failure? Error { get; private set; }

    /// <summary>What the trainer gave with "completed".</summary>
    public JsonElement? Result { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }

    /// <summary>Forward only; false, and nothing changed, otherwise.</summary>
    public bool MoveTo(AttemptState state, DateTimeOffset now, Failure? error = null)
    {
        if (State.IsTerminal() || state <= State)
            return false;
        State = state;
        if (state is AttemptState.Starting or AttemptState.Running)
            StartedAt ??= now;
        if (state.IsTerminal())
        {
            EndedAt = now;
            Error = error;
        }

        return true;
    }
}

/// <summary>A trainer's slot held by an attempt.</summary>
public sealed class TrainerLease
{
    public required Guid AttemptId { get; init; }
    public required string Trainer { get; init; }
    public required DateTimeOffset AcquiredAt { get; init; }

    /// <summary>Renewed by callbacks; a lease past it counts no longer.</summary>
    public required DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>A checkpoint in the internal bucket.</summary>
public sealed class Checkpoint
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid JobId { get; init; }
    public required int Attempt { get; init; }
    public required int Epoch { get; init; }
    public required string Name { get; init; }
    public required string Key { get; init; }
    public required long Size { get; init; }
    public required string Sha256 { get; init; }

    /// <summary>The best by the primary metric when it was written.</summary>
    public required bool Best { get; init; }
    public required Dictionary<string, double> Metrics { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Metrics of one epoch; one row per attempt and epoch.</summary>
public sealed class EpochMetrics
{
    public required Guid JobId { get; init; }
    public required int Attempt { get; init; }
    public required int Epoch { get; init; }
    public required Dictionary<string, double> Metrics { get; init; }
    public double? EpochSeconds { get; init; }
    public required DateTimeOffset Time { get; init; }
}

/// <summary>Evaluation on a split after an epoch; one row per attempt, epoch and split.</summary>
public sealed class ValidationResult
{
    public required Guid JobId { get; init; }
    public required int Attempt { get; init; }
    public required int Epoch { get; init; }
    public required Split Split { get; init; }
    public required Dictionary<string, double> Metrics { get; init; }
    public required List<string> Classes { get; init; }

    /// <summary>Rows are true classes, columns predicted ones.</summary>
    public required List<List<int>> ConfusionMatrix { get; init; }
    public required List<ClassMetrics> PerClass { get; init; }
    public required DateTimeOffset Time { get; init; }
}

/// <summary>Quality of one class.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Precision">Share of the images predicted as this class that belong to it, from 0 to 1.</param>
/// <param name="Recall">Share of the images of this class that were recognized, from 0 to 1.</param>
/// <param name="F1">Harmonic mean of precision and recall, from 0 to 1.</param>
/// <param name="Support">Number of images of this class.</param>
public sealed record ClassMetrics(string Class, double Precision, double Recall, double F1, int Support);

/// <summary>One entry of a job's stream; ids rise within a job, so a reader resumes after the last it saw.</summary>
public sealed class JobEvent
{
    public long Id { get; init; }
    public required Guid JobId { get; init; }

    /// <summary>state, attempt, metrics, validation, checkpoint or log.</summary>
    public required string Type { get; init; }
    public required JsonElement Data { get; init; }
    public required DateTimeOffset Time { get; init; }
}
