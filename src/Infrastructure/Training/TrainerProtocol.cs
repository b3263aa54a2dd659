using System.Text.Json;
using System.Text.Json.Serialization;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Infrastructure.Training;

/// <summary>POST /v1/jobs of the trainer protocol (trainers/protocol.md).</summary>
public sealed record TrainerJobRequest(
    string Protocol, Guid JobId, int Attempt, string Kind, TrainerCallback Callback, string TaskType, string Model,
    TrainerDataset? Dataset, IReadOnlyDictionary<string, JsonElement> Config, TrainerCheckpoint? Checkpoint, TrainerExport? Export);

/// <param name="Url">Base of the attempt's callbacks.</param>
/// <param name="Token">Good for this attempt alone.</param>
public sealed record TrainerCallback(Uri Url, string Token, double HeartbeatSeconds);

public sealed record TrainerDataset(Uri ManifestUrl, string ManifestSha256, IReadOnlyList<string> Classes);

public sealed record TrainerCheckpoint(Uri Url, string Sha256, int Epoch);

public sealed record TrainerExport(string Format, IReadOnlyDictionary<string, JsonElement> Options, TrainerExportValidation Validation);

public sealed record TrainerExportValidation(double Tolerance);

/// <summary>One line of the manifest a trainer gets: an image and where to fetch it.</summary>
public sealed record TrainerManifestLine(
    string Path, string Url, long Size, string Sha256, int Width, int Height, string? Class, string Split);

/// <summary>A problem answer of a trainer.</summary>
public sealed record TrainerProblem(string? Code, string? Message, string? Field, int? Index);

/// <summary>POST /v1/predict: which model, and images as base64.</summary>
public sealed record TrainerPredictRequest(TrainerServedModel Model, IReadOnlyList<string> Images, int TopK);

public sealed record TrainerServedModel(Guid Id, string Format, Uri Url, string Sha256, JsonElement? Metadata);

public sealed record TrainerPredictReply(IReadOnlyList<Prediction> Predictions, double InferenceMs);

/// <summary>What a model says about one image.</summary>
/// <param name="Confidence">Softmax probability of the class, 0…1.</param>
/// <param name="Top">The most likely classes, best first.</param>
public sealed record Prediction(int Index, string Class, double Confidence, IReadOnlyList<ClassConfidence> Top);

public sealed record ClassConfidence(string Class, double Confidence);

/// <summary>A batch of events of one attempt. Fields this platform does not know are a newer trainer's and are skipped.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptEventBatch(IReadOnlyList<AttemptEvent> Events);

/// <summary>One event; the fields used depend on <see cref="Type"/> (trainers/protocol.md).</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptEvent
{
    /// <summary>1, 2, 3 … within the attempt.</summary>
    public required long Seq { get; init; }
    public required DateTimeOffset Time { get; init; }
    public required string Type { get; init; }
    public int? Epoch { get; init; }
    public int? TotalEpochs { get; init; }
    public Dictionary<string, double>? Metrics { get; init; }
    public double? EpochSeconds { get; init; }
    public double? EtaSeconds { get; init; }
    public string? Level { get; init; }
    public string? Message { get; init; }
    public string? Source { get; init; }
    public string? Device { get; init; }
    public string? Split { get; init; }
    public List<string>? Classes { get; init; }
    public List<List<int>>? ConfusionMatrix { get; init; }
    public List<ClassMetrics>? PerClass { get; init; }
    public string? Name { get; init; }
    public bool? Best { get; init; }
    public string? Key { get; init; }
    public long? Size { get; init; }
    public string? Sha256 { get; init; }
    public int? BestEpoch { get; init; }
    public Dictionary<string, double>? FinalMetrics { get; init; }
    public Dictionary<string, double>? BestMetrics { get; init; }
    public JsonElement? Result { get; init; }
    public string? Code { get; init; }
    public string? Category { get; init; }
}

/// <param name="Accepted">Highest sequence number taken.</param>
/// <param name="Cancel">The trainer should stop.</param>
public sealed record AttemptEventReply(long Accepted, bool Cancel);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptUploadRequest(string Name, string Kind, long Size, string Sha256, string? ContentType);

/// <summary>Where to put an artifact: one PUT, or parts of equal size.</summary>
public sealed record AttemptUpload(
    string Key, string Method,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Uri? Url,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Headers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? UploadId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? PartSize,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<AttemptUploadPart>? Parts);

public sealed record AttemptUploadPart(int Number, Uri Url);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptUploadCompletion(string Key, string UploadId, IReadOnlyList<AttemptUploadedPart> Parts);

[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptUploadedPart(int Number, string Etag);
