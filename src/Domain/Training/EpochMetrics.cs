namespace VisionPlatform.Domain.Training;

/// <summary>Metrics of one epoch. One row for each attempt and epoch.</summary>
public sealed class EpochMetrics
{
    public required Guid JobId { get; init; }
    public required int Attempt { get; init; }
    public required int Epoch { get; init; }
    public required Dictionary<string, double> Metrics { get; init; }

    /// <summary>The metrics that are no finite number: <c>NaN</c>, <c>Infinity</c> or <c>-Infinity</c> by name. Null when all are finite.</summary>
    public Dictionary<string, string>? NotFinite { get; init; }
    public double? EpochSeconds { get; init; }
    public required DateTimeOffset Time { get; init; }
}
