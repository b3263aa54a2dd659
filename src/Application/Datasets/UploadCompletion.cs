using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>An upload that did not become an image.</summary>
/// <param name="UploadId">The id in the request.</param>
/// <param name="Path">The announced path; null when the upload is unknown.</param>
/// <param name="Error">The error code.</param>
/// <param name="Detail">What is wrong with this file.</param>
public sealed record FailedUpload(Guid UploadId, string? Path, ErrorCode Error, string Detail);

/// <summary>The result of completing uploads. Both lists follow the order of the request.</summary>
public sealed record CompletedUploads(IReadOnlyList<DatasetImage> Completed, IReadOnlyList<FailedUpload> Failed);

/// <summary>
/// Second half of an upload. Each file is read once. Those bytes are checked by content, hashed and stored under the key of the image, which no URL
/// can write; the good uploads then become images in one transaction. Their thumbnails, and emptying their staged objects, are left to
/// <see cref="Thumbnails"/>. What the sender stored beside the bytes (headers, metadata, an ACL) is left
/// behind. An image takes its upload's id, so completing again answers the same. Bad files are removed; one bad file harms no other.
/// </summary>
public sealed class UploadCompletion(PlatformDatabase database, ObjectStores stores, StagedUploads staged, ImageInspector inspector, TimeProvider time)
{
    /// <summary>Files read from the store at once.</summary>
    private const int Parallelism = 16;

    /// <summary>What became of one file.</summary>
    /// <param name="Image">Set when the file is a good image.</param>
    /// <param name="Failure">Set when it is not.</param>
    /// <param name="Remove">Whether to delete the upload of a bad file.</param>
    private sealed record Checked(DatasetUpload Upload, GoodFile? Image, FailedUpload? Failure, bool Remove);

    private sealed record GoodFile(Guid Id, string? Class, string Key, string ContentType, string Sha256, int Width, int Height);

    /// <summary>Completes uploads of one dataset.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.StorageUnavailable"/> when the store is away for every file;
    /// <see cref="ErrorCodes.NotFound"/> when the dataset was deleted meanwhile.</exception>
    public async Task<CompletedUploads> CompleteAsync(Guid datasetId, IReadOnlyList<Guid> uploadIds, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var order = uploadIds.Distinct().Index().ToDictionary(wanted => wanted.Item, wanted => wanted.Index);
        DatasetUpload[] uploads =
        [
            .. (await database.DatasetUploads.AsNoTracking()
                .Where(upload => upload.DatasetId == datasetId && uploadIds.Contains(upload.Id) && upload.ExpiresAt > now).ToListAsync(cancellation))
                .OrderBy(upload => order[upload.Id]),
        ];

        var outcomes = new Checked[uploads.Length];
        await Parallel.ForAsync(0, uploads.Length, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation },
            async (i, token) => outcomes[i] = await CheckAsync(uploads[i], token));
        if (outcomes.Length > 0 && outcomes.All(outcome => outcome.Failure?.Error == ErrorCodes.StorageUnavailable))
            throw new ProblemException(ErrorCodes.StorageUnavailable);

        GoodFile[] good = [.. outcomes.Select(outcome => outcome.Image).OfType<GoodFile>()];
        IReadOnlyList<DatasetImage> images;
        try
        {
            images = await StoreAsync(datasetId, outcomes, now, cancellation);
        }
        catch (ProblemException)
        {
            await RemoveUnusedAsync(good, [], cancellation);
            throw;
        }
        var answer = await AnswerAsync(datasetId, uploadIds, outcomes, images, cancellation);
        var becameImages = answer.Completed.Select(image => image.Id).ToHashSet();
        // The staged objects of new images are emptied after the answer, except those under keys of an earlier release.
        await staged.CloseAsync(
            [
                .. outcomes.Where(outcome => (outcome.Image is not null || outcome.Remove) && !(becameImages.Contains(outcome.Upload.Id) && StagingKeys.Has(outcome.Upload.Key)))
                    .Select(outcome => outcome.Upload.Key),
            ], cancellation);
        await RemoveUnusedAsync(good, answer.Completed, cancellation);
        return answer;
    }

    /// <summary>Reads and checks one file, and stores the image.</summary>
    private async Task<Checked> CheckAsync(DatasetUpload upload, CancellationToken cancellation)
    {
        try
        {
            var stored = await stores.External.GetBytesAsync(upload.Key, upload.Size, cancellation);
            if (stored is null)
                // Keep the upload: the sender may still put the file and complete it again.
                return Fail(upload, ErrorCodes.UploadNotFound, "The file was announced but never put to its URL.", remove: false);
            if (stored.Bytes is not { } bytes || bytes.Length != upload.Size)
                return Fail(upload, ErrorCodes.SizeMismatch, $"{upload.Size} bytes were announced, {stored.Info.Size} were stored.");

            var seen = await inspector.CheckAsync(bytes, cancellation);
            if (seen.Defect is { } defect)
                return Fail(upload, CodeOf(defect), seen.Detail!);

            var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
            var key = DatasetKeys.Image(upload.DatasetId, upload.Id, sha256);
            await stores.External.PutAsync(key, bytes, seen.Facts!.ContentType, cancellation);
            return new Checked(upload, new GoodFile(upload.Id, upload.Class, key, seen.Facts.ContentType, sha256, seen.Facts.Width, seen.Facts.Height), null, Remove: false);
        }
        catch (ProblemException away) when (away.Error == ErrorCodes.StorageUnavailable)
        {
            return Fail(upload, away.Error, away.Message, remove: false);
        }
    }

    /// <summary>Inserts images for the good uploads and deletes the uploads that are over, in one transaction. Returns the new images.</summary>
    private async Task<IReadOnlyList<DatasetImage>> StoreAsync(Guid datasetId, Checked[] outcomes, DateTimeOffset began, CancellationToken cancellation)
    {
        var done = outcomes.Where(outcome => outcome.Image is not null || outcome.Remove).Select(outcome => outcome.Upload.Id).ToArray();
        if (done.Length == 0)
            return [];
        var now = time.GetUtcNow();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        // Lock the dataset, as VersionPublisher explains. This also keeps it from being deleted until the commit.
        if (await database.Datasets.Where(dataset => dataset.Id == datasetId && dataset.DeletedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.UpdatedAt, now), cancellation) == 0)
            throw new ProblemException(ErrorCodes.NotFound);
        await RefuseInTheWayAsync(datasetId, outcomes, cancellation);
        var images = await InsertAsync(datasetId, [.. outcomes.Select(outcome => outcome.Image).OfType<GoodFile>()], now, cancellation);
        await QueueThumbnailsAsync(datasetId, images, began, cancellation);
        await database.DatasetUploads.Where(upload => done.Contains(upload.Id)).ExecuteDeleteAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return images;
    }

    private Task<int> QueueThumbnailsAsync(Guid datasetId, IReadOnlyList<DatasetImage> images, DateTimeOffset due, CancellationToken cancellation)
    {
        var (ids, keys) = (images.Select(image => image.Id).ToArray(), images.Select(image => image.Key).ToArray());
        return database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO due_thumbnails (image_id, dataset_id, image_key, due_at, attempts)
            SELECT i.id, {datasetId}, i.key, {due}, 0 FROM unnest({ids}, {keys}) AS i(id, key) ON CONFLICT DO NOTHING
            """, cancellation);
    }

    /// <summary>Fails the good files whose path cannot exist beside an image of the dataset or another one of them.</summary>
    private async Task RefuseInTheWayAsync(Guid datasetId, Checked[] outcomes, CancellationToken cancellation)
    {
        var inTheWay = await database.PathsInTheWayAsync(
            datasetId, [.. outcomes.Where(outcome => outcome.Image is not null).Select(outcome => outcome.Upload.Path)], cancellation);
        for (var i = 0; i < outcomes.Length && inTheWay.Count > 0; i++)
            if (outcomes[i] is { Image: not null, Upload: var upload } && inTheWay.TryGetValue(upload.Path, out var other))
                outcomes[i] = Fail(upload, ErrorCodes.InvalidPath, $"'{upload.Path}' cannot be beside '{other}': one of them needs a folder where the other is.");
    }

    // Skips uploads that another completion has already turned into images.
    private async Task<List<DatasetImage>> InsertAsync(Guid datasetId, GoodFile[] good, DateTimeOffset now, CancellationToken cancellation)
    {
        var spellings = await database.ClassSpellingsAsync(datasetId, good.Select(file => file.Class).OfType<string>(), cancellation);
        var classes = good.Select(file => file.Class is { } name ? spellings[name] : null).ToArray();
        var (ids, types) = (good.Select(file => file.Id).ToArray(), good.Select(file => file.ContentType).ToArray());
        var keys = good.Select(file => file.Key).ToArray();
        var (hashes, widths, heights) = (good.Select(file => file.Sha256).ToArray(), good.Select(file => file.Width).ToArray(), good.Select(file => file.Height).ToArray());
        return await database.DatasetImages.FromSql(
            $"""
            INSERT INTO dataset_images (id, dataset_id, path, folded_path, key, class, split, content_type, size, sha256, width, height, created_by, created_at)
            SELECT u.id, u.dataset_id, u.path, u.folded_path, w.key, CASE WHEN d.task_type = 'image_classification' THEN w.class END, u.split, w.content_type, u.size, w.sha256, w.width, w.height, u.created_by, {now}
            FROM unnest({ids}, {keys}, {classes}, {types}, {hashes}, {widths}, {heights}) AS w(id, key, class, content_type, sha256, width, height)
            JOIN dataset_uploads u ON u.id = w.id JOIN datasets d ON d.id = u.dataset_id
            ON CONFLICT DO NOTHING
            RETURNING *
            """).AsNoTracking().ToListAsync(cancellation);
    }

    /// <summary>Removes the objects of good files that did not become images, because another upload or completion was first.</summary>
    private async Task RemoveUnusedAsync(GoodFile[] good, IEnumerable<DatasetImage> images, CancellationToken cancellation)
    {
        var unused = good.ExceptBy(images.Select(image => image.Key), file => file.Key, StringComparer.Ordinal).ToArray();
        if (unused.Length == 0)
            return;
        // Another completion of the upload may have made an image of the same key, and a version may have pinned it since.
        var (keys, ids) = (unused.Select(file => file.Key).ToArray(), unused.Select(file => file.Id).ToArray());
        var used = await database.DatasetImages.Where(image => ids.Contains(image.Id)).Select(image => image.Key)
            .Union(database.DatasetVersionImages.Where(image => keys.Contains(image.Key)).Select(image => image.Key)).ToListAsync(cancellation);
        await stores.External.DeleteAsync([.. keys.Except(used, StringComparer.Ordinal)], cancellation);
    }

    private async Task<CompletedUploads> AnswerAsync(
        Guid datasetId, IReadOnlyList<Guid> uploadIds, Checked[] outcomes, IReadOnlyList<DatasetImage> made, CancellationToken cancellation)
    {
        var images = made.ToDictionary(image => image.Id);
        var others = uploadIds.Where(id => !images.ContainsKey(id)).ToArray();
        // Completed earlier, or by another request at the same time.
        if (others.Length > 0)
            await foreach (var image in database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == datasetId && others.Contains(image.Id)).AsAsyncEnumerable().WithCancellation(cancellation))
                images.Add(image.Id, image);
        var failures = outcomes.Where(outcome => outcome.Failure is not null).ToDictionary(outcome => outcome.Upload.Id, outcome => outcome.Failure!);
        var paths = outcomes.ToDictionary(outcome => outcome.Upload.Id, outcome => outcome.Upload.Path);
        var failed = uploadIds.Distinct().Where(id => !images.ContainsKey(id)).Select(id =>
            failures.GetValueOrDefault(id)
            ?? (paths.TryGetValue(id, out var path)
                ? new FailedUpload(id, path, ErrorCodes.DuplicateImage, $"'{path}' was completed by another upload, or announced again with another size.")
                : new FailedUpload(id, null, ErrorCodes.UploadNotFound, "There is no such upload, or it has expired."))).ToArray();
        return new CompletedUploads([.. uploadIds.Distinct().Where(images.ContainsKey).Select(id => images[id])], failed);
    }

    private static Checked Fail(DatasetUpload upload, ErrorCode error, string detail, bool remove = true) =>
        new(upload, null, new FailedUpload(upload.Id, upload.Path, error, detail), remove);

    private static ErrorCode CodeOf(ImageDefect defect) => defect switch
    {
        ImageDefect.NotAnImage => ErrorCodes.NotAnImage,
        ImageDefect.TooLarge => ErrorCodes.ImageTooLarge,
        ImageDefect.Truncated => ErrorCodes.ImageTruncated,
        _ => throw new ArgumentOutOfRangeException(nameof(defect)),
    };
}
