using System.Text.Json;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Exports;

/// <summary>A model version converted to another format.</summary>
public sealed class Export
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }
    public required Guid ModelVersionId { get; init; }

    /// <summary>Name of the format in the trainer's capabilities, for example <c>onnx</c>.</summary>
    public required string Format { get; init; }
    public required Dictionary<string, JsonElement> Options { get; init; }
    public ExportState State { get; private set; } = ExportState.Pending;

    /// <summary>Key of the file in the internal bucket; null until the trainer has uploaded it.</summary>
    public string? Key { get; set; }
    public long? Size { get; set; }
    public string? Sha256 { get; set; }

    /// <summary>What a runtime needs to use the file: shapes, classes and preprocessing.</summary>
    public JsonElement? Metadata { get; set; }

    /// <summary>How the exported file compares with the checkpoint on the held-out images.</summary>
    public ExportValidation? Validation { get; set; }
    public Failure? Error { get; private set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>Moves forward. Returns false and changes nothing if the state is not later than the present one, or the export has ended.</summary>
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

/// <summary>How far an export is.</summary>
/// <remarks><c>pending → running → completed | failed | cancelled</c>.</remarks>
public enum ExportState
{
    /// <summary>It waits for a free slot of the trainer.</summary>
    Pending,

    /// <summary>The trainer converts the model and checks the result.</summary>
    Running,

    /// <summary>The file can be downloaded.</summary>
    Completed,

    /// <summary>It failed; <c>error</c> says why.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

/// <summary>How an exported file compares with the checkpoint on the held-out images.</summary>
/// <param name="Samples">Number of images compared.</param>
/// <param name="MaxAbsDiff">Largest absolute difference of any output before softmax.</param>
/// <param name="Tolerance">Largest difference that is allowed.</param>
/// <param name="Top1Agreement">Share of images for which both give the same class, from 0 to 1.</param>
/// <param name="Accuracy">Accuracy of the exported file, from 0 to 1.</param>
/// <param name="ReferenceAccuracy">Accuracy of the checkpoint, from 0 to 1.</param>
/// <param name="Passed">Whether the largest difference is within the tolerance.</param>
public sealed record ExportValidation(
    int Samples, double MaxAbsDiff, double Tolerance, double Top1Agreement, double Accuracy, double ReferenceAccuracy, bool Passed);
