using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>
/// Makes the thumbnails of new images and empties their staged objects, after the upload was answered. Several instances share the queue
/// <c>due_thumbnails</c>: each takes rows that no other has, for the time of a lease. No thumbnail outlives its image: it is stored first, then its
/// key is written to the row of the image if that is still there, and otherwise it is deleted; only then the row of the queue goes.
/// </summary>
public sealed partial class Thumbnails(PlatformDatabase database, ObjectStores stores, StagedUploads staged, ImageInspector inspector, TimeProvider time, ILogger<Thumbnails> logger)
{
    /// <summary>Rows taken at once.</summary>
    private const int Batch = 32;

    /// <summary>After this many tries that failed for another reason than an absent store, an image has no thumbnail.</summary>
    private const int MostAttempts = 5;

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMinutes(1);

    // Uploads come first: they use the other processors.
    private static readonly int Parallelism = Math.Max(1, Environment.ProcessorCount / 2);

    private enum Outcome
    {
        /// <summary>The thumbnail is stored.</summary>
        Made,

        /// <summary>The image has a thumbnail, or can have none.</summary>
        Over,

        /// <summary>The image was removed, and its dataset perhaps.</summary>
        Gone,

        /// <summary>To be tried again.</summary>
        Later,
    }

    /// <summary>Works off some rows of the queue. Returns how many it took; 0 when nothing is due.</summary>
    public async Task<int> MakeDueAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var due = await database.DueThumbnails.FromSql(
            $"""
            WITH taken AS MATERIALIZED (SELECT image_id FROM due_thumbnails WHERE due_at <= {now} ORDER BY due_at LIMIT {Batch} FOR UPDATE SKIP LOCKED)
            UPDATE due_thumbnails d SET due_at = {now + Lease}, attempts = attempts + 1 FROM taken WHERE d.image_id = taken.image_id RETURNING d.*
            """).AsNoTracking().ToListAsync(cancellation);
        if (due.Count == 0)
            return 0;
        Guid[] ids = [.. due.Select(row => row.ImageId)];
        var images = await database.DatasetImages.Where(image => ids.Contains(image.Id) && database.Datasets.Any(dataset => dataset.Id == image.DatasetId && dataset.DeletedAt == null))
            .Select(image => new { image.Id, image.ThumbnailKey }).ToDictionaryAsync(image => image.Id, image => image.ThumbnailKey is not null, cancellation);
        var outcomes = new ConcurrentDictionary<Guid, Outcome>();
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation },
            async (row, token) => outcomes[row.ImageId] = await MakeAsync(row, images.TryGetValue(row.ImageId, out var has) ? has : null, token));
        await RecordAsync(due, outcomes, cancellation);
        return due.Count;
    }

    /// <summary>The key of an image's thumbnail, which is made now if it is not there yet; null when none can be made.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> when there is no such image.</exception>
    public async Task<string?> ViewAsync(Guid datasetId, Guid imageId, CancellationToken cancellation)
    {
        var image = await database.DatasetImages.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == imageId && row.DatasetId == datasetId && database.Datasets.Any(dataset => dataset.Id == datasetId && dataset.DeletedAt == null), cancellation)
            ?? throw ProblemException.NoSuch("image");
        if (image.ThumbnailKey is { } present)
            return present;
        var key = DatasetKeys.Thumbnail(datasetId, image.Key);
        if (!await StoreAsync(imageId, image.Key, key, cancellation))
            return null;
        if ((await WriteKeysAsync([imageId], [key], cancellation)).Count > 0)
            return key;
        await stores.External.DeleteAsync(key, cancellation);
        throw ProblemException.NoSuch("image");
    }

    /// <param name="row">What to do.</param>
    /// <param name="hasThumbnail">Null when there is no such image any more.</param>
    private async Task<Outcome> MakeAsync(DueThumbnail row, bool? hasThumbnail, CancellationToken cancellation)
    {
        try
        {
            await staged.CloseAsync([StagingKeys.Of(row.ImageId)], cancellation);
            if (hasThumbnail is not false)
                return hasThumbnail is null ? Outcome.Gone : Outcome.Over;
            return await StoreAsync(row.ImageId, row.ImageKey, DatasetKeys.Thumbnail(row.DatasetId, row.ImageKey), cancellation) ? Outcome.Made : Outcome.Over;
        }
        catch (ProblemException away) when (away.Error == ErrorCodes.StorageUnavailable)
        {
            return Outcome.Later;
        }
        // One image must not keep the others from getting theirs.
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            var last = row.Attempts >= MostAttempts;
            Failed(failure, row.ImageId, row.Attempts, last ? "It has none." : "It is tried again.");
            return last ? Outcome.Over : Outcome.Later;
        }
    }

    /// <summary>Makes a thumbnail and stores it. False, and a line in the log, when the image can have none.</summary>
    private async Task<bool> StoreAsync(Guid imageId, string imageKey, string key, CancellationToken cancellation)
    {
        if (await stores.External.GetBytesAsync(imageKey, int.MaxValue, cancellation) is not { Bytes: { } bytes })
        {
            Impossible(imageId, "its object is missing");
            return false;
        }
        var seen = await inspector.InspectAsync(bytes, cancellation);
        if (seen.Thumbnail is not { } thumbnail)
        {
            Impossible(imageId, seen.Detail ?? "it is no image");
            return false;
        }
        await stores.External.PutAsync(key, thumbnail, "image/jpeg", cancellation);
        return true;
    }

    private async Task RecordAsync(List<DueThumbnail> due, ConcurrentDictionary<Guid, Outcome> outcomes, CancellationToken cancellation)
    {
        var made = due.Where(row => outcomes[row.ImageId] == Outcome.Made).ToArray();
        var written = await WriteKeysAsync([.. made.Select(row => row.ImageId)], [.. made.Select(KeyOf)], cancellation);
        var gone = due.Where(row => outcomes[row.ImageId] == Outcome.Gone).Concat(made.Where(row => !written.Contains(row.ImageId)));
        await stores.External.DeleteAsync([.. gone.Select(KeyOf)], cancellation);

        Guid[] over = [.. due.Where(row => outcomes[row.ImageId] != Outcome.Later).Select(row => row.ImageId)];
        await database.DueThumbnails.Where(row => over.Contains(row.ImageId)).ExecuteDeleteAsync(cancellation);
        Guid[] later = [.. due.Select(row => row.ImageId).Except(over)];
        var next = time.GetUtcNow() + Pause;
        if (later.Length > 0)
            await database.DueThumbnails.Where(row => later.Contains(row.ImageId)).ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, next), cancellation);

        static string KeyOf(DueThumbnail row) => DatasetKeys.Thumbnail(row.DatasetId, row.ImageKey);
    }

    /// <summary>
    /// Writes the keys to the rows of images that are there, and returns these images. A dataset is marked as deleted before its objects are listed to
    /// be removed, and an image's row goes before its objects. So what is written here is removed with the image, and the rest is for the caller to delete.
    /// </summary>
    private async Task<HashSet<Guid>> WriteKeysAsync(Guid[] ids, string[] keys, CancellationToken cancellation) => ids.Length == 0 ? [] :
        (await database.Database.SqlQuery<Guid>(
            $"""
            UPDATE dataset_images i SET thumbnail_key = m.key FROM unnest({ids}, {keys}) AS m(id, key), datasets d
            WHERE i.id = m.id AND d.id = i.dataset_id AND d.deleted_at IS NULL RETURNING i.id AS "Value"
            """).ToListAsync(cancellation)).ToHashSet();

    [LoggerMessage(LogLevel.Warning, "The image {ImageId} has no thumbnail: {Reason}")]
    private partial void Impossible(Guid imageId, string reason);

    [LoggerMessage(LogLevel.Error, "Making the thumbnail of the image {ImageId} failed (attempt {Attempt}). {Next}")]
    private partial void Failed(Exception failure, Guid imageId, int attempt, string next);
}
