using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>How far the import of an annotation file is.</summary>
public enum AnnotationImportState
{
    /// <summary>The file may be put to its URL.</summary>
    Announced,

    /// <summary>The file is read, and its annotations are written to the images.</summary>
    Importing,

    /// <summary>Every entry was taken or refused.</summary>
    Completed,

    /// <summary>It ended before the last image; what was written until then stays.</summary>
    Failed,

    /// <summary>Somebody cancelled it, or the dataset was deleted; what was written until then stays.</summary>
    Cancelled,

    /// <summary>Nobody completed the upload in time.</summary>
    Expired,
}

/// <summary>What becomes of annotations that an image of the file has already.</summary>
public enum AnnotationMode
{
    /// <summary>Those of the file take their place.</summary>
    Replace,

    /// <summary>Those of the file are added to them.</summary>
    Add,
}

/// <summary>Format of an annotation file, found from its content.</summary>
public enum AnnotationFormat
{
    /// <summary>One list of annotations with <c>image_id</c> and <c>category_id</c>: COCO, and DICE in its flat form.</summary>
    Coco,

    /// <summary>The annotations are in each image: the platform's own format.</summary>
    Dice,

    /// <summary>A ZIP with <c>data.yaml</c> and a text file of labels for each image.</summary>
    Yolo,
}

/// <summary>How many entries of a file were refused for one reason.</summary>
public sealed record RefusedCount(AnnotationFault Reason, long Count);

/// <summary>An entry of a file that was refused.</summary>
/// <param name="Kind"><c>image</c> or <c>annotation</c>.</param>
/// <param name="Number">Its place among the images or annotations of the file, from 0.</param>
/// <param name="Image">File name of the image; null when it is not known.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Field">The member that is wrong; null when it is the entry as a whole.</param>
/// <param name="Detail">A sentence for people.</param>
public sealed record RefusedEntry(string Kind, long Number, string? Image, AnnotationFault Reason, string? Field, string Detail);

/// <summary>An annotation file that somebody uploads to a dataset.</summary>
public sealed class AnnotationImport
{
    /// <summary>Refused entries that are listed; the others are only counted.</summary>
    public const int MostListed = 100;

    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid DatasetId { get; init; }

    /// <summary>File name, for people.</summary>
    public required string Name { get; init; }
    public required AnnotationMode Mode { get; init; }

    /// <summary>Whether classes of the file that the dataset lacks are added to it.</summary>
    public required bool AddClasses { get; init; }

    /// <summary>Whether folders of a YOLO file named train, val or test give their images this split.</summary>
    public bool TakesSplits { get; init; }

    /// <summary>Folder of the dataset in which the file names begin, without a slash at the end; empty for the dataset itself.</summary>
    public required string Folder { get; init; }

    /// <summary>Announced bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Where the sender puts it (<see cref="StagingKeys"/>).</summary>
    public required string Key { get; init; }
    public AnnotationImportState State { get; set; } = AnnotationImportState.Announced;
    public AnnotationFormat? Format { get; set; }

    /// <summary>Images that the file lists; null until it is read.</summary>
    public long? Images { get; set; }

    /// <summary>Annotations that the file has; null until it is read.</summary>
    public long? Annotations { get; set; }

    /// <summary>Bytes of the file that were read, of both times that it is read.</summary>
    public long ReadBytes { get; set; }

    /// <summary>Images of the dataset whose annotations were written.</summary>
    public long ImagesDone { get; set; }

    /// <summary>Annotations that were written.</summary>
    public long Taken { get; set; }

    /// <summary>Annotations of which a part outside the image was left out.</summary>
    public long Clipped { get; set; }
    public long RefusedImages { get; set; }
    public long RefusedAnnotations { get; set; }

    /// <summary>Images that stay as they are, because every annotation of theirs was refused.</summary>
    public long ImagesLeft { get; set; }
    public IReadOnlyList<RefusedCount> Reasons { get; set; } = [];

    /// <summary>The first of the refused entries.</summary>
    public IReadOnlyList<RefusedEntry> Entries { get; set; } = [];

    /// <summary>Classes that the file added to the dataset.</summary>
    public IReadOnlyList<string> AddedClasses { get; set; } = [];
    public Failure? Error { get; set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when it can be completed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>An image that a file lists; kept until the import has ended.</summary>
public sealed class StagedImage
{
    public required Guid ImportId { get; init; }

    /// <summary>0, 1, 2 … in the order of the file.</summary>
    public required int Number { get; init; }

    /// <summary>Its id in the file.</summary>
    public required string FileId { get; init; }

    /// <summary>The file name that the file has for it.</summary>
    public required string Name { get; init; }

    /// <summary>Image of the dataset; null when it was refused.</summary>
    public Guid? ImageId { get; init; }
    public int Width { get; init; }
    public int Height { get; init; }

    /// <summary>Split that the image is given to; null to leave it in its own.</summary>
    public Split? Split { get; init; }

    /// <summary>Annotations of it that were refused.</summary>
    public int Refused { get; init; }

    /// <summary>Whether its annotations are written.</summary>
    public bool Done { get; init; }
}

/// <summary>A good annotation of a file that is not written to its image yet.</summary>
public sealed class StagedAnnotation
{
    public required Guid ImportId { get; init; }

    /// <summary>0, 1, 2 … in the order of the file.</summary>
    public required long Number { get; init; }

    /// <summary><see cref="StagedImage.Number"/>.</summary>
    public required int ImageNumber { get; init; }

    /// <summary>By <see cref="AnnotationText"/>.</summary>
    public required string Content { get; init; }
}
