using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Renews the leases that this engine holds, and releases instances that have waited for long.</summary>
internal sealed class LeaseKeeper(DurableStore store, LiveInstances live, ActivityWorker activities, TimeProvider time, ILogger<LeaseKeeper> logger)
{
    private readonly List<ActivityKey> _unstarted = [];
    private readonly List<string> _idle = [];

    public async Task RunAsync(CancellationToken stop)
    {
        // A lease is renewed when a third of it is over, so that it survives a missed renewal.
        TimeSpan third = store.Options.LeaseDuration / 3;
        using var timer = new PeriodicTimer(third / 2, time);
        var backoff = new Backoff("Renewing leases", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stop);
                await RenewAsync(third / 2, stop);
                await ReleaseIdleAsync(store.Options.LiveInstanceIdleTime, stop);
                backoff.Succeeded();
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

    public async Task ReleaseIdleAsync(TimeSpan longerThan, CancellationToken cancellation)
    {
        string[] idle = live.TakeIdle(longerThan);
        if (idle.Length == 0)
            return;
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(
            InstanceSql.Lock.ToCommand(store.Hub, idle), InstanceSql.Release.ToCommand(store.Hub, idle, store.Owner));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    /// <summary>Releases calls that have not started and instances that wait, if there are any, and wakes the other engines of the hub.</summary>
    public async Task ReleaseUnstartedAsync(CancellationToken cancellation)
    {
        // Kept until the release succeeds, and tried again until then.
        _unstarted.AddRange(activities.TakeUnstarted());
        _idle.AddRange(live.TakeIdle(TimeSpan.Zero));
        if (_unstarted.Count == 0 && _idle.Count == 0)
            return;
        string[] idle = [.. _idle];
        ActivityKey[] unstarted = [.. _unstarted];
        await ReleaseAsync(
            [
                InstanceSql.Lock.ToCommand(store.Hub, idle),
                InstanceSql.Release.ToCommand(store.Hub, idle, store.Owner),
                store.KeysOf(ActivitySql.Lock, unstarted),
                store.KeysOf(ActivitySql.Release, unstarted, store.Owner),
            ],
            cancellation);
        _unstarted.Clear();
        _idle.Clear();
    }

    /// <summary>Releases all leases of this engine, also those that it does not know of because the answer to a fetch was lost.</summary>
    public Task ReleaseAllAsync(CancellationToken cancellation) =>
        ReleaseAsync(
            [
                InstanceSql.Lock.ToCommand(store.Hub, live.DueForRenewal(TimeSpan.Zero)),
                InstanceSql.Release.ToCommand(store.Hub, live.DueForRenewal(TimeSpan.Zero), store.Owner),
                InstanceSql.ReleaseAll.ToCommand(store.Hub, store.Owner),
                ActivitySql.ReleaseAll.ToCommand(store.Hub, store.Owner),
            ],
            cancellation);

    private async Task ReleaseAsync(NpgsqlBatchCommand[] releases, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(releases);
        string channel = EngineSignals.ChannelOf(store.Hub);
        batch.BatchCommands.Add(ConnectionSql.Notify.ToCommand(channel, EngineSignals.ActivitiesPayload));
        batch.BatchCommands.Add(ConnectionSql.Notify.ToCommand(channel, EngineSignals.InstancesPayload));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private async Task RenewAsync(TimeSpan after, CancellationToken stop)
    {
        string[] instances = live.DueForRenewal(after);
        ActivityKey[] calls = activities.DueForRenewal(after);
        if (instances.Length == 0 && calls.Length == 0)
            return;

        await using NpgsqlConnection connection = await store.OpenAsync(stop);
        await using NpgsqlBatch batch = connection.ToBatch(
            InstanceSql.Lock.ToCommand(store.Hub, instances),
            InstanceSql.Renew.ToCommand(store.Hub, instances, store.Owner, store.Options.LeaseDuration),
            store.KeysOf(ActivitySql.Lock, calls),
            store.KeysOf(ActivitySql.Renew, calls, store.Owner, store.Options.LeaseDuration));
        // After the lease has ended a renewal is useless.
        batch.Timeout = Math.Max(1, (int)store.Options.LeaseDuration.TotalSeconds);
        var renewedInstances = new HashSet<string>(StringComparer.Ordinal);
        var renewedCalls = new HashSet<ActivityKey>();
        await using (NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop))
        {
            await reader.NextResultAsync(stop);
            while (await reader.ReadAsync(stop))
                renewedInstances.Add(reader.GetString(0));
            await reader.NextResultAsync(stop);
            await reader.NextResultAsync(stop);
            while (await reader.ReadAsync(stop))
                renewedCalls.Add(new ActivityKey(reader.GetString(0), reader.GetGuid(1), reader.GetInt32(2)));
        }

        live.Renewed(instances, renewedInstances);
        activities.Renewed(calls, renewedCalls);
    }
}
