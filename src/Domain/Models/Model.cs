using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Models;

/// <summary>A model of a project. Each completed training job adds a version.</summary>
public sealed class Model
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }

    /// <summary>Unique in the project, regardless of case.</summary>
    public required string Name { get; set; }
    public required TaskType TaskType { get; init; }
    public int LatestVersion { get; set; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>The result of a completed training job: its best checkpoint and its quality.</summary>
public sealed class ModelVersion
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ModelId { get; init; }
    public required Guid ProjectId { get; init; }
    public required int Number { get; init; }
    public required Guid JobId { get; init; }
    public required Guid DatasetVersionId { get; init; }
    public required string Framework { get; init; }

    /// <summary>Name of the architecture in the trainer's capabilities, for example <c>resnet18</c>.</summary>
    public required string Architecture { get; init; }
    public required TaskType TaskType { get; init; }
    public required List<string> Classes { get; init; }
    public required Dictionary<string, double> Metrics { get; init; }

    /// <summary>Number of images by true class (rows) and predicted class (columns), on the test split or, if there is none, on val.</summary>
    public required List<List<long>> ConfusionMatrix { get; init; }
    public required List<ClassMetrics> PerClass { get; init; }
    public required string CheckpointKey { get; init; }
    public required long CheckpointSize { get; init; }
    public required string CheckpointSha256 { get; init; }
    public int CheckpointEpoch { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}
