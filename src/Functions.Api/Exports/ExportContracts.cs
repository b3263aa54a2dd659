using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using VisionPlatform.Api.Training;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Api.Exports;

/// <summary>Exports to create.</summary>
/// <param name="ModelVersionId">Model version to export.</param>
/// <param name="Formats">Formats to export to, as the trainer's capabilities name them, for example <c>onnx</c> and <c>torchscript</c>.</param>
/// <param name="Options">Options by format, for example <c>{"onnx": {"opset": 13}}</c>. The trainer's capabilities list the options of each format.</param>
public sealed record NewExports(
    [property: Required] Guid? ModelVersionId,
    [property: Required, MinLength(1), MaxLength(10)] IReadOnlyList<string>? Formats,
    Dictionary<string, Dictionary<string, JsonElement>>? Options);

/// <summary>A model version converted to another format.</summary>
/// <param name="ModelVersionId">Model version that was exported.</param>
/// <param name="Format">Format, as the trainer's capabilities name it.</param>
/// <param name="Options">Requested options by name.</param>
/// <param name="State">How far the export is.</param>
/// <param name="Size">Size of the file in bytes; null until completed.</param>
/// <param name="Sha256">SHA-256 of the file; null until completed.</param>
/// <param name="Metadata">What a runtime needs to use the file: shapes, classes and preprocessing, as a JSON object. Null until completed.</param>
/// <param name="Validation">How the exported file compares with the checkpoint; null until completed.</param>
/// <param name="Certificate">What was measured of the exported file; null until completed, and when the trainer does not say.</param>
/// <param name="PackageSize">Size of the package in bytes; null until completed, and when the trainer makes none.</param>
/// <param name="PackageSha256">SHA-256 of the package; null until completed, and when the trainer makes none.</param>
/// <param name="Error">Why the export failed; null otherwise.</param>
/// <param name="CompletedAt">When the export ended; null before.</param>
public sealed record ExportAnswer(
    Guid Id, Guid ModelVersionId, string Format, IReadOnlyDictionary<string, JsonElement> Options, ExportState State, long? Size, string? Sha256,
    JsonElement? Metadata, ExportValidation? Validation, ExportCertificate? Certificate, long? PackageSize, string? PackageSha256, FailureAnswer? Error, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt)
{
    public static ExportAnswer Of(Export export) => new(
        export.Id, export.ModelVersionId, export.Format, export.Options, export.State, export.Size, export.Sha256, export.Metadata, export.Validation,
        export.Certificate, export.PackageSize, export.PackageSha256, FailureAnswer.Of(export.Error), export.CreatedAt, export.CompletedAt);
}

/// <summary>Whether models of a task can be exported to a format with a precision.</summary>
/// <param name="Framework">Trainer that trained the model, and exports it.</param>
/// <param name="Format">Format to use in <c>formats</c> of an export.</param>
/// <param name="TaskType">Task of the model.</param>
/// <param name="Precision">Numbers that the file computes with: <c>fp32</c>, <c>fp16</c> or <c>int8</c>.</param>
/// <param name="Available">Whether it is possible on the machine of the trainer.</param>
/// <param name="Reason">Why it is not possible, for example that it needs an NVIDIA GPU; null when it is.</param>
public sealed record ExportPossibilityAnswer(string Framework, string Format, string TaskType, string Precision, bool Available, string? Reason)
{
    public static ExportPossibilityAnswer Of(string framework, TrainerExportPossibility row) =>
        new(framework, row.Format, row.TaskType, row.Precision, row.Available, row.Reason);
}

/// <summary>Exports that were started.</summary>
/// <param name="Items">One export for each format.</param>
/// <param name="OrchestrationId">Id of the durable orchestration that makes them, for operators.</param>
public sealed record StartedExports(IReadOnlyList<ExportAnswer> Items, string OrchestrationId);

/// <summary>Where to download a file.</summary>
/// <param name="Url">Presigned address of the file.</param>
/// <param name="ExpiresAt">When the address stops working.</param>
public sealed record Download(Uri Url, DateTimeOffset ExpiresAt);
