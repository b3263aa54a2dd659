using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>A named, growing collection of images in a project.</summary>
public sealed class Dataset
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }
    public required string Name { get; set; }
    public string? Description { get; set; }
    public required TaskType TaskType { get; init; }
    public required SplitSettings Split { get; set; }

    /// <summary>Classes of annotations in the order of a model's outputs. Empty for a classification, whose classes are those of its images.</summary>
    public IReadOnlyList<string> Classes { get; set; } = [];

    /// <summary>Keypoints of each object; null unless the task is keypoint detection.</summary>
    public KeypointList? Keypoints { get; init; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? DeletedAt { get; set; }

    /// <summary>When the images of a deleted dataset were removed, except those that a model's version needs.</summary>
    public DateTimeOffset? EmptiedAt { get; set; }

    /// <summary>Changes with every write; the database gives it.</summary>
    public uint Version { get; init; }
}

/// <summary>A person with whom one dataset is shared, without being a member of its project; in the user database, so without a foreign key to the dataset.</summary>
public sealed class DatasetMember
{
    public required Guid DatasetId { get; init; }
    public required Guid UserId { get; init; }
    public required DatasetRole Role { get; set; }
    public Guid? InvitedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An image that left its dataset and is stored on, as a version pins it. It counts in the quota of the person who uploaded it.</summary>
public sealed class PinnedImage
{
    /// <summary>Object key in the datasets bucket.</summary>
    public required string Key { get; init; }
    public required Guid DatasetId { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }
    public required Guid CreatedBy { get; init; }
}

/// <summary>What one person's images in one dataset take up, with the <see cref="PinnedImage"/>s; kept by the database with every image that comes or goes.</summary>
public sealed class DatasetUsage
{
    public required Guid DatasetId { get; init; }
    public required Guid UserId { get; init; }
    public required long Bytes { get; init; }
    public required long Images { get; init; }
}

/// <summary>What images are labeled for and a model is trained to do.</summary>
public enum TaskType
{
    ImageClassification,
    ObjectDetection,
    InstanceSegmentation,
    SemanticSegmentation,
    KeypointDetection,
    OrientedDetection,
}

/// <summary>Part of a dataset that an image belongs to.</summary>
public enum Split
{
    /// <summary>Images to train on.</summary>
    Train,

    /// <summary>Images on which every epoch is measured.</summary>
    Val,

    /// <summary>Images that are kept for the final measurement.</summary>
    Test,
}

/// <summary>How images are divided for training, validation and test.</summary>
/// <param name="Ratios">Shares for training, validation and test. They add up to 1.</param>
/// <param name="Stratified">Whether the shares are kept within each class.</param>
public sealed record SplitSettings(double[] Ratios, bool Stratified)
{
    public static SplitSettings Default { get; } = new([0.8, 0.1, 0.1], Stratified: false);
}

/// <summary>One image of a dataset. Its object is written once; <see cref="Key"/> never points at other bytes.</summary>
public sealed class DatasetImage
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid DatasetId { get; init; }

    /// <summary>Relative path with forward slashes.</summary>
    public required string Path
    {
        get;
        init => (field, FoldedPath) = (value, CaseFold.Of(value));
    }

    /// <summary>The path by <see cref="CaseFold.Of"/>; unique in the dataset.</summary>
    public string FoldedPath { get; private init; } = "";

    /// <summary>Object key in the datasets bucket. No URL can write to it.</summary>
    public required string Key { get; init; }

    /// <summary>Key of the thumbnail; null until it is made (<see cref="DueThumbnail"/>).</summary>
    public string? ThumbnailKey { get; init; }
    public string? Class { get; set; }

    /// <summary>Split that the image was given to when it was uploaded; null for none.</summary>
    public Split? Split { get; init; }
    public required string ContentType { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Lower-case hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Pixels of the upright image. Rows written before sizes were those of the upright image have the stored one.</summary>
    public required int Width { get; init; }

    /// <summary>Pixels of the upright image.</summary>
    public required int Height { get; init; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
}

/// <summary>
/// What is left to do for a new image after its upload was answered: make the thumbnail and empty the staged object. It has no foreign key: the row
/// of an image that was removed meanwhile stays until what was made for it is removed too.
/// </summary>
public sealed class DueThumbnail
{
    public required Guid ImageId { get; init; }
    public required Guid DatasetId { get; init; }
    public required string ImageKey { get; init; }

    /// <summary>When it is tried next. Whoever takes the row moves this on, so that another one takes over if the process ends.</summary>
    public required DateTimeOffset DueAt { get; init; }

    /// <summary>How often it was begun.</summary>
    public int Attempts { get; init; }
}

/// <summary>An image somebody announced and has not completed yet.</summary>
public sealed class DatasetUpload
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid DatasetId { get; init; }
    public required string Path
    {
        get;
        init => (field, FoldedPath) = (value, CaseFold.Of(value));
    }

    /// <summary>The path by <see cref="CaseFold.Of"/>; unique among the uploads of one person in the dataset.</summary>
    public string FoldedPath { get; private init; } = "";

    /// <summary>Where the sender puts the file: a key of this upload alone (<see cref="StagingKeys"/>).</summary>
    public required string Key { get; init; }
    public string? Class { get; init; }

    /// <summary>Split that the image was given to when it was uploaded; null for none.</summary>
    public Split? Split { get; init; }
    public required string ContentType { get; init; }

    /// <summary>Announced bytes.</summary>
    public required long Size { get; init; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
}
