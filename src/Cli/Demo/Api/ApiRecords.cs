using System.Text.Json;

namespace VisionPlatform.Cli.Demo.Api;

internal sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

internal sealed record User(string Id, string Email, string? FullName, string Role);

internal sealed record Session(
    string AccessToken,
    int ExpiresIn,
    string RefreshToken,
    bool MustChangePassword,
    User User);

internal sealed record Project(string Id, string Name);

internal sealed record ClassCount(string Name, int ImageCount);

internal sealed record Dataset(string Id, string Name, int ImageCount, long SizeBytes, IReadOnlyList<ClassCount> Classes);

/// <summary>One file to upload: path relative to the dataset ("3/digit_0001.png"), size in bytes.</summary>
internal sealed record UploadRequest(string Path, long Size, string ContentType);

/// <summary>Where and how to PUT one file. The signature covers exactly these headers.</summary>
internal sealed record UploadTicket(string UploadId, string Path, string Url, IReadOnlyDictionary<string, string> Headers);

internal sealed record UploadTickets(IReadOnlyList<UploadTicket> Uploads, IReadOnlyList<string>? Skipped);

internal sealed record CompletedUpload(string UploadId);

internal sealed record FailedUpload(string UploadId, string? Path, string Code, string? Detail, string? SuggestedAction);

internal sealed record UploadsCompleted(IReadOnlyList<CompletedUpload> Completed, IReadOnlyList<FailedUpload> Failed);

internal sealed record SplitCounts(int Train, int Val, int Test);

internal sealed record DatasetVersion(
    string Id,
    string DatasetId,
    int Number,
    string? Hash,
    string State,
    int ImageCount,
    long SizeBytes,
    IReadOnlyList<ClassCount>? Classes,
    SplitCounts? Splits);

internal sealed record VersionImage(string Path, string Class, string Split);

internal sealed record TrainerModel(string Name, string? DisplayName, string? Description, long? Parameters, int? DefaultImageSize);

internal sealed record ExportFormat(string Format);

internal sealed record Device(string Type, string? Name);

internal sealed record TrainerCapabilities(
    string? Version,
    IReadOnlyList<string>? TaskTypes,
    IReadOnlyList<TrainerModel>? Models,
    IReadOnlyList<ExportFormat>? ExportFormats,
    IReadOnlyList<Device>? Devices,
    int? Slots);

internal sealed record Trainer(string Framework, string State, TrainerCapabilities? Capabilities);

internal sealed record OperationError(string? Code, string? Category, string? Message, string? Detail, string? SuggestedAction)
{
    public string Describe() => $"{Code ?? "FAILED"}: {Message ?? Detail ?? "no reason was given"}{(SuggestedAction is null ? "" : " " + SuggestedAction)}";
}

internal sealed record JobAttempt(int Number, string State, string? Trainer, int? ResumedFromEpoch);

internal sealed record TrainingJob(
    string Id,
    string State,
    int? CurrentEpoch,
    int? TotalEpochs,
    IReadOnlyDictionary<string, JsonElement>? FinalMetrics,
    IReadOnlyDictionary<string, JsonElement>? BestMetrics,
    int? BestEpoch,
    OperationError? Error,
    IReadOnlyList<JobAttempt>? Attempts,
    string? ModelId,
    string? ModelVersionId)
{
    public bool Ended => State is "completed" or "failed" or "cancelled";
}

internal sealed record Checkpoint(
    int Attempt,
    int Epoch,
    string Name,
    bool Best,
    long Size,
    string? Sha256,
    IReadOnlyDictionary<string, JsonElement>? Metrics);

internal sealed record ClassScores(string Class, double Precision, double Recall, double F1, int Support);

internal sealed record ModelVersion(
    string Id,
    string ModelId,
    int Number,
    string Architecture,
    IReadOnlyList<string> Classes,
    IReadOnlyDictionary<string, JsonElement>? Metrics,
    int[][]? ConfusionMatrix,
    IReadOnlyList<ClassScores>? PerClass);

internal sealed record ExportValidation(
    int Samples,
    double? MaxAbsDiff,
    double? Tolerance,
    double? Top1Agreement,
    double? Accuracy,
    double? ReferenceAccuracy,
    bool Passed);

internal sealed record ModelExport(string Id, string Format, string State, long? Size, ExportValidation? Validation, OperationError? Error)
{
    public bool Ended => State is "completed" or "failed" or "cancelled";
}

internal sealed record Exports(IReadOnlyList<ModelExport> Items);

internal sealed record Deployment(string Id, string Name, string State, string? ApiKey, OperationError? Error);

internal sealed record Prediction(string Class, double Confidence);

internal sealed record InferenceResult(IReadOnlyList<Prediction> Predictions, double? InferenceMs);
