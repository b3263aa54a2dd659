using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Removes finished instances when they are older than the retention time: a few at a time with pauses between, and by one process of a hub
/// at a time. Rows that somebody holds are left for the next time, so nothing ever waits for this.
/// </summary>
internal sealed class Retention(DurableStore store, TimeProvider time, ILogger<Retention> logger)
{
    private const int MostInstances = 100;
    private const int MostHistory = 5_000;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// A sub-orchestration that did not complete stays as long as the execution that called it may be rewound, which would rewind it too. The
    /// result of one that completed is in its caller's history. At most $3 instances, and no more of them than have $4 rows of history together,
    /// but one at least.
    /// </summary>
    private const string Old = """
        WITH old AS MATERIALIZED (
            SELECT i.instance_id, i.completed_at, i.history_length
            FROM durable.instances i
            WHERE i.hub = $1 AND i.completed_at IS NOT NULL AND i.completed_at < now() - $2::interval
              AND i.status IN ('Completed', 'Failed', 'Terminated')
              AND (i.parent_id IS NULL OR i.status = 'Completed' OR NOT EXISTS (
                  SELECT FROM durable.instances p
                  WHERE p.hub = $1 AND p.instance_id = i.parent_id AND p.execution_id = i.parent_execution_id
                    AND (p.completed_at IS NULL OR p.completed_at >= now() - $2::interval)
                  OFFSET 0))
            ORDER BY i.completed_at
            LIMIT $3
            FOR UPDATE OF i SKIP LOCKED
        )
        SELECT instance_id
        FROM (SELECT instance_id, sum(history_length) OVER so_far - history_length AS before FROM old WINDOW so_far AS (ORDER BY completed_at, instance_id)) o
        WHERE before < $4
        """;

    public async Task RunAsync(CancellationToken stop)
    {
        if (store.Options.Retention is not { } retention)
            return;
        // Processes that start together do not look together.
        TimeSpan wait = store.Options.RetentionInterval * Random.Shared.NextDouble();
        var retrying = new Retrying("Removing old orchestrations", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(wait, time, stop);
                await RemoveAsync(retention, stop);
                retrying.Succeeded();
                wait = store.Options.RetentionInterval;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                await retrying.FailedAsync(error, stop);
                wait = TimeSpan.Zero;
            }
        }
    }

    private async Task RemoveAsync(TimeSpan retention, CancellationToken stop)
    {
        long removed = 0;
        while (true)
        {
            long begun = time.GetTimestamp();
            long some = await RemoveSomeAsync(retention, stop);
            if (some == 0)
                break;
            removed += some;
            TimeSpan pause = 4 * time.GetElapsedTime(begun);
            await Task.Delay(pause > ShortestPause ? pause : ShortestPause, time, stop);
        }

        if (removed > 0)
            logger.LogInformation("Removed {Count} orchestrations that ended more than {Days} days ago", removed, retention.TotalDays);
    }

    /// <summary>Removes a batch. Gives how many instances it was; none also while another process is at it.</summary>
    private async Task<long> RemoveSomeAsync(TimeSpan retention, CancellationToken stop)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(stop);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(stop);
        await using (NpgsqlBatch turn = connection.ToBatch("SELECT pg_try_advisory_xact_lock(hashtextextended($1, 7166182))".ToCommand(store.Hub)))
        {
            if (await turn.ExecuteScalarAsync(stop) is not true)
                return 0;
        }

        List<string> ids = [];
        await using (NpgsqlBatch look = connection.ToBatch(Old.ToCommand(store.Hub, retention, MostInstances, (long)MostHistory)))
        {
            await using NpgsqlDataReader reader = await look.ExecuteReaderAsync(stop);
            while (await reader.ReadAsync(stop))
                ids.Add(reader.GetString(0));
        }

        if (ids.Count == 0)
            return 0;
        await using NpgsqlBatch purge = connection.ToBatch(ClientSql.Purge.ToCommand(store.Hub, ids.ToArray()));
        long removed = (long)(await purge.ExecuteScalarAsync(stop))!;
        await transaction.CommitAsync(stop);
        return removed;
    }
}
