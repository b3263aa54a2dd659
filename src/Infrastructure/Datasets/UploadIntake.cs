using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Datasets;

/// <summary>A file somebody wants to upload; already checked against <see cref="ImagePath"/> and <see cref="ClassName"/>.</summary>
/// <param name="Path">Path in the dataset.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ContentType">What to store it as; the signature holds the sender to it.</param>
/// <param name="Class">Class of the image, or null.</param>
public sealed record AnnouncedFile(string Path, long Size, string ContentType, string? Class);

/// <summary>Where to put an announced file.</summary>
public sealed record UploadTicket(Guid UploadId, string Path, PresignedRequest Request);

/// <summary>What came of announcing files.</summary>
public sealed record UploadTickets(IReadOnlyList<UploadTicket> Uploads, IReadOnlyList<string> Skipped);

/// <summary>First half of an upload: remembers what is to come and gives out write-once URLs.</summary>
public sealed class UploadIntake(NpgsqlDataSource database, ObjectStores stores, DatasetLimits limits, TimeProvider time)
{
    private sealed record Pending(Guid Id, string Key, long Size);

    /// <summary>
    /// Announces files. A path announced before and not completed keeps its id and place, so an interrupted upload goes on; if its size
    /// differs now, what was stored under it is dropped.
    /// </summary>
    /// <param name="datasetId">A dataset the caller may write to.</param>
    /// <param name="userId">The caller.</param>
    /// <param name="files">Paths unique ignoring case.</param>
    /// <param name="skipDuplicates">Leave paths out that the dataset has, instead of failing.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="requireFits">Refuses, in the transaction that announces, what is more than the caller may store.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.DuplicateImage"/> naming the files, when not skipping.</exception>
    public async Task<UploadTickets> AnnounceAsync(
        Guid datasetId, Guid userId, IReadOnlyList<AnnouncedFile> files, bool skipDuplicates, CancellationToken cancellation,
        Func<NpgsqlConnection, CancellationToken, Task>? requireFits = null)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = await connection.BeginTransactionAsync(cancellation);

        var present = await PresentAsync(connection, datasetId, files, cancellation);
        if (present.Count > 0 && !skipDuplicates)
            throw new ProblemException(ErrorCodes.DuplicateImage, $"The dataset already has {present.Count} of these paths.", FieldErrors(files, present));
        var wanted = files.Where(file => !present.Contains(file.Path)).ToArray();
        var pending = await PendingAsync(connection, datasetId, wanted, cancellation);
        var pinned = await TakenKeysAsync(connection, datasetId, wanted, cancellation);

        var rows = wanted.Select(file =>
        {
            var id = Guid.CreateVersion7(time.GetUtcNow());
            var key = DatasetKeys.Image(datasetId, file.Path);
            return (File: file, Id: id, Key: pinned.Contains(key) ? DatasetKeys.FreshImage(datasetId, file.Path, id) : key);
        }).ToArray();
        var stored = await UpsertAsync(connection, datasetId, userId, rows, cancellation);
        if (requireFits is not null)
            await requireFits(connection, cancellation);
        await transaction.CommitAsync(cancellation);

        var stale = wanted.Select(file => pending.GetValueOrDefault(file.Path) is { } old && old.Size != file.Size ? old.Key : null).OfType<string>().ToArray();
        await stores.External.DeleteAsync(stale, cancellation);
        return new UploadTickets(
            [.. wanted.Select(file => Ticket(file, stored[file.Path]))],
            [.. files.Where(file => present.Contains(file.Path)).Select(file => file.Path)]);
    }

    private UploadTicket Ticket(AnnouncedFile file, (Guid Id, string Key) row) =>
        new(row.Id, file.Path, stores.External.PresignPutOnce(row.Key, file.ContentType, limits.UploadUrlLifetime));

    private static async Task<HashSet<string>> PresentAsync(NpgsqlConnection connection, Guid datasetId, IReadOnlyList<AnnouncedFile> files, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            "SELECT wanted.path FROM unnest($2) AS wanted(path) JOIN dataset_images i ON i.dataset_id = $1 AND lower(i.path) = lower(wanted.path)", connection);
        command.Parameters.Add(new() { Value = datasetId });
        command.Parameters.Add(Paths(files));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var present = new HashSet<string>(ImagePath.Comparer);
        while (await reader.ReadAsync(cancellation))
            present.Add(reader.GetString(0));
        return present;
    }

    private static async Task<Dictionary<string, Pending>> PendingAsync(NpgsqlConnection connection, Guid datasetId, IReadOnlyList<AnnouncedFile> files, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT wanted.path, u.id, u.key, u.size
            FROM unnest($2) AS wanted(path) JOIN dataset_uploads u ON u.dataset_id = $1 AND lower(u.path) = lower(wanted.path)
            """, connection);
        command.Parameters.Add(new() { Value = datasetId });
        command.Parameters.Add(Paths(files));
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var pending = new Dictionary<string, Pending>(ImagePath.Comparer);
        while (await reader.ReadAsync(cancellation))
            pending[reader.GetString(0)] = new Pending(reader.GetGuid(1), reader.GetString(2), reader.GetInt64(3));
        return pending;
    }

    /// <summary>Plain keys that hold bytes already: of an image since renamed in case, or deleted but pinned by a version.</summary>
    private static async Task<HashSet<string>> TakenKeysAsync(NpgsqlConnection connection, Guid datasetId, IReadOnlyList<AnnouncedFile> files, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            SELECT key FROM unnest($1) AS wanted(key)
            WHERE EXISTS (SELECT 1 FROM dataset_version_images v WHERE v.key = wanted.key)
               OR EXISTS (SELECT 1 FROM dataset_images i WHERE i.key = wanted.key)
            """, connection);
        command.Parameters.Add(new() { Value = files.Select(file => DatasetKeys.Image(datasetId, file.Path)).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var taken = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellation))
            taken.Add(reader.GetString(0));
        return taken;
    }

    private async Task<Dictionary<string, (Guid Id, string Key)>> UpsertAsync(
        NpgsqlConnection connection, Guid datasetId, Guid userId, IReadOnlyList<(AnnouncedFile File, Guid Id, string Key)> rows, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(
            """
            INSERT INTO dataset_uploads AS u (id, dataset_id, path, key, class, content_type, size, created_by, created_at, expires_at)
            SELECT w.id, $1, w.path, w.key, w.class, w.content_type, w.size, $2, $3, $4
            FROM unnest($5, $6, $7, $8, $9, $10) AS w(id, path, key, class, content_type, size)
            ON CONFLICT (dataset_id, lower(path)) DO UPDATE
            SET path = EXCLUDED.path, class = EXCLUDED.class, content_type = EXCLUDED.content_type, size = EXCLUDED.size, expires_at = EXCLUDED.expires_at
            RETURNING u.path, u.id, u.key
            """, connection);
        var now = time.GetUtcNow();
        command.Parameters.Add(new() { Value = datasetId });
        command.Parameters.Add(new() { Value = userId });
        command.Parameters.Add(new() { Value = now });
        command.Parameters.Add(new() { Value = now + limits.UploadLifetime });
        command.Parameters.Add(new() { Value = rows.Select(row => row.Id).ToArray() });
        command.Parameters.Add(Paths(rows.Select(row => row.File)));
        command.Parameters.Add(new() { Value = rows.Select(row => row.Key).ToArray() });
        command.Parameters.Add(new() { Value = rows.Select(row => row.File.Class).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = rows.Select(row => row.File.ContentType).ToArray() });
        command.Parameters.Add(new() { Value = rows.Select(row => row.File.Size).ToArray() });
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var stored = new Dictionary<string, (Guid, string)>(rows.Count, StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellation))
            stored[reader.GetString(0)] = (reader.GetGuid(1), reader.GetString(2));
        return stored;
    }

    private static NpgsqlParameter Paths(IEnumerable<AnnouncedFile> files) => new() { Value = files.Select(file => file.Path).ToArray() };

    private static Dictionary<string, string[]> FieldErrors(IReadOnlyList<AnnouncedFile> files, HashSet<string> present) =>
        Enumerable.Range(0, files.Count).Where(i => present.Contains(files[i].Path))
            .ToDictionary(i => $"files[{i}].path", i => new[] { $"The dataset already has '{files[i].Path}'." });
}
