using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>Removes images from a dataset, and their objects from the store once nothing refers to them.</summary>
public sealed class ImageRemoval(PlatformDatabase database, ObjectStores stores, TimeProvider time)
{
    /// <summary>Removes one image. Its object stays as long as a version pins it, and counts in the quota of who uploaded it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task RemoveAsync(Guid datasetId, Guid imageId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        // Lock the dataset, as VersionPublisher explains. This waits for a publish in progress, whose pinned images the query below then sees.
        await database.Datasets.Where(dataset => dataset.Id == datasetId)
            .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.UpdatedAt, now), cancellation);
        var image = await database.DatasetImages.AsNoTracking().SingleOrDefaultAsync(row => row.Id == imageId && row.DatasetId == datasetId, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound);
        var pinned = await database.DatasetVersionImages.AnyAsync(row => row.Key == image.Key, cancellation);
        if (pinned)
            database.PinnedImages.Add(new PinnedImage { Key = image.Key, DatasetId = datasetId, Size = image.Size, CreatedBy = image.CreatedBy });
        await database.SaveChangesAsync(cancellation);
        await database.DatasetImages.Where(row => row.Id == imageId).ExecuteDeleteAsync(cancellation);
        await transaction.CommitAsync(cancellation);

        await stores.External.DeleteAsync(pinned ? [ThumbnailKey(image)] : [image.Key, ThumbnailKey(image)], cancellation);
    }

    // It may have been stored a moment before its key is written to the row.
    private static string ThumbnailKey(DatasetImage image) => image.ThumbnailKey ?? DatasetKeys.Thumbnail(image.DatasetId, image.Key);
}
