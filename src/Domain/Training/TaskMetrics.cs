using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Training;

/// <summary>The metric that decides which epoch of a training is the best.</summary>
/// <param name="Name">Its name in the metrics of a trainer.</param>
/// <param name="HigherIsBetter">Whether more of it is better.</param>
public sealed record PrimaryMetric(string Name, bool HigherIsBetter)
{
    /// <summary>Whether metrics are better than others. Those that lack this metric are never better, and worse than any that have it.</summary>
    public bool IsBetter(IReadOnlyDictionary<string, double> metrics, IReadOnlyDictionary<string, double>? than) =>
        metrics.TryGetValue(Name, out var value)
        && (than is null || !than.TryGetValue(Name, out var other) || (HigherIsBetter ? value > other : value < other));

    /// <summary>The best of some metrics by this one; those that lack it come last. Null when there are none.</summary>
    public T? BestOf<T>(IEnumerable<T> candidates, Func<T, IReadOnlyDictionary<string, double>> metricsOf) where T : class =>
        candidates.MaxBy(candidate => metricsOf(candidate).TryGetValue(Name, out var value) ? HigherIsBetter ? value : -value : double.NegativeInfinity);
}

/// <summary>The metrics of each task (trainers/protocol.md, "Names of metrics").</summary>
public static class TaskMetrics
{
    public static PrimaryMetric Primary(this TaskType task) => task switch
    {
        TaskType.ImageClassification => new("accuracy", HigherIsBetter: true),
        TaskType.ObjectDetection or TaskType.OrientedDetection => new("mAP50-95", HigherIsBetter: true),
        TaskType.InstanceSegmentation => new("mAP_mask50-95", HigherIsBetter: true),
        TaskType.SemanticSegmentation => new("mIoU", HigherIsBetter: true),
        TaskType.KeypointDetection => new("mAP_keypoints50-95", HigherIsBetter: true),
        _ => throw new ArgumentOutOfRangeException(nameof(task)),
    };
}
