using System.Text.Json;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Exports;

/// <summary>A model version converted to a format that others run.</summary>
public sealed class Export
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }
    public required Guid ModelVersionId { get; init; }

    /// <summary>onnx, torchscript …, as the trainer's capabilities name it.</summary>
    public required string Format { get; init; }
    public required Dictionary<string, JsonElement> Options { get; init; }
    public ExportState State { get; private set; } = ExportState.Pending;

    /// <summary>Object key in the internal bucket, once completed.</summary>
    public string? Key { get; set; }
    public long? Size { get; set; }
    public string? Sha256 { get; set; }

    /// <summary>Shapes, classes, preprocessing: what a runtime needs to use the file.</summary>
    public JsonElement? Metadata { get; set; }

    /// <summary>How the exported file compares with the checkpoint on the held-out images.</summary>
    public ExportValidation? Validation { get; set; }
    public Failure? Error { get; private set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>Forward only; false, and nothing changed, otherwise.</summary>
    public bool MoveTo(ExportState state, DateTimeOffset now, Failure? error = null)
    {
        if (State >= ExportState.Completed || state <= State)
            return false;
        State = state;
        if (state >= ExportState.Completed)
        {
            CompletedAt = now;
            Error = error;
        }

        return true;
    }
}

/// <summary><c>pending → running → completed | failed | cancelled</c>.</summary>
public enum ExportState
{
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
}

/// <param name="Samples">Held-out images compared.</param>
/// <param name="MaxAbsDiff">Largest difference of any logit.</param>
/// <param name="Tolerance">What was allowed.</param>
/// <param name="Top1Agreement">Share of images both call the same, 0…1.</param>
/// <param name="Accuracy">Of the exported file, 0…1.</param>
/// <param name="ReferenceAccuracy">Of the checkpoint, 0…1.</param>
/// <param name="Passed">Within tolerance.</param>
public sealed record ExportValidation(
    int Samples, double MaxAbsDiff, double Tolerance, double Top1Agreement, double Accuracy, double ReferenceAccuracy, bool Passed);
