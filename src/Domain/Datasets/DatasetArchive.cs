using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Datasets;

/// <summary>How far the upload of an archive is.</summary>
public enum ArchiveState
{
    /// <summary>It may be put to its URL.</summary>
    Announced,

    /// <summary>Its entries become images.</summary>
    Unpacking,

    /// <summary>Every entry was taken, skipped or refused.</summary>
    Completed,

    /// <summary>Unpacking ended before the last entry; the images taken until then stay.</summary>
    Failed,

    /// <summary>Somebody cancelled it, or the dataset was deleted; the images taken until then stay.</summary>
    Cancelled,

    /// <summary>Nobody completed the upload in time.</summary>
    Expired,
}

/// <summary>Type of an archive, found from its content.</summary>
public enum ArchiveFormat
{
    /// <summary>ZIP, also with more than 4 GB or 65,535 entries.</summary>
    Zip,

    /// <summary>TAR that is not compressed.</summary>
    Tar,

    /// <summary>TAR in gzip.</summary>
    TarGz,

    /// <summary>TAR in Zstandard.</summary>
    TarZst,
}

/// <summary>What becomes of an entry of an archive.</summary>
public enum EntryOutcome
{
    /// <summary>It is an image of the dataset.</summary>
    Taken,

    /// <summary>It is left out: the dataset has the path already, or it is no image and not called like one.</summary>
    Skipped,

    /// <summary>Something is wrong with it.</summary>
    Refused,
}

/// <summary>An archive of images that somebody uploads to a dataset as a whole.</summary>
public sealed class DatasetArchive
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid DatasetId { get; init; }

    /// <summary>File name, for people.</summary>
    public required string Name { get; init; }
    public required ImageLayout Layout { get; init; }

    /// <summary>Folder of the archive whose contents are taken, without a slash at the end; empty for the whole archive.</summary>
    public required string Folder { get; init; }

    /// <summary>Announced bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Where the sender puts it (<see cref="StagingKeys"/>).</summary>
    public required string Key { get; init; }
    public ArchiveState State { get; set; } = ArchiveState.Announced;
    public ArchiveFormat? Format { get; set; }

    /// <summary>Files in the archive. Null until they are known: a TAR has no list of them, so at its end.</summary>
    public int? Entries { get; set; }
    public int Taken { get; set; }
    public int Skipped { get; set; }
    public int Refused { get; set; }

    /// <summary>Bytes of the images taken.</summary>
    public long TakenBytes { get; set; }
    public Failure? Error { get; set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>Until when it can be completed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? EndedAt { get; set; }
}

/// <summary>An entry of an archive: where it lies in a ZIP, and what became of it. Rows of entries that were taken are removed when the archive has ended.</summary>
public sealed class DatasetArchiveEntry
{
    public required Guid ArchiveId { get; init; }

    /// <summary>0, 1, 2 … in the order of the archive.</summary>
    public required int Number { get; init; }

    /// <summary>The name in the archive, cut off after <see cref="LongestName"/> characters.</summary>
    public required string Name { get; init; }

    /// <summary>Path in the dataset; null when the entry has none.</summary>
    public string? Path { get; init; }
    public string? FoldedPath { get; init; }
    public string? Class { get; init; }
    public Split? Split { get; init; }

    /// <summary>Unpacked bytes, as the archive says.</summary>
    public long Size { get; init; }

    /// <summary>Entries of a ZIP with the same number are unpacked together; null for one that is not unpacked.</summary>
    public int? Batch { get; init; }

    /// <summary>Where the entry begins in the ZIP.</summary>
    public long Offset { get; init; }
    public long CompressedSize { get; init; }

    /// <summary>Compression method of the ZIP: 0 stored, 8 deflate.</summary>
    public int Method { get; init; }
    public long Crc32 { get; init; }

    /// <summary>The upload that makes the image. The image has the same id, so a second run knows what the first one has done.</summary>
    public Guid? UploadId { get; init; }

    /// <summary>Null until it is decided.</summary>
    public EntryOutcome? Outcome { get; init; }
    public string? Code { get; init; }
    public string? Detail { get; init; }

    /// <summary>Characters of a name that are kept.</summary>
    public const int LongestName = 1000;
}
