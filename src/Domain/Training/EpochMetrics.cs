namespace VisionPlatform.Domain.Training;

/// <summary>Metrics of one epoch. One row for each attempt and epoch.</summary>
public sealed class EpochMetrics
{
    public required Guid JobId { get; init; }
    public required int Attempt { get; init; }
    public required int Epoch { get; init; }
    public required Dictionary<string, double> Metrics { get; init; }
    public double? EpochSeconds { get; init; }
    public required DateTimeOffset Time { get; init; }
}
