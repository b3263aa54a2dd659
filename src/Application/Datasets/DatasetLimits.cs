using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Datasets;

/// <summary>How much one upload may bring and how long things live.</summary>
/// <param name="MaxImageBytes">Bytes of one image; DATASET_MAX_IMAGE_MB.</param>
/// <param name="MaxImagePixels">Width × height of one image; DATASET_MAX_IMAGE_MEGAPIXELS.</param>
/// <param name="UploadUrlLifetime">How long an upload URL works; DATASET_UPLOAD_URL_MINUTES.</param>
/// <param name="UploadLifetime">After how long an upload nobody completed is removed with its object; not less than <paramref name="UploadUrlLifetime"/>; DATASET_UPLOAD_EXPIRE_HOURS.</param>
/// <param name="ReadUrlLifetime">How long the image URLs of lists work; DATASET_READ_URL_MINUTES.</param>
public sealed record DatasetLimits(long MaxImageBytes, long MaxImagePixels, TimeSpan UploadUrlLifetime, TimeSpan UploadLifetime, TimeSpan ReadUrlLifetime)
{
    public static DatasetLimits Default { get; } =
        new(50L << 20, ImageInspector.DefaultMaxPixels, TimeSpan.FromHours(1), TimeSpan.FromHours(24), TimeSpan.FromHours(1));

    /// <summary>DATASET_*.</summary>
    public static DatasetLimits From(SettingsReader settings)
    {
        var limits = Read(settings);
        // While its URL works, an upload counts in a quota; without its row nothing would count what is put there.
        return limits.UploadLifetime >= limits.UploadUrlLifetime ? limits : limits with { UploadLifetime = limits.UploadUrlLifetime };
    }

    private static DatasetLimits Read(SettingsReader settings) => new(
        (long)settings.Whole("DATASET_MAX_IMAGE_MB", 50, "size of one image, at most", maximum: 2_000) << 20,
        settings.Whole("DATASET_MAX_IMAGE_MEGAPIXELS", 100, "width × height of one image, at most") * 1_000_000L,
        TimeSpan.FromMinutes(settings.Number("DATASET_UPLOAD_URL_MINUTES", 60, "how long an upload URL works", maximum: 10_080)),
        TimeSpan.FromHours(settings.Number("DATASET_UPLOAD_EXPIRE_HOURS", 24, "after which an upload that nobody completed is removed; at least as long as its URL works")),
        TimeSpan.FromMinutes(settings.Number("DATASET_READ_URL_MINUTES", 60, "how long the image URLs in lists work", maximum: 10_080)));
}
