using System.Text.Json.Serialization;
using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Domain.Training;

/// <summary>What came of one image of a prediction.</summary>
public enum ImageOutcome
{
    /// <summary>The answer agrees with the annotations.</summary>
    Right,

    /// <summary>The answer differs from the annotations.</summary>
    Wrong,

    /// <summary>The model found nothing. Where the prediction was measured, there was something to find.</summary>
    NoneFound,

    /// <summary>The trainer could not read the image.</summary>
    Failed,

    /// <summary>There is an answer, and it was not compared with annotations.</summary>
    NotMeasured,
}

/// <summary>What a model answered for one image of a prediction, and what came of it. An image is in it once.</summary>
public sealed class PredictedImage
{
    public required Guid PredictionId { get; init; }

    /// <summary>Path of the image in the dataset version.</summary>
    public required string Path { get; init; }
    public required ImageOutcome Outcome { get; init; }

    /// <summary>Class that the image has; null unless it is a classification.</summary>
    public string? TrueClass { get; init; }

    /// <summary>Class of the answer; null unless it is a classification.</summary>
    public string? Class { get; init; }

    /// <summary>Confidence of that class, or of the surest object; null where there is none.</summary>
    public double? Confidence { get; init; }

    /// <summary>Number of objects that the image has and that were found; null for a classification.</summary>
    public int? TrueObjects { get; init; }
    public int? FoundObjects { get; init; }

    /// <summary>Number of objects that the model missed, and that it found where there are none; null where that was not measured.</summary>
    public int? Missed { get; init; }
    public int? Spurious { get; init; }

    /// <summary>A <see cref="PredictedAnswer"/> as JSON.</summary>
    public required string Answer { get; init; }
}

/// <summary>That an image of a prediction has or was given a class; the list of the images of a class reads it.</summary>
public sealed class PredictedImageClass
{
    public required Guid PredictionId { get; init; }
    public required string Class { get; init; }
    public required string Path { get; init; }
    public required ImageOutcome Outcome { get; init; }
}

/// <summary>Number of images of a prediction by outcome.</summary>
/// <param name="Right">Images whose answer agrees with the annotations.</param>
/// <param name="Wrong">Images whose answer differs from them.</param>
/// <param name="NoneFound">Images in which the model found nothing; of a measured prediction, only those with something to find.</param>
/// <param name="Failed">Images that the trainer could not read.</param>
/// <param name="NotMeasured">Images with an answer that was not compared.</param>
/// <param name="Classes">Number of images that have or were given each class.</param>
public sealed record PredictionOutcomes(int Right, int Wrong, int NoneFound, int Failed, int NotMeasured, IReadOnlyDictionary<string, int> Classes)
{
    public int Of(ImageOutcome outcome) => outcome switch
    {
        ImageOutcome.Right => Right,
        ImageOutcome.Wrong => Wrong,
        ImageOutcome.NoneFound => NoneFound,
        ImageOutcome.Failed => Failed,
        _ => NotMeasured,
    };
}

/// <summary>What a model answered for an image: a class, or objects.</summary>
/// <param name="Class">The surest class of a classification.</param>
/// <param name="Confidence">Its confidence, from 0 to 1.</param>
/// <param name="Top">The surest classes, the surest first.</param>
/// <param name="Annotations">Objects of the other tasks.</param>
/// <param name="Error">Why there is no answer.</param>
public sealed record PredictedAnswer(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Class = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Confidence = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<RankedClass>? Top = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FoundObject>? Annotations = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Error = null);

/// <summary>How sure a model is of a class.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Confidence">From 0 to 1.</param>
public sealed record RankedClass(string Class, double Confidence);

/// <summary>An object that a model found. Coordinates are pixels of the upright image.</summary>
/// <param name="Class">Class of the model.</param>
/// <param name="Box">Left, top, width and height.</param>
/// <param name="Polygons">Outline as rings <c>x1, y1, x2, y2, …</c>.</param>
/// <param name="Rle">The mask as runs.</param>
/// <param name="Keypoints">Left, top and visibility of each keypoint.</param>
/// <param name="Confidence">From 0 to 1; null for the areas of a semantic segmentation.</param>
public sealed record FoundObject(
    string Class, double[] Box,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double[]>? Polygons = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] RleText? Rle = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double[]>? Keypoints = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? Confidence = null);
