using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>A file somebody wants to upload; already checked against <see cref="ImagePath"/> and <see cref="ClassName"/>.</summary>
/// <param name="Path">Path in the dataset.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ContentType">What to store it as; the signature holds the sender to it.</param>
/// <param name="Class">Class of the image, or null.</param>
/// <param name="Split">Split that the image is given to, or null.</param>
public sealed record AnnouncedFile(string Path, long Size, string ContentType, string? Class, Split? Split = null);

/// <summary>Where to put an announced file.</summary>
public sealed record UploadTicket(Guid UploadId, string Path, PresignedRequest Request);

/// <summary>The result of announcing files: tickets, and the paths that were skipped.</summary>
public sealed record UploadTickets(IReadOnlyList<UploadTicket> Uploads, IReadOnlyList<string> Skipped);

/// <summary>First half of an upload: records which files will come and gives a write-once URL for each.</summary>
public sealed class UploadIntake(
    [FromKeyedServices(Databases.Platform)] NpgsqlDataSource database, ObjectStores stores, StagedUploads staged, DatasetLimits limits, TimeProvider time)
{
    // One statement, so that it is atomic without a transaction. Its reads see the uploads as they were before its insert. LIMIT 1 makes the planner
    // look each path up in an index; with a plain join it may choose to read the whole dataset. The order keeps two announcements of the same files
    // from waiting for each other.
    private const string Upsert =
        """
        WITH parent AS MATERIALIZED (
            SELECT d.id FROM projects p JOIN datasets d ON d.project_id = p.id WHERE d.id = $1 AND d.deleted_at IS NULL AND p.deleted_at IS NULL FOR SHARE
        ), wanted AS MATERIALIZED (
            SELECT w.*, image.is_there IS NOT NULL AS is_present, pending.key AS pending_key,
                   CASE WHEN pending.path <> w.path AND pending.expires_at > $3 THEN pending.path END AS other_spelling
            FROM unnest($6, $7, $8, $9, $10, $11, $12, $15) WITH ORDINALITY AS w(id, path, folded_path, key, class, content_type, size, split, number)
            LEFT JOIN LATERAL (SELECT true AS is_there FROM dataset_images i WHERE i.dataset_id = $1 AND i.folded_path = w.folded_path LIMIT 1) AS image ON true
            LEFT JOIN LATERAL (
                SELECT u.key, u.path, u.expires_at FROM dataset_uploads u
                WHERE u.dataset_id = $1 AND u.folded_path = w.folded_path AND u.created_by = $2 LIMIT 1) AS pending ON true
        ), blocked AS MATERIALIZED (
            SELECT path FROM dataset_images WHERE dataset_id = $1 AND folded_path = ANY ($14) LIMIT 1
        ), free AS (
            SELECT * FROM wanted WHERE NOT is_present AND other_spelling IS NULL AND NOT EXISTS (SELECT FROM blocked) AND EXISTS (SELECT FROM parent)
        ), stored AS (
            INSERT INTO dataset_uploads AS u (id, dataset_id, path, folded_path, key, class, content_type, size, split, created_by, created_at, expires_at)
            SELECT id, $1, path, folded_path, key, class, content_type, size, split, $2, $3, $4
            FROM free WHERE $5 OR (SELECT count(*) FROM free) = (SELECT count(*) FROM wanted) ORDER BY folded_path
            ON CONFLICT (dataset_id, folded_path, created_by) DO UPDATE
            SET id = CASE WHEN u.size = EXCLUDED.size AND u.expires_at > $3 AND starts_with(u.key, $13) THEN u.id ELSE EXCLUDED.id END,
                key = CASE WHEN u.size = EXCLUDED.size AND u.expires_at > $3 AND starts_with(u.key, $13) THEN u.key ELSE EXCLUDED.key END,
                path = EXCLUDED.path, class = EXCLUDED.class, content_type = EXCLUDED.content_type, size = EXCLUDED.size, split = EXCLUDED.split, expires_at = EXCLUDED.expires_at
            WHERE u.path = EXCLUDED.path OR u.expires_at <= $3
            RETURNING u.path, u.id, u.key
        )
        SELECT wanted.is_present, wanted.other_spelling, wanted.pending_key, stored.id, stored.key, (SELECT path FROM blocked), EXISTS (SELECT FROM parent)
        FROM wanted LEFT JOIN stored ON stored.path = wanted.path ORDER BY wanted.number
        """;

    /// <summary>What the database answers for one file.</summary>
    /// <param name="IsPresent">The dataset has an image under the path.</param>
    /// <param name="OtherSpelling">The path under which the caller has announced the same file; null when it was not announced, or is spelled alike.</param>
    /// <param name="EarlierKey">Key of the caller's earlier announcement of the path; null when there is none.</param>
    /// <param name="Blocking">An image that is where one of the files needs a folder; the same for every row.</param>
    /// <param name="HasDataset">Whether the dataset and its project are there; the same for every row.</param>
    /// <param name="Id">Id of the upload. Empty when the file was not announced, like <paramref name="Key"/>.</param>
    private readonly record struct Row(bool IsPresent, string? OtherSpelling, string? EarlierKey, string? Blocking, bool HasDataset, Guid Id, string Key)
    {
        public bool IsAnnounced => Id != Guid.Empty;

        /// <summary>A key that the row no longer names, though its URL may still work.</summary>
        public string? StaleKey => IsAnnounced && EarlierKey != Key ? EarlierKey : null;

        public string Refusal(string path) => IsPresent ? $"The dataset already has '{path}'."
            : OtherSpelling is { } other ? $"'{other}' is the same path and was announced but not completed. Complete it, or announce it under that spelling."
            : $"'{path}' was announced at the same time under another spelling.";
    }

    /// <summary>
    /// Announces files. A path that the caller announced before and has not completed keeps its id and object key while the size is the same, so that
    /// an interrupted upload can continue. With another size it gets new ones, and the old URL writes nothing more. Uploads of different people
    /// do not touch each other; the first that is completed becomes the image.
    /// </summary>
    /// <param name="datasetId">A dataset the caller may write to.</param>
    /// <param name="userId">The caller.</param>
    /// <param name="files">No two paths are equal by <see cref="CaseFold"/>.</param>
    /// <param name="skipDuplicates">Whether to leave out paths that the dataset already has or the caller has announced under another spelling; otherwise they fail the whole call.</param>
    /// <param name="quota">What the caller may store; null for no limit.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.DuplicateImage"/> naming the files, when not skipping; <see cref="ErrorCodes.InvalidPath"/>
    /// when an image is where a file needs a folder; <see cref="ErrorCodes.QuotaExceeded"/>; <see cref="ErrorCodes.NotFound"/> if the dataset has just been deleted.</exception>
    public async Task<UploadTickets> AnnounceAsync(
        Guid datasetId, Guid userId, IReadOnlyList<AnnouncedFile> files, bool skipDuplicates, StorageQuota? quota, CancellationToken cancellation)
    {
        await using var connection = await database.OpenConnectionAsync(cancellation);
        await using var transaction = quota is null ? null : await connection.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        await using var batch = new NpgsqlBatch(connection) { BatchCommands = { UpsertCommand(datasetId, userId, files, skipDuplicates, now) } };
        quota?.AddTo(batch);
        Row[] rows;
        IReadOnlyList<double> stored;
        await using (var reader = await batch.ExecuteReaderAsync(cancellation))
        {
            rows = await ReadAsync(reader, files, cancellation);
            stored = quota is null ? [] : await quota.ReadAsync(reader, cancellation);
        }
        if (!rows[0].HasDataset)
            throw ProblemException.NoSuch("dataset");
        if (rows[0].Blocking is { } blocking)
            throw InTheWay(files, blocking);
        if (!skipDuplicates && rows.Any(row => !row.IsAnnounced))
            throw Duplicates(files, rows);
        if (quota is not null)
        {
            await quota.RequireFitsAsync(connection, stored, files.Sum(file => file.Size), cancellation);
            await transaction!.CommitAsync(cancellation);
        }

        await staged.CloseAsync([.. rows.Select(row => row.StaleKey).OfType<string>()], cancellation);
        var results = files.Zip(rows).ToLookup(pair => pair.Second.IsAnnounced);
        return new UploadTickets(
            [.. results[true].Select(pair => new UploadTicket(
                pair.Second.Id, pair.First.Path, stores.External.PresignPutOnce(pair.Second.Key, pair.First.ContentType, pair.First.Size, limits.UploadUrlLifetime)))],
            [.. results[false].Select(pair => pair.First.Path)]);
    }

    private static ProblemException InTheWay(IReadOnlyList<AnnouncedFile> files, string blocking)
    {
        var folder = CaseFold.Of(blocking);
        return new ProblemException(
            ErrorCodes.InvalidPath, $"The image '{blocking}' is where a file needs a folder.",
            files.Index().Where(file => ImagePath.FoldersOf(CaseFold.Of(file.Item.Path)).Contains(folder))
                .ToDictionary(file => $"files[{file.Index}].path", file => new[] { $"'{file.Item.Path}' needs a folder where the image '{blocking}' is." }));
    }

    private static ProblemException Duplicates(IReadOnlyList<AnnouncedFile> files, Row[] rows)
    {
        var refused = files.Index().Zip(rows).Where(pair => pair.Second is { IsPresent: true } or { OtherSpelling: not null }).ToArray();
        // None of them is in the way: somebody announced one at the same moment.
        if (refused.Length == 0)
            refused = [.. files.Index().Zip(rows).Where(pair => !pair.Second.IsAnnounced)];
        return new ProblemException(
            ErrorCodes.DuplicateImage, $"The dataset already has {refused.Length} of these paths, or they were announced under another spelling.",
            refused.ToDictionary(pair => $"files[{pair.First.Index}].path", pair => new[] { pair.Second.Refusal(pair.First.Item.Path) }));
    }

    private NpgsqlBatchCommand UpsertCommand(Guid datasetId, Guid userId, IReadOnlyList<AnnouncedFile> files, bool skipDuplicates, DateTimeOffset now)
    {
        var ids = files.Select(_ => Guid.CreateVersion7(now)).ToArray();
        var command = new NpgsqlBatchCommand(Upsert);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = datasetId });
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = userId });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now });
        command.Parameters.Add(new NpgsqlParameter<DateTimeOffset> { TypedValue = now + limits.UploadLifetime });
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = skipDuplicates });
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
        command.Parameters.Add(Texts(files.Select(file => file.Path)));
        command.Parameters.Add(Texts(files.Select(file => CaseFold.Of(file.Path))));
        command.Parameters.Add(Texts(ids.Select(StagingKeys.Of)));
        command.Parameters.Add(Texts(files.Select(file => file.Class)));
        command.Parameters.Add(Texts(files.Select(file => file.ContentType)));
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. files.Select(file => file.Size)] });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = StagingKeys.Prefix });
        command.Parameters.Add(Texts(files.SelectMany(file => ImagePath.FoldersOf(CaseFold.Of(file.Path))).Distinct()));
        command.Parameters.Add(Texts(files.Select(file => file.Split?.ToString().ToLowerInvariant())));
        return command;
    }

    private static async Task<Row[]> ReadAsync(NpgsqlDataReader reader, IReadOnlyList<AnnouncedFile> files, CancellationToken cancellation)
    {
        var rows = new Row[files.Count];
        for (var i = 0; await reader.ReadAsync(cancellation); i++)
            rows[i] = new Row(reader.GetBoolean(0), Text(1), Text(2), Text(5), reader.GetBoolean(6), reader.IsDBNull(3) ? Guid.Empty : reader.GetGuid(3), Text(4) ?? "");
        return rows;

        string? Text(int column) => reader.IsDBNull(column) ? null : reader.GetString(column);
    }

    private static NpgsqlParameter Texts(IEnumerable<string?> values) => new NpgsqlParameter<string?[]> { TypedValue = [.. values] };
}
