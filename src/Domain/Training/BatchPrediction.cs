using System.Text.Json;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Training;

/// <summary>How far a prediction is.</summary>
public enum PredictionState
{
    /// <summary>It waits for a free slot of the trainer.</summary>
    Pending,

    /// <summary>A trainer is working on it.</summary>
    Running,

    /// <summary>Its file is stored.</summary>
    Completed,

    /// <summary>It failed; <c>error</c> says why.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>What a checkpoint says about every image of a dataset version. The row is the truth about it.</summary>
public sealed class BatchPrediction
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }

    /// <summary>The training job that made the checkpoint.</summary>
    public required Guid JobId { get; init; }

    /// <summary>The model version whose checkpoint it is; null for a checkpoint of a job.</summary>
    public Guid? ModelVersionId { get; init; }
    public required string CheckpointKey { get; init; }
    public required string CheckpointSha256 { get; init; }
    public required int CheckpointEpoch { get; init; }
    public required Guid DatasetVersionId { get; init; }
    public required string Framework { get; init; }
    public required string Model { get; init; }
    public required TaskType TaskType { get; init; }

    /// <summary>Values for the trainer: those of the job that shape the model's input, <c>minConfidence</c>, <c>split</c> and <c>measure</c>.</summary>
    public required Dictionary<string, JsonElement> Config { get; init; }
    public PredictionState State { get; private set; } = PredictionState.Pending;
    public bool CancelRequested { get; set; }

    /// <summary>Key of the file in the internal bucket: what the trainer reported, and after the end a copy that no URL can write.</summary>
    public string? Key { get; set; }
    public long? Size { get; set; }
    public string? Sha256 { get; set; }

    /// <summary>Number of images in the file.</summary>
    public int? Images { get; set; }

    /// <summary>How well the answers agree with the annotations of the dataset version; null when that was not asked for, or not yet measured.</summary>
    public CheckpointMeasures? Measured { get; set; }

    /// <summary>How many images came out how; null until completed, and of predictions from before images were listed.</summary>
    public PredictionOutcomes? Outcomes { get; set; }

    /// <summary>Whether the answers are compared with annotations of the model's classes.</summary>
    public bool IsMeasured => Config.TryGetValue("measure", out var measure) && measure.ValueKind == JsonValueKind.True;
    public Failure? Error { get; private set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>Moves forward; returns false and changes nothing when it has ended or would go back.</summary>
    public bool MoveTo(PredictionState state, DateTimeOffset now, Failure? error = null)
    {
        if (State >= PredictionState.Completed || state <= State)
            return false;
        State = state;
        if (state >= PredictionState.Completed)
            (CompletedAt, Error) = (now, error);
        return true;
    }
}
