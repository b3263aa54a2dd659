using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Removes instances that ended longer ago than the retention time: a few in each transaction, with pauses, and in one process of a hub at a time.
/// Rows that are locked are skipped until the next time, so no other work waits for this.
/// </summary>
internal sealed class Retention(DurableStore store, TimeProvider time, ILogger<Retention> logger)
{
    private const int MostInstances = 100;
    private const int MostHistory = 5_000;
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);

    public async Task RunAsync(CancellationToken stop)
    {
        if (store.Options.Retention is not { } retention)
            return;
        // Spreads processes that start together.
        TimeSpan wait = store.Options.RetentionInterval * Random.Shared.NextDouble();
        var backoff = new Backoff("Removing old orchestrations", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(wait, time, stop);
                await RemoveAsync(retention, stop);
                backoff.Succeeded();
                wait = store.Options.RetentionInterval;
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                await backoff.FailedAsync(error, stop);
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

    /// <summary>Removes a batch and returns its size; 0 also while another process of the hub removes instances.</summary>
    private async Task<long> RemoveSomeAsync(TimeSpan retention, CancellationToken stop)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(stop);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(stop);
        await using (NpgsqlBatch turn = connection.ToBatch(InstanceSql.TryLockRetention.ToCommand(store.Hub)))
        {
            if (await turn.ExecuteScalarAsync(stop) is not true)
                return 0;
        }

        List<string> ids = [];
        await using (NpgsqlBatch look = connection.ToBatch(InstanceSql.LockExpired.ToCommand(store.Hub, retention, MostInstances, (long)MostHistory)))
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
