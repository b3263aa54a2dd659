using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Stores results of activities whose instance is not live in this engine. One transaction deletes the call from the queue and adds the result to
/// the instance's messages. When the call is no longer in the queue, another engine has stored a result, and this one is dropped.
/// </summary>
internal sealed class ActivityResults : IAsyncDisposable
{
    private readonly DurableStore _store;
    private readonly EngineSignals _signals;
    private readonly ILogger<ActivityResults> _logger;
    private readonly Batcher<(ActivityKey Key, HistoryEvent Result)> _batcher;
    private readonly CancellationTokenSource _stop = new(); // never disposed: a write may outlive the engine's stop

    public ActivityResults(DurableStore store, EngineSignals signals, ILogger<ActivityResults> logger)
    {
        (_store, _signals, _logger) = (store, signals, logger);
        _batcher = new Batcher<(ActivityKey, HistoryEvent)>(WriteAsync, most: 200);
    }

    /// <summary>Called for each call whose result is stored.</summary>
    public Action<ActivityKey> Settled { get; set; } = static _ => { };

    public void Add(ActivityKey key, HistoryEvent result) => _batcher.TryAdd((key, result));

    /// <summary>Drops results that still wait for the database; their activities will run again.</summary>
    public void GiveUp() => _ = _stop.CancelAsync();

    public ValueTask DisposeAsync() => _batcher.DisposeAsync();

    private async Task WriteAsync(IReadOnlyList<(ActivityKey Key, HistoryEvent Result)> results)
    {
        var backoff = new Backoff("Storing activity results", _store, _logger);
        while (true)
        {
            try
            {
                await StoreAsync(results);
                backoff.Succeeded();
                return;
            }
            catch (Exception error) when (DurableStore.IsTransient(error) && !_stop.IsCancellationRequested)
            {
                await backoff.FailedAsync(error, _stop.Token);
            }
            catch (Exception error) when (results.Count > 1 && !_stop.IsCancellationRequested)
            {
                backoff.Succeeded();
                _logger.LogWarning(error, "{Count} activity results could not be stored together; they are stored one by one", results.Count);
                foreach ((ActivityKey, HistoryEvent) result in results)
                    await WriteAsync([result]);
                return;
            }
            catch (Exception error) when (results[0].Result.Kind == EventKind.TaskCompleted && !_stop.IsCancellationRequested)
            {
                // The database refuses the result for good. Without a failure in its place the activity would run again forever.
                results = [(results[0].Key, results[0].Result with { Kind = EventKind.TaskFailed, Data = Failures.Write(error) })];
            }
            catch (Exception error)
            {
                backoff.GiveUp();
                _logger.LogError(error, "{Count} activity results were not stored; the activities will run again", results.Count);
                return;
            }
        }
    }

    private async Task StoreAsync(IReadOnlyList<(ActivityKey Key, HistoryEvent Result)> results)
    {
        await using NpgsqlConnection connection = await _store.OpenAsync(_stop.Token);
        // Instances before activities, the order of locks in all transactions.
        await using NpgsqlBatch batch = connection.ToBatch(
            "BEGIN".ToCommand(),
            InstanceSql.Lock.ToCommand(_store.Hub, results.Select(r => r.Key.InstanceId).Distinct().ToArray()),
            _store.KeysOf(ActivitySql.Lock, [.. results.Select(r => r.Key)]),
            ActivitySql.StoreResults.ToCommand(
                _store.Hub,
                results.Column(r => r.Key.InstanceId),
                results.Column(r => r.Key.ExecutionId),
                results.Column(r => r.Key.TaskId),
                results.Column(r => r.Result.Kind.ToString()),
                results.Column(r => r.Result.Data)),
            ConnectionSql.Notify.ToCommand(EngineSignals.ChannelOf(_store.Hub), EngineSignals.InstancesPayload),
            "COMMIT".ToCommand());
        await batch.ExecuteNonQueryAsync(_stop.Token);
        _signals.Instances.Set();
        foreach ((ActivityKey key, _) in results)
            Settled(key);
    }
}
