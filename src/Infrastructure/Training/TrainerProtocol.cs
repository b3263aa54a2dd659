using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Infrastructure.Training;

/// <summary>A job for a trainer: POST /v1/jobs of the trainer protocol (trainers/protocol.md).</summary>
/// <param name="Protocol">Version of the protocol.</param>
/// <param name="JobId">Id of the training job or export.</param>
/// <param name="Attempt">Number of the attempt, from 1.</param>
/// <param name="Kind">What to do: <c>train</c>, <c>evaluate</c> or <c>export</c>.</param>
/// <param name="Callback">Where to report.</param>
/// <param name="TaskType">The task, for example <c>image_classification</c>.</param>
/// <param name="Model">Name of the model architecture.</param>
/// <param name="Dataset">The images; null if the kind needs none.</param>
/// <param name="Config">Values by field of the trainer's configuration schema.</param>
/// <param name="Checkpoint">Where to go on from, or what to evaluate or export; null when a training begins anew.</param>
/// <param name="Export">What to export; null for other kinds.</param>
public sealed record TrainerJobRequest(
    string Protocol, Guid JobId, int Attempt, string Kind, TrainerCallback Callback, string TaskType, string Model,
    TrainerDataset? Dataset, IReadOnlyDictionary<string, JsonElement> Config, TrainerCheckpoint? Checkpoint, TrainerExport? Export)
{
    /// <summary>Version of the protocol that the platform speaks.</summary>
    public const string Version = "2";

    /// <summary>Pretrained weights to begin with; only for a training that asks for them and has no checkpoint.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public TrainerWeights? Weights { get; init; }
}

/// <summary>Pretrained weights to begin with.</summary>
/// <param name="Url">Presigned address.</param>
/// <param name="Sha256">SHA-256 of the file in hexadecimal.</param>
public sealed record TrainerWeights(Uri Url, string Sha256);

/// <summary>Where a trainer reports.</summary>
/// <param name="Url">Base of the attempt's callbacks.</param>
/// <param name="Token">Bearer token that is valid for this attempt only.</param>
/// <param name="HeartbeatSeconds">How often to report at least, in seconds.</param>
/// <param name="Traceparent">Trace context of the job (https://www.w3.org/TR/trace-context/), which the trainer sends with each callback as the header of that name; null when there is none.</param>
public sealed record TrainerCallback(
    Uri Url, string Token, double HeartbeatSeconds, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Traceparent = null);

/// <summary>The images of a job.</summary>
/// <param name="ManifestUrl">Presigned address of the manifest, a gzip file with one JSON line per image.</param>
/// <param name="ManifestSha256">SHA-256 of its lines without the keys.</param>
/// <param name="Classes">Class names in the order of the model's outputs.</param>
/// <param name="MaxImagePixels">Width × height that an image may have; images of earlier times may have more.</param>
public sealed record TrainerDataset(Uri ManifestUrl, string ManifestSha256, IReadOnlyList<string> Classes, long MaxImagePixels)
{
    /// <summary>Keypoints of each object; only for keypoint detection.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public KeypointList? Keypoints { get; init; }
}

/// <summary>A checkpoint to load.</summary>
/// <param name="Url">Presigned address.</param>
/// <param name="Sha256">SHA-256 of the file in hexadecimal.</param>
/// <param name="Epoch">Epoch after which it was written.</param>
public sealed record TrainerCheckpoint(Uri Url, string Sha256, int Epoch);

/// <summary>A file to make of a checkpoint.</summary>
/// <param name="Format">Format of the file, for example <c>onnx</c>.</param>
/// <param name="Options">Options of the format by name.</param>
/// <param name="Validation">How the file is compared with the checkpoint.</param>
public sealed record TrainerExport(string Format, IReadOnlyDictionary<string, JsonElement> Options, TrainerExportValidation Validation);

/// <summary>How an exported file is compared with its checkpoint.</summary>
/// <param name="Tolerance">Largest difference of any logit.</param>
public sealed record TrainerExportValidation(double Tolerance);

/// <summary>A problem answer of a trainer.</summary>
public sealed record TrainerProblem(string? Code, string? Message, string? Field, int? Index);

/// <summary>POST /v1/predict: a model, and image files in base64. Without images the trainer only loads the model.</summary>
public sealed record TrainerPredictRequest(TrainerServedModel Model, IReadOnlyList<string> Images, int TopK);

public sealed record TrainerServedModel(Guid Id, string Format, Uri Url, string Sha256, JsonElement? Metadata);

public sealed record TrainerPredictReply(IReadOnlyList<Prediction> Predictions, double InferenceMs);

/// <summary>What a model says about one image.</summary>
/// <param name="Index">Index of the most likely class in the model's list of classes, from 0. Present only for classification.</param>
/// <param name="Class">Most likely class. Present only for classification.</param>
/// <param name="Confidence">Probability of that class (softmax), from 0 to 1. Present only for classification.</param>
/// <param name="Top">The most likely classes, best first. Present only for classification.</param>
/// <param name="Objects">Objects in the image, most certain first. Present only for other tasks than classification.</param>
/// <param name="Error">Why there is no prediction for this image. Present only then.</param>
public sealed record Prediction(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? Index,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Class,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Confidence,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<ClassConfidence>? Top,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<PredictedObject>? Objects = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PredictionError? Error = null)
{
    /// <summary>The prediction for an image that has none.</summary>
    public static Prediction Failed(ErrorCode error, string message) => new(null, null, null, null, null, new PredictionError(error.Code, error.Category, message));
}

/// <summary>An object that a model found. Coordinates are pixels of the upright image from its top left corner.</summary>
/// <param name="Class">Class of the object.</param>
/// <param name="Score">How certain the model is, from 0 to 1.</param>
/// <param name="Box">Left, top, width and height of the box.</param>
/// <param name="Rle">Mask of the object. Present only for segmentation.</param>
/// <param name="Keypoints">X, y and score of each keypoint. Present only for keypoint detection.</param>
public sealed record PredictedObject(
    string Class, double Score, IReadOnlyList<double> Box,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] PredictedMask? Rle = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<IReadOnlyList<double>>? Keypoints = null);

/// <summary>A mask over the whole image as COCO writes it.</summary>
/// <param name="Size">Height and width of the image.</param>
/// <param name="Counts">Compressed lengths of runs, column by column.</param>
public sealed record PredictedMask(IReadOnlyList<int> Size, string Counts);

/// <summary>Why there is no prediction for an image.</summary>
/// <param name="Code">Stable name of the failure, for example <c>INVALID_IMAGE</c>.</param>
/// <param name="Category">Who can solve the problem.</param>
/// <param name="Message">What is wrong with the image.</param>
public sealed record PredictionError(string Code, ErrorCategory Category, string Message);

/// <summary>A class and its probability.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Confidence">Probability (softmax), from 0 to 1.</param>
public sealed record ClassConfidence(string Class, double Confidence);

/// <summary>Events of one attempt. Unknown fields come from newer trainers and are ignored.</summary>
/// <param name="Events">Events in the order of their sequence numbers.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptEventBatch(IReadOnlyList<AttemptEvent> Events);

/// <summary>An event of an attempt. Which fields it has depends on its type; trainers/protocol.md describes each.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptEvent
{
    /// <summary>Sequence number within the attempt: 1, 2, 3 and so on.</summary>
    public required long Seq { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Kind of event: <c>started</c>, <c>heartbeat</c>, <c>log</c>, <c>metrics</c>, <c>validation</c>, <c>checkpoint</c>, <c>artifact</c>, <c>completed</c> or <c>failed</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Number of the epoch, from 1.</summary>
    public int? Epoch { get; init; }

    /// <summary>Total number of epochs.</summary>
    public int? TotalEpochs { get; init; }

    /// <summary>Values by name, for example <c>loss</c> and <c>accuracy</c>. One that is no finite number is the text <c>NaN</c>, <c>Infinity</c> or <c>-Infinity</c>.</summary>
    [JsonNumberHandling(JsonNumberHandling.AllowNamedFloatingPointLiterals)]
    public Dictionary<string, double>? Metrics { get; init; }

    /// <summary>Duration of the epoch in seconds.</summary>
    public double? EpochSeconds { get; init; }

    /// <summary>Estimated seconds until the training ends.</summary>
    public double? EtaSeconds { get; init; }

    /// <summary>Level of a log line: <c>debug</c>, <c>info</c>, <c>warning</c> or <c>error</c>.</summary>
    public string? Level { get; init; }

    /// <summary>Text of a log line, or what went wrong.</summary>
    public string? Message { get; init; }

    /// <summary>What wrote a log line; <c>trainer</c> when left out.</summary>
    public string? Source { get; init; }

    /// <summary>Processor that the job runs on, for example <c>cuda:0</c>.</summary>
    public string? Device { get; init; }

    /// <summary>Split that was measured: <c>val</c> or <c>test</c>; for a prediction also <c>train</c> or <c>all</c>.</summary>
    public string? Split { get; init; }

    /// <summary>Classes in the order of the model's outputs.</summary>
    public List<string>? Classes { get; init; }

    /// <summary>Number of images, objects or pixels by true class (rows) and predicted class (columns); it may have a last row and column for the background.</summary>
    public List<List<long>>? ConfusionMatrix { get; init; }

    /// <summary>Quality of each class.</summary>
    public List<ReportedClass>? PerClass { get; init; }

    /// <summary>Precision over recall of each class with objects.</summary>
    public List<ReportedCurve>? PrPoints { get; init; }

    /// <summary>Name of a checkpoint or artifact.</summary>
    public string? Name { get; init; }

    /// <summary>What an artifact is: <c>model</c>, which it also is when left out, or <c>package</c>.</summary>
    public string? Kind { get; init; }

    /// <summary>Whether a checkpoint is the best so far.</summary>
    public bool? Best { get; init; }

    /// <summary>Key under which a checkpoint or artifact is stored, from the answer to the upload request.</summary>
    public string? Key { get; init; }

    /// <summary>Size of a checkpoint or artifact in bytes.</summary>
    public long? Size { get; init; }

    /// <summary>SHA-256 of a checkpoint or artifact.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Number of the best epoch.</summary>
    public int? BestEpoch { get; init; }

    /// <summary>Metrics of the last epoch.</summary>
    public Dictionary<string, double>? FinalMetrics { get; init; }

    /// <summary>Metrics of the best epoch.</summary>
    public Dictionary<string, double>? BestMetrics { get; init; }

    /// <summary>Result of an export as a JSON object with <c>metadata</c>, <c>validation</c> and <c>certificate</c>.</summary>
    public JsonElement? Result { get; init; }

    /// <summary>Error code of a failed attempt.</summary>
    public string? Code { get; init; }

    /// <summary>Category of a failed attempt: <c>user</c>, <c>transient</c> or <c>permanent</c>.</summary>
    public string? Category { get; init; }

    /// <summary>What was measured when the attempt failed, by name, for example <c>peakMemoryBytes</c>.</summary>
    public Dictionary<string, double>? Measured { get; init; }

    /// <summary>Fields of the configuration with the values to try after the failure.</summary>
    public Dictionary<string, JsonElement>? TryConfig { get; init; }
}

/// <summary>Quality of one class, as a trainer reports it.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Precision">From 0 to 1; may be left out.</param>
/// <param name="Recall">From 0 to 1; may be left out.</param>
/// <param name="F1">From 0 to 1; may be left out.</param>
/// <param name="Support">Number of images, objects or pixels of the class.</param>
/// <param name="Metrics">Further measures of the class by name; may be left out.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record ReportedClass(
    string Class, double? Precision, double? Recall, double? F1, long Support, IReadOnlyDictionary<string, double>? Metrics = null)
{
    public ClassMetrics ToMetrics() => new(Class, Precision, Recall, F1, Support, Metrics);
}

/// <summary>Precision over recall of one class, as a trainer reports it.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Precision">At recalls that divide 0 to 1 evenly.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record ReportedCurve(string Class, IReadOnlyList<double> Precision);

/// <summary>Answer to a batch of events.</summary>
/// <param name="Accepted">Highest sequence number that is over, stored or refused. The trainer sends later events again.</param>
/// <param name="Cancel">Whether the trainer should stop the job.</param>
/// <param name="Refused">Events of this batch that are not stored and never will be; null when all are right.</param>
public sealed record AttemptEventReply(long Accepted, bool Cancel, IReadOnlyList<RefusedEvent>? Refused = null);

/// <summary>An event that the platform does not store. The others of its batch are not concerned.</summary>
/// <param name="Index">Position in the batch, from 0.</param>
/// <param name="Seq">Sequence number of the event; null when it has none that can be read, and then it does not count as accepted.</param>
/// <param name="Field">Field that is wrong.</param>
/// <param name="Message">What is wrong with it.</param>
public sealed record RefusedEvent(int Index, long? Seq, string Field, string Message);

/// <summary>Images that a trainer wants to download.</summary>
/// <param name="Paths">Paths of the images in the manifest, at most 200 in one request.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptImageRequest([property: Required, MinLength(1), MaxLength(200)] IReadOnlyList<string>? Paths);

/// <summary>Where to download images.</summary>
/// <param name="Images">The images in the order of the request.</param>
public sealed record AttemptImages(IReadOnlyList<AttemptImage> Images);

/// <summary>Where to download an image.</summary>
/// <param name="Path">Path of the image in the manifest.</param>
/// <param name="Url">Presigned address of the image; it works for an hour.</param>
public sealed record AttemptImage(string Path, Uri Url);

/// <summary>A file that a trainer wants to upload.</summary>
/// <param name="Name">Name of the file, unique within the attempt: up to 128 letters, digits, dots, dashes and underscores.</param>
/// <param name="Kind">What the file is: <c>checkpoint</c>, <c>model</c> or <c>package</c>.</param>
/// <param name="ContentType">Content type of the file; <c>application/octet-stream</c> when left out.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptUploadRequest(string Name, string Kind, long Size, string Sha256, string? ContentType);

/// <summary>Where and how to upload a file: with one PUT, or in parts.</summary>
/// <param name="Key">Key under which the file is stored; events refer to it.</param>
/// <param name="Method">How to upload: <c>put</c> or <c>multipart</c>.</param>
/// <param name="Url">Presigned address for the whole file. Present only with <c>put</c>.</param>
/// <param name="Headers">Headers that the upload must send exactly as given. Present only with <c>put</c>.</param>
/// <param name="UploadId">Id of the upload, to name when all parts are there. Present only with <c>multipart</c>.</param>
/// <param name="PartSize">Size of every part but the last in bytes. Present only with <c>multipart</c>.</param>
/// <param name="Parts">Where to upload each part. Present only with <c>multipart</c>.</param>
public sealed record AttemptUpload(
    string Key, string Method,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Uri? Url,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyDictionary<string, string>? Headers,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? UploadId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] long? PartSize,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<AttemptUploadPart>? Parts);

/// <summary>Where to upload a part.</summary>
/// <param name="Number">Number of the part, from 1.</param>
/// <param name="Url">Presigned address for the part.</param>
public sealed record AttemptUploadPart(int Number, Uri Url);

/// <summary>The parts of an upload.</summary>
/// <param name="Key">Key from the answer to the upload request.</param>
/// <param name="UploadId">Id of the upload from that answer.</param>
/// <param name="Parts">All parts in the order of their numbers.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptUploadCompletion(string Key, string UploadId, IReadOnlyList<AttemptUploadedPart> Parts);

/// <summary>A part that was uploaded.</summary>
/// <param name="Number">Number of the part, from 1.</param>
/// <param name="Etag"><c>ETag</c> header with which object storage answered the part.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record AttemptUploadedPart(int Number, string Etag);

/// <summary>An upload that is complete.</summary>
/// <param name="Key">Key under which the file is stored.</param>
public sealed record AttemptUploadDone(string Key);
