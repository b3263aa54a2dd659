namespace VisionPlatform.Domain.Training;

/// <summary>Weights that were stored in the internal bucket after an epoch.</summary>
public sealed class Checkpoint
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid JobId { get; init; }
    public required int Attempt { get; init; }
    public required int Epoch { get; init; }
    public required string Name { get; init; }
    public required string Key { get; init; }
    public required long Size { get; init; }
    public required string Sha256 { get; init; }

    /// <summary>Whether it was the best by the primary metric when it was stored.</summary>
    public required bool Best { get; init; }
    public required Dictionary<string, double> Metrics { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
