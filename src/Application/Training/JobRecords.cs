using System.IO.Compression;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>Which log lines to read.</summary>
/// <param name="After">Only lines with a larger id; the first ones of these.</param>
/// <param name="Before">Only lines with a smaller id; the last ones of these, unless <paramref name="After"/> is given too.</param>
/// <param name="Levels">Only lines of these levels; null for all.</param>
/// <param name="Search">Only lines that contain this text, regardless of case; null for all.</param>
/// <param name="Attempt">Only lines of this attempt; null for all.</param>
/// <param name="Last">Whether to read the last lines instead of the first ones.</param>
public sealed record LogQuery(long After, long? Before, IReadOnlyList<string>? Levels, string? Search, int? Attempt, bool Last)
{
    /// <summary>Whether the last of the lines are read.</summary>
    public bool IsBackwards => Last || (Before is not null && After == 0);
}

/// <summary>Reads events, log lines and metrics of a job: from the database, or from object storage when they were moved there after the job's end.</summary>
public sealed class JobRecords(PlatformDatabase database, ObjectStores stores)
{
    /// <summary>Events in one file. A page reads few files, and one file is unpacked in some milliseconds.</summary>
    internal const int EventsPerFile = 5000;

    private const long LargestFile = 256L << 20;

    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    /// <summary>Events after an id, oldest first.</summary>
    public async Task<List<JobEvent>> EventsAsync(Guid jobId, long after, int limit, CancellationToken cancellation)
    {
        if (!await AreStoredAsync(jobId, cancellation))
            return await database.JobEvents.AsNoTracking().Where(e => e.JobId == jobId && e.Id > after).OrderBy(e => e.Id).Take(limit).ToListAsync(cancellation);
        return await FromFilesAsync(jobId, new LogQuery(after, null, null, null, null, false), isLog: false, limit, cancellation);
    }

    /// <summary>Log lines in their order, at most as many as the limit.</summary>
    public async Task<List<JobEvent>> LogAsync(Guid jobId, LogQuery query, int limit, CancellationToken cancellation)
    {
        if (await AreStoredAsync(jobId, cancellation))
            return await FromFilesAsync(jobId, query, isLog: true, limit, cancellation);
        var found = query.Search is null ? await PlainAsync(jobId, query, limit, cancellation) : await SearchAsync(jobId, query, limit, cancellation);
        if (query.IsBackwards)
            found.Reverse();
        return found;
    }

    /// <summary>
    /// One ordered scan for each level, which ends when the page is full. PostgreSQL does not know how frequent a level is: asked for several at once, it
    /// reads and sorts all their lines.
    /// </summary>
    private Task<List<JobEvent>> PlainAsync(Guid jobId, LogQuery query, int limit, CancellationToken cancellation)
    {
        var sql = new LogSql(jobId, query);
        var scans = query.Levels is null ? [sql.Lines()] : query.Levels.Select(level => sql.Lines($" AND data->>'level' = {sql.Value(level)}"));
        return RowsAsync($"SELECT * FROM ({string.Join(" UNION ALL ", scans.Select(scan => $"({sql.First(scan, limit)})"))}) AS lines", sql, query, limit, cancellation);
    }

    /// <summary>
    /// A text that is frequent fills the page from the nearest lines. One that is not is found by the index of the text, which would read all lines with a
    /// frequent one.
    /// </summary>
    private async Task<List<JobEvent>> SearchAsync(Guid jobId, LogQuery query, int limit, CancellationToken cancellation)
    {
        const int Near = 5000;
        var sql = new LogSql(jobId, query);
        var condition = $"data->>'message' ILIKE {sql.Value(Containing(query.Search!))}";
        if (query.Levels is { } levels)
            condition += $" AND (data->>'level') || '' = ANY ({sql.Value(levels.ToArray())})"; // So that the index of the levels is not taken.
        var near = await RowsAsync($"SELECT * FROM ({sql.First(sql.Lines(), Near)}) AS near WHERE {condition}", sql, query, limit, cancellation);
        return near.Count == limit ? near : await RowsAsync(sql.Lines($" AND {condition}"), sql, query, limit, cancellation);
    }

    private Task<List<JobEvent>> RowsAsync(string text, LogSql sql, LogQuery query, int limit, CancellationToken cancellation)
    {
        var rows = database.JobEvents.FromSqlRaw(text, sql.Values).AsNoTracking();
        return (query.IsBackwards ? rows.OrderByDescending(row => row.Id) : rows.OrderBy(row => row.Id)).Take(limit).ToListAsync(cancellation);
    }

    /// <summary>Parts of statements over the lines of a log, with their parameters.</summary>
    private sealed class LogSql(Guid jobId, LogQuery query)
    {
        private readonly List<object> _values = [jobId, query.After, query.Before ?? long.MaxValue];

        public object[] Values => [.. _values];

        /// <summary>Adds a parameter and returns its placeholder.</summary>
        public string Value(object value)
        {
            _values.Add(value);
            return $"{{{_values.Count - 1}}}";
        }

        /// <summary>The lines between the positions of the query, and of its attempt.</summary>
        public string Lines(string more = "") =>
            "SELECT * FROM job_events WHERE job_id = {0} AND type = 'log' AND id > {1} AND id < {2}" + more
            + (query.Attempt is { } attempt ? $" AND (data->>'attempt')::int = {Value(attempt)}" : "");

        /// <summary>The first of some lines in the direction of the query.</summary>
        public string First(string lines, int count) => $"{lines} ORDER BY id {(query.IsBackwards ? "DESC" : "ASC")} LIMIT {count}";
    }

    /// <summary>Metrics of all epochs, in the order of attempts and epochs.</summary>
    public async Task<List<EpochMetrics>> EpochsAsync(Guid jobId, CancellationToken cancellation)
    {
        if (!await AreStoredAsync(jobId, cancellation))
            return await database.EpochMetrics.AsNoTracking().Where(m => m.JobId == jobId).OrderBy(m => m.Attempt).ThenBy(m => m.Epoch).ToListAsync(cancellation);
        var epochs = new List<EpochMetrics>();
        foreach (var part in await PartsAsync(jobId, JobRecordKind.Metrics, cancellation))
            epochs.AddRange(await ReadAsync<EpochMetrics>(part, cancellation));
        return epochs;
    }

    private Task<bool> AreStoredAsync(Guid jobId, CancellationToken cancellation) =>
        database.TrainingJobs.AnyAsync(job => job.Id == jobId && job.RecordsRemovedAt != null, cancellation);

    private Task<List<JobRecordPart>> PartsAsync(Guid jobId, JobRecordKind kind, CancellationToken cancellation) =>
        database.JobRecordParts.AsNoTracking().Where(part => part.JobId == jobId && part.Kind == kind).OrderBy(part => part.Number).ToListAsync(cancellation);

    private async Task<List<JobEvent>> FromFilesAsync(Guid jobId, LogQuery query, bool isLog, int limit, CancellationToken cancellation)
    {
        var before = query.Before ?? long.MaxValue;
        var parts = (await PartsAsync(jobId, JobRecordKind.Events, cancellation))
            .Where(part => part.LastId > query.After && part.FirstId < before && (query.Levels is null || query.Levels.Any(part.Levels.Contains))).ToList();
        if (query.IsBackwards)
            parts.Reverse();
        var found = new List<JobEvent>();
        foreach (var part in parts)
        {
            var entries = (await ReadAsync<JobEvent>(part, cancellation)).Where(entry => entry.Id > query.After && entry.Id < before && (!isLog || Matches(entry, query)));
            found.AddRange((query.IsBackwards ? entries.Reverse() : entries).Take(limit - found.Count));
            if (found.Count == limit)
                break;
        }
        if (query.IsBackwards)
            found.Reverse();
        return found;
    }

    private static bool Matches(JobEvent entry, LogQuery query) =>
        entry.Type == "log"
        && (query.Levels is null || query.Levels.Contains(entry.Data.GetProperty("level").GetString()!))
        && (query.Attempt is null || entry.Data.GetProperty("attempt").GetInt32() == query.Attempt)
        && (query.Search is null || entry.Data.GetProperty("message").GetString()!.Contains(query.Search, StringComparison.OrdinalIgnoreCase));

    private async Task<List<T>> ReadAsync<T>(JobRecordPart part, CancellationToken cancellation)
    {
        var file = await stores.Internal.GetBytesAsync(part.Key, LargestFile, cancellation);
        if (file?.Bytes is not { } bytes)
            throw new InvalidOperationException($"The records of job {part.JobId} are not in the object store: {part.Key}.");
        var records = new List<T>(part.Count);
        await using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var lines = new StreamReader(gzip);
        while (await lines.ReadLineAsync(cancellation) is { } line)
            records.Add(JsonSerializer.Deserialize<T>(line, Json)!);
        return records;
    }

    private static string Containing(string text) =>
        $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
