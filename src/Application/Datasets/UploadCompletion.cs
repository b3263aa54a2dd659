using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Images;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>An upload that did not become an image.</summary>
/// <param name="UploadId">As asked for.</param>
/// <param name="Path">Path announced; null when the upload is unknown.</param>
/// <param name="Error">Why.</param>
/// <param name="Detail">Why, in words of this file.</param>
public sealed record FailedUpload(Guid UploadId, string? Path, ErrorCode Error, string Detail);

/// <summary>What came of completing uploads, each in the order asked for.</summary>
public sealed record CompletedUploads(IReadOnlyList<DatasetImage> Completed, IReadOnlyList<FailedUpload> Failed);

/// <summary>
/// Second half of an upload: reads what was stored, checks it by content, makes thumbnails, and turns the good uploads into images in one
/// transaction. An image takes its upload's id, so completing again answers the same. Bad files are removed; one bad file harms no other.
/// </summary>
public sealed class UploadCompletion(
    PlatformDatabase database, ObjectStores stores, ImageInspector inspector, DecodeSlots slots, TimeProvider time)
{
    /// <summary>Files read from the store at once.</summary>
    private const int Parallelism = 16;

    private const string InsertImages =
        """
        INSERT INTO dataset_images (id, dataset_id, path, key, thumbnail_key, class, content_type, size, sha256, width, height, created_by, created_at)
        SELECT u.id, u.dataset_id, u.path, u.key, w.thumbnail_key, u.class, w.content_type, u.size, w.sha256, w.width, w.height, u.created_by, $1
        FROM unnest($2, $3, $4, $5, $6, $7) AS w(id, thumbnail_key, content_type, sha256, width, height)
        JOIN dataset_uploads u ON u.id = w.id
        ON CONFLICT DO NOTHING
        """;

    private sealed record Checked(DatasetUpload Upload, DatasetImage? Image, FailedUpload? Failure, bool Remove);

    /// <summary>Completes uploads of one dataset.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.StorageUnavailable"/> when the store is away for every file;
    /// <see cref="ErrorCodes.NotFound"/> when the dataset was deleted meanwhile.</exception>
    public async Task<CompletedUploads> CompleteAsync(Guid datasetId, IReadOnlyList<Guid> uploadIds, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var uploads = await database.DatasetUploads.AsNoTracking()
            .Where(upload => upload.DatasetId == datasetId && uploadIds.Contains(upload.Id) && upload.ExpiresAt > now).ToListAsync(cancellation);

        var outcomes = new Checked[uploads.Count];
        await Parallel.ForAsync(0, uploads.Count, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation },
            async (i, token) => outcomes[i] = await CheckAsync(uploads[i], token));
        if (outcomes.Length > 0 && outcomes.All(outcome => outcome.Failure?.Error == ErrorCodes.StorageUnavailable))
            throw new ProblemException(ErrorCodes.StorageUnavailable);

        await StoreAsync(datasetId, outcomes, cancellation);
        await RemoveObjectsAsync([.. outcomes.Where(outcome => outcome.Remove)], cancellation);
        return await AnswerAsync(datasetId, uploadIds, outcomes, cancellation);
    }

    /// <summary>Reads and checks one file and stores its thumbnail.</summary>
    private async Task<Checked> CheckAsync(DatasetUpload upload, CancellationToken cancellation)
    {
        try
        {
            var stored = await stores.External.GetBytesAsync(upload.Key, upload.Size, cancellation);
            if (stored is null)
                // Not removed: the sender may still put the file and complete again.
                return Fail(upload, ErrorCodes.UploadNotFound, "The file was announced but never put to its URL.", remove: false);
            if (stored.Bytes is not { } bytes || bytes.Length != upload.Size)
                return Fail(upload, ErrorCodes.SizeMismatch, $"{upload.Size} bytes were announced, {stored.Info.Size} were stored.");

            var (sha256, seen) = await slots.RunAsync(() => (Convert.ToHexStringLower(SHA256.HashData(bytes)), inspector.Inspect(bytes)), cancellation);
            if (seen.Defect is { } defect)
                return Fail(upload, CodeOf(defect), seen.Detail!);

            var thumbnailKey = DatasetKeys.Thumbnail(upload.DatasetId, upload.Key);
            await stores.External.PutAsync(thumbnailKey, seen.Thumbnail, "image/jpeg", cancellation);
            return new Checked(upload, new DatasetImage
            {
                Id = upload.Id, DatasetId = upload.DatasetId, Path = upload.Path, Key = upload.Key, ThumbnailKey = thumbnailKey, Class = upload.Class,
                ContentType = seen.Facts!.ContentType, Size = upload.Size, Sha256 = sha256, Width = seen.Facts.Width, Height = seen.Facts.Height,
                CreatedBy = upload.CreatedBy, CreatedAt = time.GetUtcNow(),
            }, null, Remove: false);
        }
        catch (ProblemException away) when (away.Error == ErrorCodes.StorageUnavailable)
        {
            return Fail(upload, away.Error, away.Message, remove: false);
        }
    }

    /// <summary>Turns good uploads into images and forgets them and the bad ones, all or nothing.</summary>
    private async Task StoreAsync(Guid datasetId, Checked[] outcomes, CancellationToken cancellation)
    {
        var good = outcomes.Select(outcome => outcome.Image).OfType<DatasetImage>().ToArray();
        var done = outcomes.Where(outcome => outcome.Image is not null || outcome.Remove).Select(outcome => outcome.Upload.Id).ToArray();
        if (done.Length == 0)
            return;
        var now = time.GetUtcNow();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // The dataset's lock: see VersionPublisher. It also keeps the dataset from being deleted meanwhile.
        if (await database.Datasets.Where(dataset => dataset.Id == datasetId && dataset.DeletedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.UpdatedAt, now), cancellation) == 0)
            throw new ProblemException(ErrorCodes.NotFound);
        await using (var command = new NpgsqlCommand(InsertImages, (NpgsqlConnection)database.Database.GetDbConnection()))
        {
            command.Parameters.Add(new() { Value = now });
            command.Parameters.Add(new() { Value = good.Select(image => image.Id).ToArray() });
            command.Parameters.Add(new() { Value = good.Select(image => image.ThumbnailKey).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
            command.Parameters.Add(new() { Value = good.Select(image => image.ContentType).ToArray() });
            command.Parameters.Add(new() { Value = good.Select(image => image.Sha256).ToArray() });
            command.Parameters.Add(new() { Value = good.Select(image => image.Width).ToArray() });
            command.Parameters.Add(new() { Value = good.Select(image => image.Height).ToArray() });
            await command.ExecuteNonQueryAsync(cancellation);
        }
        await database.DatasetUploads.Where(upload => done.Contains(upload.Id)).ExecuteDeleteAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>The rows are gone, so a failure here only leaves an object nobody points at; the answer stands.</summary>
    private async Task RemoveObjectsAsync(IReadOnlyCollection<Checked> bad, CancellationToken cancellation)
    {
        if (bad.Count > 0)
            await stores.External.DeleteAsync([.. bad.Select(outcome => outcome.Upload.Key)], cancellation);
    }

    private async Task<CompletedUploads> AnswerAsync(Guid datasetId, IReadOnlyList<Guid> uploadIds, Checked[] outcomes, CancellationToken cancellation)
    {
        var images = await database.DatasetImages.AsNoTracking()
            .Where(image => image.DatasetId == datasetId && uploadIds.Contains(image.Id)).ToDictionaryAsync(image => image.Id, cancellation);
        var failures = outcomes.Where(outcome => outcome.Failure is not null).ToDictionary(outcome => outcome.Upload.Id, outcome => outcome.Failure!);
        var paths = outcomes.ToDictionary(outcome => outcome.Upload.Id, outcome => outcome.Upload.Path);
        var failed = uploadIds.Distinct().Where(id => !images.ContainsKey(id)).Select(id =>
            failures.GetValueOrDefault(id)
            ?? (paths.TryGetValue(id, out var path)
                ? new FailedUpload(id, path, ErrorCodes.DuplicateImage, $"'{path}' was completed by another upload.")
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
