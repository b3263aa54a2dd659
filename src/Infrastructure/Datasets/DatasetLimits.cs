using Microsoft.Extensions.Configuration;
using VisionPlatform.Infrastructure.Images;

namespace VisionPlatform.Infrastructure.Datasets;

/// <summary>How much one upload may bring and how long things live.</summary>
/// <param name="MaxImageBytes">Bytes of one image; DATASET_MAX_IMAGE_MB.</param>
/// <param name="MaxImagePixels">Width × height of one image; DATASET_MAX_IMAGE_MEGAPIXELS.</param>
/// <param name="UploadUrlLifetime">How long an upload URL works; DATASET_UPLOAD_URL_MINUTES.</param>
/// <param name="UploadLifetime">After how long an upload nobody completed is removed with its object; DATASET_UPLOAD_EXPIRE_HOURS.</param>
/// <param name="ReadUrlLifetime">How long the image URLs of lists work; DATASET_READ_URL_MINUTES.</param>
public sealed record DatasetLimits(long MaxImageBytes, long MaxImagePixels, TimeSpan UploadUrlLifetime, TimeSpan UploadLifetime, TimeSpan ReadUrlLifetime)
{
    public static DatasetLimits Default { get; } =
        new(50L << 20, ImageInspector.DefaultMaxPixels, TimeSpan.FromHours(1), TimeSpan.FromHours(24), TimeSpan.FromHours(1));

    public static DatasetLimits From(IConfiguration configuration) => new(
        configuration.GetValue("DATASET_MAX_IMAGE_MB", 50L) << 20,
        configuration.GetValue("DATASET_MAX_IMAGE_MEGAPIXELS", 100L) * 1_000_000,
        TimeSpan.FromMinutes(configuration.GetValue("DATASET_UPLOAD_URL_MINUTES", 60.0)),
        TimeSpan.FromHours(configuration.GetValue("DATASET_UPLOAD_EXPIRE_HOURS", 24.0)),
        TimeSpan.FromMinutes(configuration.GetValue("DATASET_READ_URL_MINUTES", 60.0)));
}
