using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Datasets;

/// <summary>How much one archive may bring. Each image in it has the limits of a single upload besides.</summary>
/// <param name="MaxBytes">Bytes of the archive; DATASET_ARCHIVE_MAX_MB.</param>
/// <param name="MaxEntries">Files in it; DATASET_ARCHIVE_MAX_ENTRIES.</param>
/// <param name="MaxUnpackedBytes">Bytes of all files; DATASET_ARCHIVE_MAX_UNPACKED_MB.</param>
/// <param name="MaxRatio">Unpacked bytes for each byte in the archive; DATASET_ARCHIVE_MAX_RATIO.</param>
public sealed record ArchiveLimits(long MaxBytes, int MaxEntries, long MaxUnpackedBytes, int MaxRatio)
{
    /// <summary>The most that S3 stores give for one PUT, in MiB.</summary>
    private const int LargestPut = 5_120;

    public static ArchiveLimits Default { get; } = new(5_000L << 20, 100_000, 20_000L << 20, 200);

    /// <summary>DATASET_ARCHIVE_*.</summary>
    public static ArchiveLimits From(SettingsReader settings) => new(
        (long)settings.Whole("DATASET_ARCHIVE_MAX_MB", 5_000, "size of one archive, at most; stores take at most 5,120 MB in one request", maximum: LargestPut) << 20,
        settings.Whole("DATASET_ARCHIVE_MAX_ENTRIES", 100_000, "files in one archive, at most", maximum: 1_000_000),
        (long)settings.Whole("DATASET_ARCHIVE_MAX_UNPACKED_MB", 20_000, "size of all files of an archive when unpacked, at most") << 20,
        settings.Whole("DATASET_ARCHIVE_MAX_RATIO", 200, "unpacked bytes for each byte in the archive, at most"));
}
