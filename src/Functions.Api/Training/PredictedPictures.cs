using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Datasets;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Training;

/// <summary>Addresses of the images of a page of predictions.</summary>
public sealed class PredictedPictures(PlatformDatabase database, ImageUrls urls)
{
    /// <summary>The images of a dataset version by path. A small image is that of the dataset, as long as the dataset has the same file under that path.</summary>
    public async Task<IReadOnlyDictionary<string, PredictedPicture>> ReadAsync(Guid versionId, IReadOnlyCollection<string> paths, CancellationToken cancellation)
    {
        var wanted = paths.ToArray();
        var folded = Array.ConvertAll(wanted, CaseFold.Of);
        var images = await database.DatasetVersionImages.AsNoTracking().Where(image => image.VersionId == versionId && wanted.Contains(image.Path)).ToListAsync(cancellation);
        var dataset = await database.DatasetVersions.Where(version => version.Id == versionId).Select(version => version.DatasetId).SingleAsync(cancellation);
        var small = await database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == dataset && folded.Contains(image.FoldedPath) && image.ThumbnailKey != null)
            .Select(image => new { image.Key, image.ThumbnailKey }).ToDictionaryAsync(image => image.Key, image => image.ThumbnailKey!, StringComparer.Ordinal, cancellation);
        return images.ToDictionary(
            image => image.Path,
            image => new PredictedPicture(image.Width, image.Height, image.Size, image.Split, urls.Read(image.Key), small.TryGetValue(image.Key, out var key) ? urls.Read(key) : null), StringComparer.Ordinal);
    }
}
