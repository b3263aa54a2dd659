using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Takes activity calls from the queue while this engine has room for them.</summary>
internal sealed class ActivityFetcher(
    DurableStore store, ActivityWorker worker, EngineSignals signals, IDurableFunctions functions, HostRegistry hosts, ILogger<ActivityFetcher> logger)
{
    private const int Most = 200;

    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken stop)
    {
        var backoff = new Backoff("Fetching activities", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                bool more = await FetchAsync(stop);
                backoff.Succeeded();
                if (!more)
                    await signals.Activities.WaitAsync(store.Options.PollInterval, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                await backoff.FailedAsync(error, stop);
            }
        }
    }

    /// <summary>Takes a batch. True when the queue may hold more and there is room for it.</summary>
    private async Task<bool> FetchAsync(CancellationToken stop)
    {
        // Before the room is reserved: a call that ends in between still wakes this loop.
        worker.NoteMore(true);
        // Before the query: commits that hand over calls meanwhile see the room that this batch will use.
        int room = worker.Reserve(Most);
        if (room == 0)
            return false;

        int used = 0;
        try
        {
            worker.NoteMore(false);
            await using NpgsqlConnection connection = await store.OpenAsync(stop);
            List<ActivityCall> taken = await TakeAsync(connection, room, stop);

            // A call that runs here but lost its lease, because the database was unreachable, has just been leased again. It keeps running.
            List<ActivityCall> fresh = [.. taken.Where(call => !worker.Holds(call.Key))];
            List<ActivityCall> known = [.. fresh.Where(call => functions.HasActivity(call.Name))];
            worker.Run(known);
            used = known.Count;
            if (known.Count < fresh.Count)
                await LeaveUnknownAsync(connection, [.. fresh.Except(known)], stop);
            if (taken.Count < room)
                return false;
        }
        finally
        {
            worker.Unreserve(room - used);
        }

        worker.NoteMore(true);
        return worker.Room > 0;
    }

    private async Task<List<ActivityCall>> TakeAsync(NpgsqlConnection connection, int room, CancellationToken stop)
    {
        List<ActivityCall> taken = [];
        await using (NpgsqlBatch batch = connection.ToBatch(ActivitySql.Take.ToCommand(
            store.Hub, store.Owner, store.Options.LeaseDuration, room, _unknown.ToArray())))
        {
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
            while (await reader.ReadAsync(stop))
            {
                taken.Add(new ActivityCall(
                    new ActivityKey(reader.GetString(0), reader.GetGuid(1), reader.GetInt32(2)), reader.GetString(3), reader.Text(4), reader.GetString(5),
                    reader.Text(6)));
            }
        }

        return taken;
    }

    /// <summary>Leaves activities that this app does not have to an app that does.</summary>
    private async Task LeaveUnknownAsync(NpgsqlConnection connection, List<ActivityCall> calls, CancellationToken stop)
    {
        await ReleaseAsync(connection, [.. calls.Select(call => call.Key)], stop);
        foreach (ActivityCall call in calls)
        {
            if (!_unknown.Add(call.Name.ToLowerInvariant()))
                continue;
            hosts.ReportMissing(FunctionKind.Activity, call.Name);
            logger.LogWarning("This app has no activity {Name}; it leaves its calls (such as one by {InstanceId}) to an app that does", call.Name, call.Key.InstanceId);
        }
    }

    private async Task ReleaseAsync(NpgsqlConnection connection, List<ActivityKey> keys, CancellationToken stop)
    {
        await using NpgsqlBatch batch = connection.ToBatch(
            store.KeysOf(ActivitySql.Lock, keys), store.KeysOf(ActivitySql.Release, keys, store.Owner));
        await batch.ExecuteNonQueryAsync(stop);
    }
}
