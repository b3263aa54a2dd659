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

    /// <summary>Number of images by true class (rows) and predicted class (columns).</summary>
    public required List<List<int>> ConfusionMatrix { get; init; }
    public required List<ClassMetrics> PerClass { get; init; }
    public required DateTimeOffset Time { get; init; }
}

/// <summary>Quality of one class.</summary>
/// <param name="Class">Name of the class.</param>
/// <param name="Precision">Share of the images predicted as this class that belong to it, from 0 to 1.</param>
/// <param name="Recall">Share of the images of this class that were recognized, from 0 to 1.</param>
/// <param name="F1">Harmonic mean of precision and recall, from 0 to 1.</param>
/// <param name="Support">Number of images of this class.</param>
public sealed record ClassMetrics(string Class, double Precision, double Recall, double F1, int Support);
