using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Stores results of activities whose instance is not in this engine's memory: takes the call from the queue and puts the result among the
/// instance's messages, in one transaction. A call that is no longer in the queue was answered by someone else, and that answer counts.
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

    /// <summary>Told of each call whose answer is stored.</summary>
    public Action<ActivityKey> Settled { get; set; } = static _ => { };

    public void Add(ActivityKey key, HistoryEvent result) => _batcher.TryAdd((key, result));

    /// <summary>Gives up on results that still wait for the database; the activities will run again.</summary>
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
                _logger.LogWarning(error, "{Count} activity results could not be stored together; storing them one by one", results.Count);
                foreach ((ActivityKey, HistoryEvent) result in results)
                    await WriteAsync([result]);
                return;
            }
            catch (Exception error) when (results[0].Result.Kind == EventKind.TaskCompleted && !_stop.IsCancellationRequested)
            {
                // What cannot be stored at all fails the call, or it would be run for ever.
                results = [(results[0].Key, results[0].Result with { Kind = EventKind.TaskFailed, Data = Failures.Write(error) })];
            }
            catch (Exception error)
            {
                backoff.GiveUp();
                _logger.LogError(error, "{Count} activity results are not stored; the activities will run again", results.Count);
                return;
            }
        }
    }

    private async Task StoreAsync(IReadOnlyList<(ActivityKey Key, HistoryEvent Result)> results)
    {
        await using NpgsqlConnection connection = await _store.OpenAsync(_stop.Token);
        // Instances before activities, as everywhere, so that transactions do not wait in a circle.
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
