using System.Globalization;
using Npgsql;

namespace VisionPlatform.Application.Organizations;

/// <summary>Counts what a set of accounts uses in the platform database.</summary>
internal sealed class Usage(NpgsqlConnection connection, IReadOnlyCollection<Guid> accounts, DateTimeOffset now)
{
    /// <summary>Bytes in a GB of a quota.</summary>
    public const double Gigabyte = 1_000_000_000;

    private const string ActiveStates = "('queued', 'starting', 'running', 'finalizing')";

    private static readonly string Storage = string.Create(CultureInfo.InvariantCulture,
        $"""
        SELECT ((coalesce((SELECT sum(bytes) FROM dataset_usage WHERE user_id = ANY($1)), 0)
               + coalesce((SELECT sum(size) FROM dataset_uploads WHERE created_by = ANY($1) AND expires_at > $2), 0)
               + coalesce((SELECT sum(size) FROM dataset_archives WHERE created_by = ANY($1) AND state = 'announced' AND expires_at > $2), 0)
               + coalesce((SELECT sum(size) FROM annotation_imports WHERE created_by = ANY($1) AND state = 'announced' AND expires_at > $2), 0)) / {Gigabyte:0}.0)::float8
        """);

    public Task<double> ProjectsAsync(CancellationToken cancellation) =>
        ReadAsync("SELECT count(*) FROM projects WHERE owner_id = ANY($1) AND deleted_at IS NULL", cancellation);

    public Task<double> DatasetsAsync(CancellationToken cancellation) =>
        ReadAsync("SELECT count(*) FROM datasets d JOIN projects p ON p.id = d.project_id WHERE d.created_by = ANY($1) AND d.deleted_at IS NULL AND p.deleted_at IS NULL", cancellation);

    /// <summary>Jobs, and predictions of whole datasets.</summary>
    public Task<double> JobsAsync(CancellationToken cancellation) => ReadAsync(
        $"""
        SELECT (SELECT count(*) FROM training_jobs WHERE created_by = ANY($1) AND completed_at IS NULL AND state IN {ActiveStates})
             + (SELECT count(*) FROM predictions WHERE created_by = ANY($1) AND completed_at IS NULL)
        """, cancellation);

    public Task<double> ExportsAsync(CancellationToken cancellation) =>
        ReadAsync("SELECT count(*) FROM exports WHERE created_by = ANY($1) AND state IN ('pending', 'running')", cancellation);

    /// <summary>Images of datasets, also those that only versions keep, and of deleted ones until <see cref="Datasets.DatasetRemoval"/> has removed them, and announced files, archives and annotation files that can still be uploaded. An archive that is unpacked counts by its images.</summary>
    public Task<double> StorageGbAsync(CancellationToken cancellation) => ReadAsync(Storage, cancellation, now);

    /// <summary>The same as a command of a batch. Its result is one row with one double.</summary>
    public NpgsqlBatchCommand StorageGbCommand() =>
        new(Storage) { Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = [.. accounts] }, new NpgsqlParameter<DateTimeOffset> { TypedValue = now } } };

    /// <summary>Hours of all attempts to train or to predict in this calendar month, including running ones.</summary>
    public Task<double> GpuHoursAsync(CancellationToken cancellation) =>
        ReadAsync(
            """
            SELECT coalesce(sum(extract(epoch FROM least(coalesce(a.ended_at, $2), $2) - greatest(a.started_at, $3))), 0) / 3600
            FROM (SELECT id, completed_at FROM training_jobs WHERE created_by = ANY($1) UNION ALL SELECT id, completed_at FROM predictions WHERE created_by = ANY($1)) j
            JOIN attempts a ON a.subject_id = j.id
            WHERE (j.completed_at IS NULL OR j.completed_at > $3) AND a.started_at < $2 AND coalesce(a.ended_at, $2) > $3
            """, cancellation, now, new DateTimeOffset(now.UtcDateTime.Year, now.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero));

    private async Task<double> ReadAsync(string sql, CancellationToken cancellation, params DateTimeOffset[] times)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.Add(new() { Value = accounts.ToArray() });
        foreach (var time in times)
            command.Parameters.Add(new() { Value = time });
        return Convert.ToDouble(await command.ExecuteScalarAsync(cancellation), CultureInfo.InvariantCulture);
    }
}
