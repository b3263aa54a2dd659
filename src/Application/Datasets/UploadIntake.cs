using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using VisionPlatform.Application.Organizations;
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

/// <summary>The result of announcing files: tickets, and the paths that were skipped.</summary>
public sealed record UploadTickets(IReadOnlyList<UploadTicket> Uploads, IReadOnlyList<string> Skipped);

/// <summary>First half of an upload: records which files will come and gives a write-once URL for each.</summary>
public sealed class UploadIntake([FromKeyedServices(Databases.Platform)] NpgsqlDataSource database, ObjectStores stores, DatasetLimits limits, TimeProvider time)
{
    // One statement, so that it is atomic without a transaction. Its reads see the uploads as they were before its insert. LIMIT 1 makes the planner
    // look each path up in an index; with a plain join it may choose to read the whole dataset.
    private const string Upsert =
        """
        WITH parent AS MATERIALIZED (
            SELECT d.id FROM projects p JOIN datasets d ON d.project_id = p.id WHERE d.id = $1 AND d.deleted_at IS NULL AND p.deleted_at IS NULL FOR SHARE
        ), wanted AS MATERIALIZED (
            SELECT w.*, image.is_there IS NOT NULL AS is_present, bytes.are_there IS NOT NULL AS is_taken, pending.key AS pending_key, pending.size AS pending_size
            FROM unnest($6, $7, $8, $9, $10, $11, $12) WITH ORDINALITY AS w(id, path, plain_key, fresh_key, class, content_type, size, number)
            LEFT JOIN LATERAL (SELECT true AS is_there FROM dataset_images i WHERE i.dataset_id = $1 AND lower(i.path) = lower(w.path) LIMIT 1) AS image ON true
            LEFT JOIN LATERAL (SELECT u.key, u.size FROM dataset_uploads u WHERE u.dataset_id = $1 AND lower(u.path) = lower(w.path) LIMIT 1) AS pending ON true
            LEFT JOIN LATERAL (
                SELECT true AS are_there FROM dataset_version_images v WHERE v.key = w.plain_key
                UNION ALL SELECT true FROM dataset_images i WHERE i.key = w.plain_key LIMIT 1) AS bytes ON true
        ), stored AS (
            INSERT INTO dataset_uploads AS u (id, dataset_id, path, key, class, content_type, size, created_by, created_at, expires_at)
            SELECT id, $1, path, CASE WHEN is_taken THEN fresh_key ELSE plain_key END, class, content_type, size, $2, $3, $4
            FROM wanted CROSS JOIN (SELECT id AS dataset_id FROM parent) AS live WHERE NOT is_present AND ($5 OR NOT EXISTS (SELECT FROM wanted WHERE is_present))
            ON CONFLICT (dataset_id, lower(path)) DO UPDATE
            SET path = EXCLUDED.path, class = EXCLUDED.class, content_type = EXCLUDED.content_type, size = EXCLUDED.size, expires_at = EXCLUDED.expires_at
            RETURNING u.path, u.id, u.key
        )
        SELECT wanted.is_present, wanted.pending_key, wanted.pending_size, stored.id, stored.key
        FROM wanted LEFT JOIN stored ON stored.path = wanted.path ORDER BY wanted.number
        """;

    /// <summary>What the database answers for one file.</summary>
    /// <param name="IsPresent">The dataset has an image under the path.</param>
    /// <param name="StaleKey">Key of an object to delete: the path was announced before with another size. Null when there is none.</param>
    /// <param name="Id">Id of the upload. Empty when the file was not announced, like <paramref name="Key"/>.</param>
    private readonly record struct Row(bool IsPresent, string? StaleKey, Guid Id, string Key);

    /// <summary>
    /// Announces files. A path that was announced before and not completed keeps its id and object key, so that an interrupted upload can
    /// continue; if its size has changed, the stored object is deleted. A key is not reused while an image or a version needs its object.
    /// </summary>
    /// <param name="datasetId">A dataset the caller may write to.</param>
    /// <param name="userId">The caller.</param>
    /// <param name="files">No two paths are equal ignoring case.</param>
    /// <param name="skipDuplicates">Whether to leave out paths that the dataset already has; otherwise they fail the whole call.</param>
    /// <param name="quota">What the caller may store; null for no limit.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.DuplicateImage"/> naming the files, when not skipping; <see cref="ErrorCodes.QuotaExceeded"/>; <see cref="ErrorCodes.NotFound"/> if the dataset has just been deleted.</exception>
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
        if (!skipDuplicates && rows.Any(row => row.IsPresent))
            throw new ProblemException(
                ErrorCodes.DuplicateImage, $"The dataset already has {rows.Count(row => row.IsPresent)} of these paths.",
                files.Index().Where(file => rows[file.Index].IsPresent).ToDictionary(file => $"files[{file.Index}].path", file => new[] { $"The dataset already has '{file.Item.Path}'." }));
        if (rows.Any(row => !row.IsPresent && row.Id == Guid.Empty))
            throw ProblemException.NoSuch("dataset");
        if (quota is not null)
        {
            await quota.RequireFitsAsync(connection, stored, files.Sum(file => file.Size), cancellation);
            await transaction!.CommitAsync(cancellation);
        }

        await stores.External.DeleteAsync([.. rows.Select(row => row.StaleKey).OfType<string>()], cancellation);
        var results = files.Zip(rows).ToLookup(pair => pair.Second.IsPresent);
        return new UploadTickets(
            [.. results[false].Select(pair => new UploadTicket(
                pair.Second.Id, pair.First.Path, stores.External.PresignPutOnce(pair.Second.Key, pair.First.ContentType, limits.UploadUrlLifetime)))],
            [.. results[true].Select(pair => pair.First.Path)]);
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
        command.Parameters.Add(Texts(files.Select(file => DatasetKeys.Image(datasetId, file.Path))));
        command.Parameters.Add(Texts(files.Zip(ids, (file, id) => DatasetKeys.FreshImage(datasetId, file.Path, id))));
        command.Parameters.Add(Texts(files.Select(file => file.Class)));
        command.Parameters.Add(Texts(files.Select(file => file.ContentType)));
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. files.Select(file => file.Size)] });
        return command;
    }

    private static async Task<Row[]> ReadAsync(NpgsqlDataReader reader, IReadOnlyList<AnnouncedFile> files, CancellationToken cancellation)
    {
        var rows = new Row[files.Count];
        for (var i = 0; await reader.ReadAsync(cancellation); i++)
        {
            var isPresent = reader.GetBoolean(0);
            var isStale = !isPresent && !reader.IsDBNull(1) && reader.GetInt64(2) != files[i].Size;
            rows[i] = reader.IsDBNull(3)
                ? new Row(isPresent, null, Guid.Empty, "")
                : new Row(isPresent, isStale ? reader.GetString(1) : null, reader.GetGuid(3), reader.GetString(4));
        }
        return rows;
    }

    private static NpgsqlParameter Texts(IEnumerable<string?> values) => new NpgsqlParameter<string?[]> { TypedValue = [.. values] };
}
