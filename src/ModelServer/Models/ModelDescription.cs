using System.Text.Json;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Images;

namespace VisionPlatform.ModelServer.Models;

/// <summary>How the outputs of a model become an answer.</summary>
internal enum Postprocessing
{
    /// <summary>Logits [N,C] of a classification.</summary>
    Softmax,

    /// <summary>Boxes after suppression in the graph: <c>boxes</c> [M,4], <c>labels</c> [M], <c>scores</c> [M], and perhaps <c>masks</c> or <c>keypoints</c>.</summary>
    Detections,

    /// <summary>Logits [N,C+1,H,W] of a semantic segmentation; index 0 is the background.</summary>
    Argmax,

    /// <summary>Raw [N,4+C(+K·3 or +32),A], with <c>protos</c> [N,32,h,w] for masks; the server suppresses.</summary>
    Yolo,
}

/// <summary>How an image becomes the input of a model: <c>(value × scale − mean) / std</c> for each channel, after it was resized.</summary>
/// <param name="Letterbox">Whether the image keeps its proportions and lies in the top left corner, with <paramref name="Pad"/> beside or below it.</param>
internal sealed record Preprocessing(bool Letterbox, byte Pad, Interpolation Interpolation, float Scale, float[] Mean, float[] Std);

/// <summary>What the metadata of an exported ONNX file says about running it. docs/serve-models.md describes the metadata.</summary>
/// <param name="OneAtATime">Whether the graph takes one image at a time.</param>
/// <param name="Outputs">Name of the graph's output by role.</param>
/// <param name="Keypoints">Names of the keypoints; empty for other tasks.</param>
internal sealed record ModelDescription(
    Postprocessing Postprocessing, string InputName, int Width, int Height, bool OneAtATime, Preprocessing Preprocessing,
    IReadOnlyList<string> Classes, IReadOnlyDictionary<string, string> Outputs, IReadOnlyList<string> Keypoints, float ScoreThreshold, float IouThreshold, float MaskThreshold)
{
    private const int MaxSide = 8192;

    /// <summary>Values of one image in the input.</summary>
    public int ValuesOfImage => 3 * Width * Height;

    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelInvalid"/>: no exporter that the server knows wrote this metadata.</exception>
    public static ModelDescription Read(JsonElement metadata)
    {
        try
        {
            return Parse(metadata);
        }
        catch (Exception wrong) when (wrong is KeyNotFoundException or InvalidOperationException or FormatException or OverflowException or ArgumentException)
        {
            throw new ProblemException(ErrorCodes.ModelInvalid, $"The metadata of the model cannot be used: {wrong.Message}", inner: wrong);
        }
    }

    private static ModelDescription Parse(JsonElement metadata)
    {
        var shape = metadata.GetProperty("inputShape").EnumerateArray().ToArray();
        var (height, width) = shape is [_, var channels, { ValueKind: JsonValueKind.Number } rows, { ValueKind: JsonValueKind.Number } columns] && channels.GetInt32() == 3
            ? (rows.GetInt32(), columns.GetInt32())
            : throw new FormatException("inputShape is not [N,3,height,width].");
        if (height is < 1 or > MaxSide || width is < 1 or > MaxSide)
            throw new FormatException($"The input has {width} × {height} pixels; a side may have 1 to {MaxSide}.");
        if (Text(metadata, "inputDtype") is { } type && type != "float32")
            throw new FormatException($"inputDtype is {type}; only float32 is served.");
        var kind = Text(metadata, "postprocessing") switch
        {
            "softmax" => Postprocessing.Softmax,
            "detections" => Postprocessing.Detections,
            "argmax" => Postprocessing.Argmax,
            "yolo" => Postprocessing.Yolo,
            var other => throw new FormatException($"There is no postprocessing '{other}'."),
        };
        var classes = metadata.GetProperty("classes").EnumerateArray().Select(name => name.GetString()!).ToArray();
        if (classes.Length == 0)
            throw new FormatException("classes is empty.");
        var thresholds = metadata.TryGetProperty("thresholds", out var given) ? given : default;
        return new ModelDescription(
            kind, Text(metadata, "inputName") ?? throw new FormatException("inputName is missing."), width, height, shape[0].ValueKind == JsonValueKind.Number,
            ReadPreprocessing(metadata.GetProperty("preprocessing"), height, width), classes, ReadOutputs(metadata, kind),
            metadata.TryGetProperty("keypoints", out var keypoints) && keypoints.ValueKind == JsonValueKind.Object ? [.. keypoints.GetProperty("names").EnumerateArray().Select(name => name.GetString()!)] : [],
            Threshold(thresholds, "score", 0.05f), Threshold(thresholds, "iou", 0.5f), Threshold(thresholds, "mask", 0.5f));
    }

    private static Preprocessing ReadPreprocessing(JsonElement given, int height, int width)
    {
        if ((Text(given, "colorMode") ?? "RGB", Text(given, "layout") ?? "NCHW") != ("RGB", "NCHW"))
            throw new FormatException("Only RGB in the layout NCHW is served.");
        var resize = given.TryGetProperty("resize", out var how) ? how : default;
        // The size, as classification models have it, or the way of resizing.
        if (resize.ValueKind == JsonValueKind.Array && !resize.EnumerateArray().Select(side => side.GetInt32()).SequenceEqual([height, width]))
            throw new FormatException("resize differs from inputShape.");
        var fit = (resize.ValueKind == JsonValueKind.String ? resize.GetString() : Text(given, "fit")) ?? "stretch";
        // Trainers that write `fit` train with a grey border.
        var pad = given.TryGetProperty("pad", out var border) ? border.GetByte() : Text(given, "fit") is null ? (byte)0 : (byte)114;
        var preprocessing = new Preprocessing(
            fit switch { "letterbox" => true, "stretch" => false, _ => throw new FormatException($"There is no way of resizing '{fit}'.") },
            pad,
            (Text(given, "interpolation") ?? "bilinear") switch
            {
                "nearest" => Interpolation.Nearest,
                "bilinear" => Interpolation.Bilinear,
                "bicubic" => Interpolation.Bicubic,
                var other => throw new FormatException($"There is no interpolation '{other}'."),
            },
            given.TryGetProperty("scale", out var scale) ? scale.GetSingle() : 1 / 255f, Numbers(given, "mean", 0), Numbers(given, "std", 1));
        return preprocessing.Std.Contains(0) ? throw new FormatException("std contains 0.") : preprocessing;
    }

    private static Dictionary<string, string> ReadOutputs(JsonElement metadata, Postprocessing kind)
    {
        var outputs = metadata.TryGetProperty("outputs", out var given) && given.ValueKind == JsonValueKind.Object
            ? given.EnumerateObject().ToDictionary(output => output.Name, output => output.Value.GetString()!, StringComparer.Ordinal)
            : new Dictionary<string, string>(StringComparer.Ordinal);
        string[] needed = kind switch
        {
            Postprocessing.Detections => ["boxes", "labels", "scores"],
            Postprocessing.Yolo => ["predictions"],
            _ => ["logits"],
        };
        // Metadata with a single output may name it in outputName alone.
        if (needed is [var only] && !outputs.ContainsKey(only))
            outputs[only] = Text(metadata, "outputName") ?? throw new FormatException("outputName is missing.");
        var missing = needed.Except(outputs.Keys).ToArray();
        return missing.Length == 0 ? outputs : throw new FormatException($"outputs does not name {string.Join(", ", missing)}.");
    }

    private static string? Text(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static float[] Numbers(JsonElement parent, string name, float fallback)
    {
        if (!parent.TryGetProperty(name, out var values))
            return [fallback, fallback, fallback];
        var numbers = values.EnumerateArray().Select(value => value.GetSingle()).ToArray();
        return numbers.Length == 3 ? numbers : throw new FormatException($"{name} has not three numbers.");
    }

    private static float Threshold(JsonElement thresholds, string name, float fallback) =>
        thresholds.ValueKind == JsonValueKind.Object && thresholds.TryGetProperty(name, out var value) ? value.GetSingle() : fallback;
}
