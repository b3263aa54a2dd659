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

    /// <summary>What was measured of the exported file; null before it completes, and of a trainer that does not say.</summary>
    public ExportCertificate? Certificate { get; set; }

    /// <summary>Key of the package in the internal bucket: a zip with the file and what is needed to run it. Null until uploaded, and of a trainer that makes none.</summary>
    public string? PackageKey { get; set; }
    public long? PackageSize { get; set; }
    public string? PackageSha256 { get; set; }
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
/// <param name="MaxAbsDiff">Largest absolute difference of any output before softmax; of objects that of scores, and of coordinates in shares of the image's side.</param>
/// <param name="Tolerance">Largest difference that is allowed.</param>
/// <param name="Top1Agreement">Share of images for which both give the same class, from 0 to 1; null for tasks other than classification.</param>
/// <param name="Accuracy">Accuracy of the exported file, from 0 to 1; null for tasks other than classification.</param>
/// <param name="ReferenceAccuracy">Accuracy of the checkpoint, from 0 to 1; null for tasks other than classification.</param>
/// <param name="Passed">Whether the largest difference is within the tolerance.</param>
public sealed record ExportValidation(
    int Samples, double MaxAbsDiff, double Tolerance, double? Top1Agreement, double? Accuracy, double? ReferenceAccuracy, bool Passed);

/// <summary>What was measured of an exported file on held-out images of the dataset version.</summary>
/// <param name="Engine">Library that ran the file, with its version.</param>
/// <param name="Precision">Numbers that the file computes with: <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</param>
/// <param name="Split">Split of the images; <c>train</c> only when there are no held-out ones.</param>
/// <param name="Samples">Number of images.</param>
/// <param name="Metric">Primary metric of the task, for example <c>accuracy</c> or <c>mAP50-95</c>.</param>
/// <param name="Before">The metric of the checkpoint, with the pixels that the trainer decodes.</param>
/// <param name="After">The metric of the exported file, with the pixels that the second decoder decodes.</param>
/// <param name="Agreement">Share of images, pixels or objects for which both decide the same with the same pixels, from 0 to 1.</param>
/// <param name="MaxAbsDiff">Largest difference of any output with the same pixels; of objects that of scores, and of coordinates in shares of the image's side.</param>
/// <param name="Decoders">How the two decoders differ.</param>
/// <param name="Batches">Largest difference for each number of images at once.</param>
/// <param name="NotSquare">The same for images that are wide or high.</param>
/// <param name="NotMeasured">What was not measured, and why.</param>
public sealed record ExportCertificate(
    string Engine, string Precision, string Split, int Samples, string Metric, double Before, double After, double Agreement, double MaxAbsDiff,
    CertificateDecoders Decoders, IReadOnlyList<CertificateBatch> Batches, CertificateShapes NotSquare, IReadOnlyList<string> NotMeasured);

/// <summary>How much the pixels of two decoders differ, from 0 to 255.</summary>
/// <param name="First">Decoder of the trainer, with its version.</param>
/// <param name="Second">Another decoder with a resize of its own, with its version.</param>
/// <param name="Files">Number of files that both read.</param>
/// <param name="MeanPixelDiff">Mean difference.</param>
/// <param name="MaxPixelDiff">Largest difference.</param>
public sealed record CertificateDecoders(string First, string Second, int Files, double MeanPixelDiff, double MaxPixelDiff);

/// <summary>How the outputs for a number of images at once differ from the checkpoint's.</summary>
/// <param name="Size">Number of images.</param>
/// <param name="MaxAbsDiff">Largest difference of any output.</param>
public sealed record CertificateBatch(int Size, double MaxAbsDiff);

/// <summary>How the outputs for images that are not square differ from the checkpoint's.</summary>
/// <param name="Files">Number of images: halves of held-out ones.</param>
/// <param name="MaxAbsDiff">Largest difference of any output.</param>
/// <param name="MeanPixelDiff">Mean difference of the pixels of both decoders, from 0 to 255.</param>
public sealed record CertificateShapes(int Files, double MaxAbsDiff, double MeanPixelDiff);
