using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

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
public sealed class UploadIntake([FromKeyedServices(Databases.Platform)] NpgsqlDataSource database, ObjectStores stores, DatasetLimits limits, TimeProvider time)
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

        var (present, pending, pinned) = await LookAsync(connection, datasetId, files, cancellation);
        if (present.Count > 0 && !skipDuplicates)
            throw new ProblemException(ErrorCodes.DuplicateImage, $"The dataset already has {present.Count} of these paths.", FieldErrors(files, present));
        var wanted = files.Where(file => !present.Contains(file.Path)).ToArray();

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

    /// <summary>
    /// What there is of the files already: paths of images; uploads not completed; and plain keys that hold bytes, of an image since renamed
    /// in case, or deleted but pinned by a version.
    /// </summary>
    private static async Task<(HashSet<string> Present, Dictionary<string, Pending> Pending, HashSet<string> Pinned)> LookAsync(
        NpgsqlConnection connection, Guid datasetId, IReadOnlyList<AnnouncedFile> files, CancellationToken cancellation)
    {
        await using var batch = new NpgsqlBatch(connection);
        // LIMIT 1: one look into the index for each path. A join would read the whole dataset as soon as that seems cheaper.
        batch.BatchCommands.Add(new(
            """
            SELECT wanted.path
            FROM unnest($2) AS wanted(path)
            CROSS JOIN LATERAL (SELECT 1 FROM dataset_images i WHERE i.dataset_id = $1 AND lower(i.path) = lower(wanted.path) LIMIT 1) AS present
            """)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = datasetId }, Paths(files) },
        });
        batch.BatchCommands.Add(new(
            """
            SELECT wanted.path, pending.id, pending.key, pending.size
            FROM unnest($2) AS wanted(path)
            CROSS JOIN LATERAL (SELECT id, key, size FROM dataset_uploads u WHERE u.dataset_id = $1 AND lower(u.path) = lower(wanted.path) LIMIT 1) AS pending
            """)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = datasetId }, Paths(files) },
        });
        batch.BatchCommands.Add(new(
            """
            SELECT key FROM unnest($1) AS wanted(key)
            WHERE EXISTS (SELECT 1 FROM dataset_version_images v WHERE v.key = wanted.key)
               OR EXISTS (SELECT 1 FROM dataset_images i WHERE i.key = wanted.key)
            """)
        {
            Parameters = { new NpgsqlParameter<string[]> { TypedValue = [.. files.Select(file => DatasetKeys.Image(datasetId, file.Path))] } },
        });
        await using var reader = await batch.ExecuteReaderAsync(cancellation);
        var present = new HashSet<string>(ImagePath.Comparer);
        while (await reader.ReadAsync(cancellation))
            present.Add(reader.GetString(0));
        await reader.NextResultAsync(cancellation);
        var pending = new Dictionary<string, Pending>(ImagePath.Comparer);
        while (await reader.ReadAsync(cancellation))
            pending[reader.GetString(0)] = new Pending(reader.GetGuid(1), reader.GetString(2), reader.GetInt64(3));
        await reader.NextResultAsync(cancellation);
        var pinned = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellation))
            pinned.Add(reader.GetString(0));
        return (present, pending, pinned);
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
