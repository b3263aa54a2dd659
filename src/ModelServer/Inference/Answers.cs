using System.Text.Json.Serialization;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.ModelServer.Inference;

/// <summary>What the caller wants of an answer.</summary>
/// <param name="TopK">Classes of a classification.</param>
/// <param name="MinScore">Objects below this score are left out.</param>
internal sealed record AnswerOptions(int TopK, float MinScore);

/// <summary>What a model says about one image, or why it says nothing about it. A classification fills the first four, other tasks <paramref name="Objects"/>.</summary>
internal sealed record ImageAnswer(
    int? Index = null, string? Class = null, double? Confidence = null, IReadOnlyList<ClassConfidence>? Top = null,
    IReadOnlyList<FoundObject>? Objects = null, ItemError? Error = null)
{
    /// <summary>Brightness of the image at the model's size, 0 to 255, for the input drift log.</summary>
    public double? Brightness { get; init; }

    /// <summary>Width and height of the upright image in pixels.</summary>
    public int[]? Size { get; init; }

    public static ImageAnswer Of(ErrorCode code, string message) => new(Error: new ItemError(code.Code, code.Category.AsText(), message));
}

internal sealed record ClassConfidence(string Class, double Confidence);

/// <summary>Why one image of a request has no answer.</summary>
/// <param name="Category"><c>user</c>, <c>transient</c> or <c>permanent</c>.</param>
internal sealed record ItemError(string Code, string Category, string Message);

/// <summary>An object in pixels of the upright image, rounded to 2 decimals.</summary>
/// <param name="Box">x, y, width, height.</param>
/// <param name="Rle">Mask of the object over the whole image.</param>
/// <param name="Keypoints">x, y, score of each keypoint.</param>
internal sealed record FoundObject(string Class, double Score, double[] Box, RleText? Rle = null, double[][]? Keypoints = null);

/// <summary>The answer to one request.</summary>
/// <param name="Results">One for each image, in their order.</param>
/// <param name="InferenceMs">Milliseconds from the request's arrival to the last answer.</param>
internal sealed record PredictReply(IReadOnlyList<ImageAnswer> Results, double InferenceMs);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PredictReply))]
internal sealed partial class AnswerJson : JsonSerializerContext;
