using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Domain.Datasets;

/// <summary>An immutable state of a dataset, identified by the hash of its manifest.</summary>
public sealed class DatasetVersion
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid DatasetId { get; init; }

    /// <summary>1, 2, 3 … within the dataset; never reused.</summary>
    public required int Number { get; init; }

    /// <summary>Lower-case hex SHA-256 of the canonical manifest.</summary>
    public required string Hash { get; init; }
    public DatasetVersionState State { get; set; } = DatasetVersionState.Publishing;
    public required int ImageCount { get; init; }

    /// <summary>Whether it has the images that nobody had labeled, to predict them; it cannot be trained on.</summary>
    public bool Unlabeled { get; init; }

    /// <summary>Bytes of all images.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Images by class, class names in ordinal order. Of a version with annotations, images that have an object of the class.</summary>
    public required SortedDictionary<string, int> ClassCounts { get; init; }

    /// <summary>Classes of a version with annotations in the dataset's order; empty for a classification.</summary>
    public IReadOnlyList<string> AnnotationClasses { get; init; } = [];

    /// <summary>Objects by class and split; empty for a classification.</summary>
    public IReadOnlyDictionary<string, SplitCounts> ObjectCounts { get; init; } = new Dictionary<string, SplitCounts>();

    /// <summary>Keypoints of each object; null unless the task is keypoint detection.</summary>
    public KeypointList? Keypoints { get; init; }

    /// <summary>The classes in the order of a model's outputs.</summary>
    public IReadOnlyList<string> ClassNames => AnnotationClasses.Count > 0 ? AnnotationClasses : [.. ClassCounts.Keys];

    /// <summary>Images by split: train, val, test.</summary>
    public required SplitCounts SplitCounts { get; init; }

    /// <summary>What people should know before they train on it.</summary>
    public IReadOnlyList<SplitWarning> Warnings { get; init; } = [];
    public string? Note { get; init; }

    /// <summary>Key of manifest.jsonl.gz in the datasets bucket, once ready.</summary>
    public string? ManifestKey { get; set; }
    public string? Error { get; set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ReadyAt { get; set; }
}

/// <summary>Number of images in each split.</summary>
/// <param name="Train">Images to train on.</param>
/// <param name="Val">Images on which every epoch is measured.</param>
/// <param name="Test">Images that are kept for the final measurement.</param>
public sealed record SplitCounts(int Train, int Val, int Test);

/// <summary>Whether a dataset version can be used.</summary>
public enum DatasetVersionState
{
    /// <summary>Its manifest is being written.</summary>
    Publishing,

    /// <summary>It can be used for training.</summary>
    Ready,

    /// <summary>Publishing it failed.</summary>
    Failed,
}

/// <summary>One image as a dataset version pins it.</summary>
public sealed class DatasetVersionImage
{
    public required Guid VersionId { get; init; }
    public required string Path { get; init; }
    public required string Key { get; init; }
    public string? Class { get; init; }
    public required Split Split { get; init; }
    public required long Size { get; init; }
    public required string Sha256 { get; init; }
    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>By <see cref="AnnotationText"/>; null for a classification. Stored beside the row, and set when a manifest is written.</summary>
    public string? Annotations { get; init; }

    /// <summary>The same image in another split.</summary>
    public DatasetVersionImage In(Split split) => With(split, Annotations);

    /// <summary>The same image with its annotations.</summary>
    public DatasetVersionImage With(string? annotations) => With(Split, annotations);

    private DatasetVersionImage With(Split split, string? annotations) => new()
    {
        VersionId = VersionId, Path = Path, Key = Key, Class = Class, Split = split, Size = Size, Sha256 = Sha256, Width = Width, Height = Height, Annotations = annotations,
    };
}
