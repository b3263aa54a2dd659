using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>How much one annotation file may bring.</summary>
/// <param name="MaxBytes">Bytes of the file; DATASET_ANNOTATIONS_MAX_MB.</param>
/// <param name="MaxEntryBytes">Bytes of one image or annotation in it; DATASET_ANNOTATIONS_ENTRY_MAX_MB. That much is in memory.</param>
public sealed record AnnotationLimits(long MaxBytes, int MaxEntryBytes)
{
    /// <summary>The most that S3 stores give for one PUT, in MiB.</summary>
    private const int LargestPut = 5_120;

    public static AnnotationLimits Default { get; } = new(2_000L << 20, 16 << 20);

    /// <summary>DATASET_ANNOTATIONS_*.</summary>
    public static AnnotationLimits From(SettingsReader settings) => new(
        (long)settings.Whole("DATASET_ANNOTATIONS_MAX_MB", 2_000, "size of one annotation file, at most", maximum: LargestPut) << 20,
        (int)settings.Whole("DATASET_ANNOTATIONS_ENTRY_MAX_MB", 16, "size of one image or annotation in an annotation file, at most; that much is in memory", maximum: 512) << 20);
}
