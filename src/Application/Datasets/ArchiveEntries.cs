using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>What was decided about an entry.</summary>
/// <param name="Number">Its number in the archive.</param>
public sealed record DecidedEntry(int Number, EntryOutcome Outcome, ErrorCode? Error, string? Detail)
{
    public static DecidedEntry Taken(int number) => new(number, EntryOutcome.Taken, null, null);

    public static DecidedEntry Refused(int number, ErrorCode error, string detail) => new(number, EntryOutcome.Refused, error, detail);

    public static DecidedEntry Skipped(int number, ErrorCode error, string detail) => new(number, EntryOutcome.Skipped, error, detail);
}

/// <summary>An unpacked entry.</summary>
public sealed record UnpackedEntry(DatasetArchiveEntry Entry, byte[] Content);

/// <summary>
/// Makes images of unpacked entries, by the same steps as single uploads: announced, put to the staging key, completed. Each step may be cut off and
/// repeated: the upload of an entry is recorded before it is completed, and the image takes its id.
/// </summary>
public sealed class ArchiveEntries(PlatformDatabase database, ObjectStores stores, UploadIntake intake, UploadCompletion completion, Quotas quotas)
{
    private const int Parallelism = 8;

    /// <summary>Takes, skips or refuses each entry, and records it.</summary>
    /// <param name="archive">Being unpacked.</param>
    /// <param name="unpacked">Entries that are in the database without an outcome. No two have the same path.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> when the dataset was deleted, <see cref="ErrorCodes.QuotaExceeded"/>,
    /// <see cref="ErrorCodes.StorageUnavailable"/>.</exception>
    public async Task TakeAsync(DatasetArchive archive, IReadOnlyList<UnpackedEntry> unpacked, CancellationToken cancellation)
    {
        var decided = new List<DecidedEntry>();
        var left = await WithoutTakenAsync(unpacked, decided, cancellation);
        var files = new List<(UnpackedEntry Unpacked, AnnouncedFile File)>();
        foreach (var one in left)
            if (ImageSignature.Of(one.Content) is { } format)
                files.Add((one, new AnnouncedFile(one.Entry.Path!, one.Content.Length, format.ContentType(), one.Entry.Class, one.Entry.Split)));
            else
                decided.Add(NoImage(one.Entry.Number, one.Entry.Path!, one.Content.Length == 0 ? "The file is empty." : "The content is not that of an image."));

        var uploads = await AnnounceAsync(archive, files, decided, cancellation);
        await RecordUploadsAsync(archive.Id, uploads, cancellation);
        await Parallel.ForEachAsync(uploads, new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellation }, async (upload, token) =>
            await stores.External.PutAsync(StagingKeys.Of(upload.Id), upload.Unpacked.Content, upload.ContentType, token));
        await CompleteAsync(archive, uploads, decided, cancellation);
        await RecordAsync(archive.Id, decided, cancellation);
        // Nobody has URLs of these keys, so nothing needs to keep them closed.
        await stores.External.DeleteAsync([.. uploads.Select(upload => StagingKeys.Of(upload.Id))], cancellation);
    }

    /// <summary>What a file is that is no image: refused if its name promises one.</summary>
    public static DecidedEntry NoImage(int number, string name, string detail) => ArchiveEntryName.IsCalledImage(name)
        ? DecidedEntry.Refused(number, ErrorCodes.NotAnImage, detail)
        : DecidedEntry.Skipped(number, ErrorCodes.NotAnImage, "Not an image.");

    /// <summary>Records outcomes and counts them. An entry that has an outcome keeps it and is not counted again.</summary>
    public Task RecordAsync(Guid archiveId, IReadOnlyList<DecidedEntry> decided, CancellationToken cancellation)
    {
        var numbers = decided.Select(one => one.Number).ToArray();
        var outcomes = decided.Select(one => one.Outcome.ToString().ToLowerInvariant()).ToArray();
        var (codes, details) = (decided.Select(one => one.Error?.Code).ToArray(), decided.Select(one => one.Detail).ToArray());
        return database.Database.ExecuteSqlAsync(
            $"""
            WITH archive AS MATERIALIZED (SELECT id FROM dataset_archives WHERE id = {archiveId} FOR UPDATE), done AS (
                UPDATE dataset_archive_entries e SET outcome = w.outcome, code = w.code, detail = w.detail
                FROM unnest({numbers}, {outcomes}, {codes}, {details}) AS w(number, outcome, code, detail), archive
                WHERE e.archive_id = archive.id AND e.number = w.number AND e.outcome IS NULL
                RETURNING e.outcome, e.size
            ), counted AS (
                SELECT count(*) FILTER (WHERE outcome = 'taken') AS taken, count(*) FILTER (WHERE outcome = 'skipped') AS skipped,
                       count(*) FILTER (WHERE outcome = 'refused') AS refused, coalesce(sum(size) FILTER (WHERE outcome = 'taken'), 0) AS bytes
                FROM done
            )
            UPDATE dataset_archives a
            SET taken = a.taken + c.taken, skipped = a.skipped + c.skipped, refused = a.refused + c.refused, taken_bytes = a.taken_bytes + c.bytes
            FROM counted c WHERE a.id = {archiveId}
            """, cancellation);
    }

    /// <summary>Leaves out entries that an earlier run, which was cut off, has made images of.</summary>
    private async Task<List<UnpackedEntry>> WithoutTakenAsync(IReadOnlyList<UnpackedEntry> unpacked, List<DecidedEntry> decided, CancellationToken cancellation)
    {
        var ids = unpacked.Select(one => one.Entry.UploadId).OfType<Guid>().ToArray();
        if (ids.Length == 0)
            return [.. unpacked];
        var images = (await database.DatasetImages.Where(image => ids.Contains(image.Id)).Select(image => image.Id).ToListAsync(cancellation)).ToHashSet();
        var taken = unpacked.ToLookup(one => one.Entry.UploadId is { } id && images.Contains(id));
        decided.AddRange(taken[true].Select(one => DecidedEntry.Taken(one.Entry.Number)));
        return [.. taken[false]];
    }

    private sealed record Upload(Guid Id, UnpackedEntry Unpacked, string ContentType);

    private async Task<List<Upload>> AnnounceAsync(
        DatasetArchive archive, List<(UnpackedEntry Unpacked, AnnouncedFile File)> files, List<DecidedEntry> decided, CancellationToken cancellation)
    {
        var quota = await quotas.OfStorageAsync(archive.CreatedBy, cancellation);
        while (files.Count > 0)
            try
            {
                var tickets = await intake.AnnounceAsync(archive.DatasetId, archive.CreatedBy, [.. files.Select(one => one.File)], skipDuplicates: true, quota, cancellation);
                var ids = tickets.Uploads.ToDictionary(ticket => ticket.Path, ticket => ticket.UploadId, StringComparer.Ordinal);
                decided.AddRange(files.Where(one => !ids.ContainsKey(one.File.Path))
                    .Select(one => DecidedEntry.Skipped(one.Unpacked.Entry.Number, ErrorCodes.DuplicateImage, $"The dataset already has '{one.File.Path}'.")));
                return [.. files.Where(one => ids.ContainsKey(one.File.Path)).Select(one => new Upload(ids[one.File.Path], one.Unpacked, one.File.ContentType))];
            }
            catch (ProblemException inTheWay) when (inTheWay.Error == ErrorCodes.InvalidPath && inTheWay.Errors.Count > 0)
            {
                // An image of the dataset is where some files need a folder: without those the others can be announced.
                var refused = files.Index().Where(one => inTheWay.Errors.ContainsKey($"files[{one.Index}].path")).Select(one => one.Item).ToList();
                if (refused.Count == 0)
                    throw;
                decided.AddRange(refused.Select(one => DecidedEntry.Refused(one.Unpacked.Entry.Number, ErrorCodes.InvalidPath, inTheWay.Message)));
                files = [.. files.Except(refused)];
            }
        return [];
    }

    private Task RecordUploadsAsync(Guid archiveId, List<Upload> uploads, CancellationToken cancellation)
    {
        var (numbers, ids) = (uploads.Select(upload => upload.Unpacked.Entry.Number).ToArray(), uploads.Select(upload => upload.Id).ToArray());
        return database.Database.ExecuteSqlAsync(
            $"""
            UPDATE dataset_archive_entries e SET upload_id = w.id FROM unnest({numbers}, {ids}) AS w(number, id)
            WHERE e.archive_id = {archiveId} AND e.number = w.number
            """, cancellation);
    }

    private async Task CompleteAsync(DatasetArchive archive, List<Upload> uploads, List<DecidedEntry> decided, CancellationToken cancellation)
    {
        if (uploads.Count == 0)
            return;
        var numbers = uploads.ToDictionary(upload => upload.Id, upload => upload.Unpacked.Entry.Number);
        var done = await completion.CompleteAsync(archive.DatasetId, [.. numbers.Keys], cancellation);
        // The activity is repeated; what is taken by then is found by its upload.
        if (done.Failed.Any(failure => failure.Error == ErrorCodes.StorageUnavailable))
            throw new ProblemException(ErrorCodes.StorageUnavailable);
        decided.AddRange(done.Completed.Select(image => DecidedEntry.Taken(numbers[image.Id])));
        decided.AddRange(done.Failed.Select(failure => failure.Error == ErrorCodes.DuplicateImage
            ? DecidedEntry.Skipped(numbers[failure.UploadId], failure.Error, failure.Detail)
            : DecidedEntry.Refused(numbers[failure.UploadId], failure.Error, failure.Detail)));
    }
}
