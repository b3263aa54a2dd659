using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Training;

/// <summary>Evaluation on a split after an epoch. One row for each attempt, epoch and split.</summary>
public sealed class ValidationResult
{
    public required Guid JobId { get; init; }
    public required int Attempt { get; init; }
    public required int Epoch { get; init; }
    public required Split Split { get; init; }
    public required Dictionary<string, double> Metrics { get; init; }
    public required List<string> Classes { get; init; }

    /// <summary>
    /// Number of images, objects or pixels by true class (rows) and predicted class (columns); empty when the trainer sent none. It may have one row and
    /// column more than classes, the last, for the background.
    /// </summary>
    public required List<List<long>> ConfusionMatrix { get; init; }
    public required List<ClassMetrics> PerClass { get; init; }

    /// <summary>How precision falls as recall rises, for each class with objects; empty for tasks that do not detect, or when the trainer sent none.</summary>
    public List<PrecisionCurve> PrecisionCurves { get; init; } = [];
    public required DateTimeOffset Time { get; init; }
}

/// <summary>How well a checkpoint answers for images with known annotations.</summary>
/// <param name="Metrics">Measures of the task by name, for example <c>accuracy</c> or <c>mAP50-95</c>.</param>
/// <param name="Classes">Classes in the order of the model's outputs.</param>
/// <param name="ConfusionMatrix">Number of images, objects or pixels by true class (rows) and predicted class (columns); it may have one row and column more than classes, the last, for the background. Empty when the trainer sent none.</param>
/// <param name="PerClass">Quality of each class.</param>
/// <param name="PrecisionCurves">How precision falls as recall rises, for each class with objects; empty for tasks that do not detect.</param>
public sealed record CheckpointMeasures(
    IReadOnlyDictionary<string, double> Metrics, IReadOnlyList<string> Classes, IReadOnlyList<IReadOnlyList<long>> ConfusionMatrix, IReadOnlyList<ClassMetrics> PerClass,
    IReadOnlyList<PrecisionCurve> PrecisionCurves);

/// <summary>Precision of a class at IoU 0.5 over recall, as COCO defines it.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Precision">From 0 to 1, at recalls that divide 0 to 1 evenly: with 21 values at 0, 0.05, … 1.</param>
public sealed record PrecisionCurve(string Class, IReadOnlyList<double> Precision);

/// <summary>Quality of one class.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Precision">Share of the images or objects predicted as this class that belong to it, from 0 to 1; null when it was not measured.</param>
/// <param name="Recall">Share of the images or objects of this class that were recognized, from 0 to 1; null when it was not measured.</param>
/// <param name="F1">Harmonic mean of precision and recall, from 0 to 1; null when it was not measured.</param>
/// <param name="Support">Number of images of this class; of its objects in detection, of its pixels in semantic segmentation.</param>
/// <param name="Metrics">Further measures of the class by name, for example <c>mAP50</c>; null when there are none.</param>
public sealed record ClassMetrics(string Class, double? Precision, double? Recall, double? F1, long Support, IReadOnlyDictionary<string, double>? Metrics = null);
