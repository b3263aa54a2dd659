using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Counts what waits on the hub, for metrics. Instruments are read in the middle of a collection and cannot wait for a database, so each collection
/// gets the figures that the one before asked for, unless they are too old.
/// </summary>
internal sealed class HubReading(DurableStore store, TimeProvider time, ILogger<HubReading> logger)
{
    /// <summary>Figures older than this are left out.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(2);

    /// <summary>The shortest time between two counts.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly AsyncSignal _asked = new();
    private volatile HubFigures _latest = HubFigures.None;

    /// <summary>The latest figures; asks for newer ones.</summary>
    public HubFigures Latest()
    {
        _asked.Set();
        HubFigures latest = _latest;
        return time.GetElapsedTime(latest.At) < Lifetime ? latest : HubFigures.None;
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var backoff = new Backoff("Counting for metrics", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await _asked.WaitAsync(Timeout.InfiniteTimeSpan, stop);
                long begun = time.GetTimestamp();
                _latest = await ReadAsync(stop);
                backoff.Succeeded();
                // A large hub takes longer to count, and is counted less often.
                TimeSpan pause = 20 * time.GetElapsedTime(begun);
                await Task.Delay(pause > Pause ? pause : Pause, time, stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                _latest = HubFigures.None;
                await backoff.FailedAsync(error, stop);
            }
        }
    }

    private async Task<HubFigures> ReadAsync(CancellationToken stop)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(stop);
        await using NpgsqlBatch batch = connection.ToBatch(InstanceSql.Count.ToCommand(store.Hub), InstanceSql.CountReady.ToCommand(store.Hub), ActivitySql.Count.ToCommand(store.Hub));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
        List<InstanceCount> instances = [];
        while (await reader.ReadAsync(stop))
            instances.Add(new InstanceCount(reader.GetString(0), reader.GetString(1), reader.GetInt64(2)));
        await reader.NextResultAsync(stop);
        await reader.ReadAsync(stop);
        (long ready, double oldestInstance) = (reader.GetInt64(0), reader.GetDouble(1));
        await reader.NextResultAsync(stop);
        await reader.ReadAsync(stop);
        return new HubFigures(time.GetTimestamp(), instances, new QueueFigures(ready, oldestInstance, reader.GetInt64(0), reader.GetInt64(1), reader.GetDouble(2)));
    }
}

/// <summary>What waits on a hub.</summary>
/// <param name="At">When it was counted, as <see cref="TimeProvider.GetTimestamp"/> counts.</param>
/// <param name="Waiting">The queues; null when they were not counted.</param>
internal sealed record HubFigures(long At, IReadOnlyList<InstanceCount> Instances, QueueFigures? Waiting)
{
    public static HubFigures None { get; } = new(0, [], null);

    /// <summary>One figure of the queues, or none.</summary>
    public IEnumerable<System.Diagnostics.Metrics.Measurement<double>> Queue(Func<QueueFigures, double> figure) => Waiting is { } queue ? [new(figure(queue))] : [];
}

/// <summary>How many instances of an orchestrator have a status.</summary>
internal sealed record InstanceCount(string Name, string Status, long Number);

/// <summary>Lengths of the queues, and ages in seconds.</summary>
internal sealed record QueueFigures(long InstancesReady, double OldestInstance, long ActivitiesWaiting, long ActivitiesRunning, double OldestActivity);
