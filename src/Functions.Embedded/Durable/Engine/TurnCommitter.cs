using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Commits turns, those of several instances in one transaction. A turn is refused as a whole when its instance is not this engine's any more, when
/// the instance has had another turn, or when another engine has stored a result for an activity whose result it uses.
/// </summary>
internal sealed class TurnCommitter : IAsyncDisposable
{
    private readonly DurableStore _store;
    private readonly LiveInstances _live;
    private readonly ActivityWorker _activities;
    private readonly EngineSignals _signals;
    private readonly InstanceWaiters _waiters;
    private readonly IDurableFunctions _functions;
    private readonly ILogger<TurnCommitter> _logger;
    private readonly Batcher<Turn> _batcher;
    private readonly CancellationTokenSource _stop = new(); // never disposed: a write may outlive the engine's stop

    public TurnCommitter(
        DurableStore store,
        LiveInstances live,
        ActivityWorker activities,
        EngineSignals signals,
        InstanceWaiters waiters,
        IDurableFunctions functions,
        ILogger<TurnCommitter> logger)
    {
        (_store, _live, _activities, _signals, _waiters, _functions, _logger) = (store, live, activities, signals, waiters, functions, logger);
        _batcher = new Batcher<Turn>(CommitAsync, most: 64, loops: 2);
    }

    /// <summary>Commits a turn. During an outage of the database it waits. The turn is refused when the engine stops before.</summary>
    public Task<TurnResult> CommitAsync(Turn turn)
    {
        if (!_batcher.TryAdd(turn))
            turn.Answer(default);
        return turn.Committed;
    }

    /// <summary>Refuses the turns that still wait for the database. The engine that takes over runs them again.</summary>
    public void GiveUp() => _ = _stop.CancelAsync();

    public ValueTask DisposeAsync() => _batcher.DisposeAsync();

    private async Task CommitAsync(IReadOnlyList<Turn> turns)
    {
        var backoff = new Backoff("Commit of durable turns", _store, _logger);
        while (true)
        {
            try
            {
                await WriteAsync(turns);
                backoff.Succeeded();
                return;
            }
            catch (Exception error) when (DurableStore.IsTransient(error) && !_stop.IsCancellationRequested)
            {
                // If the commit succeeded after all, the next try finds a higher turn number, and the instance is read again.
                await backoff.FailedAsync(error, _stop.Token);
            }
            catch (Exception error) when (turns.Count > 1 && !_stop.IsCancellationRequested)
            {
                // A turn that cannot be stored must not fail the others.
                backoff.Succeeded();
                _logger.LogWarning(error, "A commit of {Count} durable turns failed; they are committed one by one", turns.Count);
                foreach (Turn turn in turns)
                    await CommitAsync([turn]);
                return;
            }
            catch (Exception error) when (!_stop.IsCancellationRequested)
            {
                backoff.Succeeded();
                await FailInstanceAsync(turns[0], error);
                break;
            }
            catch (Exception error)
            {
                backoff.GiveUp();
                _logger.LogWarning(error, "{Count} durable turns were not committed before the engine stopped; they will run again", turns.Count);
                break;
            }
        }

        foreach (Turn turn in turns)
            turn.Answer(default);
    }

    /// <summary>Fails an instance whose turn the database refuses for good, or the turn would run again forever.</summary>
    private async Task FailInstanceAsync(Turn turn, Exception error)
    {
        _logger.LogError(error, "A turn of orchestration {InstanceId} ({Name}) cannot be stored", turn.InstanceId, turn.Before.Name);
        if (turn.IsReplacement)
        {
            await PostponeAsync(turn);
            return;
        }

        DateTime at = turn.Outcome.Recorded is [var first, ..] ? first.At : turn.Before.CreatedAt;
        TurnOutcome failed = OrchestrationExecution.Fail(turn.Before, [], at, error);
        await CommitAsync([new Turn(turn.Before, failed, turn.Consumed, KeepLease: false) { IsReplacement = true }]);
    }

    /// <summary>Postpones an instance whose failure cannot be stored either, or it would keep the engine busy.</summary>
    private async Task PostponeAsync(Turn turn)
    {
        try
        {
            await using NpgsqlConnection connection = await _store.OpenAsync(_stop.Token);
            await using NpgsqlBatch batch = connection.ToBatch(InstanceSql.Postpone.ToCommand(_store.Hub, turn.InstanceId, _store.Owner));
            await batch.ExecuteNonQueryAsync(_stop.Token);
        }
        catch (Exception error) when (DurableStore.IsTransient(error) || _stop.IsCancellationRequested)
        {
            _logger.LogWarning(error, "Orchestration {InstanceId} could not be postponed; it is tried again at once", turn.InstanceId);
        }
    }

    private async Task WriteAsync(IReadOnlyList<Turn> turns)
    {
        int ownActivities = 0;
        int handedOver = 0;
        try
        {
            await using NpgsqlConnection connection = await _store.OpenAsync(_stop.Token);
            TurnBatch batch = await LockAsync(connection, turns);
            IReadOnlyList<ActivityCall> activities = batch.Activities;
            IReadOnlyList<InstanceRow> instances = batch.NewInstances;
            batch.OwnActivities = ownActivities = _activities.Reserve(activities);
            batch.OwnInstances = instances.TakeWhile(row => _functions.HasOrchestrator(row.Name)).Take(_live.Room).Count();

            bool othersNeeded = batch.OwnInstances < instances.Count || batch.Receivers.Any(id => !_live.Holds(id));
            (Dictionary<string, TimeSpan?> due, HashSet<string> stored) =
                await WriteAsync(connection, batch, othersNeeded, ownActivities < activities.Count);

            _activities.Run(activities.Take(ownActivities));
            handedOver = ownActivities;
            foreach (InstanceRow row in instances.Take(batch.OwnInstances).Where(row => stored.Contains(row.InstanceId)))
                _live.Adopt(row);
            Announce(batch, othersNeeded, ownActivities < activities.Count);
            foreach (Turn turn in turns)
            {
                bool committed = due.TryGetValue(turn.InstanceId, out TimeSpan? dueIn);
                turn.Answer(new TurnResult(committed, dueIn));
            }
        }
        finally
        {
            _activities.Unreserve(ownActivities - handedOver);
        }
    }

    /// <summary>Opens the transaction, locks what the turns change, and collects the turns that may be committed.</summary>
    private async Task<TurnBatch> LockAsync(NpgsqlConnection connection, IReadOnlyList<Turn> turns)
    {
        string[] ids = [.. turns.Select(turn => turn.InstanceId).Concat(turns.SelectMany(TurnBatch.TouchedBy)).Distinct(StringComparer.Ordinal)];
        List<ActivityKey> results = [.. turns.SelectMany(turn => turn.Consumed).Where(item => item.Activity is not null).Select(item => item.Activity!.Value)];

        var locked = new Dictionary<string, LockedInstance>(StringComparer.Ordinal);
        var present = new HashSet<(string, int)>();
        await using NpgsqlBatch batch = connection.ToBatch("BEGIN".ToCommand(), InstanceSql.Lock.ToCommand(_store.Hub, ids));
        if (results.Count > 0)
            batch.BatchCommands.Add(_store.KeysOf(ActivitySql.Lock, results));

        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(_stop.Token);
        while (await reader.ReadAsync(_stop.Token))
        {
            locked[reader.GetString(0)] = new LockedInstance(
                reader.GetGuid(1), reader.GetString(2), reader.GetInt64(3), reader.IsDBNull(4) ? null : reader.GetGuid(4));
        }

        if (results.Count > 0 && await reader.NextResultAsync(_stop.Token))
        {
            while (await reader.ReadAsync(_stop.Token))
                present.Add((reader.GetString(0), reader.GetInt32(1)));
        }

        var accepted = new TurnBatch(_store, locked);
        foreach (Turn turn in turns.Where(turn => IsStillOurs(turn, locked) && HasItsResults(turn, present)))
            accepted.Add(turn);
        return accepted;
    }

    private bool IsStillOurs(Turn turn, Dictionary<string, LockedInstance> locked) =>
        locked.TryGetValue(turn.InstanceId, out LockedInstance? instance)
        && instance.LockedBy == _store.Owner
        && instance.Turn == turn.Before.Turn
        && instance.ExecutionId == turn.Before.ExecutionId;

    private static bool HasItsResults(Turn turn, HashSet<(string, int)> present) => turn.Consumed
        .All(item => item.Activity is not { } activity || present.Contains((activity.InstanceId, activity.TaskId)));

    private async Task<(Dictionary<string, TimeSpan?> Due, HashSet<string> Stored)> WriteAsync(
        NpgsqlConnection connection, TurnBatch turns, bool notifyInstances, bool notifyActivities)
    {
        var due = new Dictionary<string, TimeSpan?>(StringComparer.Ordinal);
        var stored = new HashSet<string>(StringComparer.Ordinal);
        if (turns.Turns.Count == 0)
        {
            await using NpgsqlBatch nothing = connection.ToBatch("ROLLBACK".ToCommand());
            await nothing.ExecuteNonQueryAsync(_stop.Token);
            return (due, stored);
        }

        await using var batch = new NpgsqlBatch(connection);
        foreach (NpgsqlBatchCommand command in turns.ToCommands())
            batch.BatchCommands.Add(command);
        string channel = EngineSignals.ChannelOf(_store.Hub);
        if (notifyInstances)
            batch.BatchCommands.Add(ConnectionSql.Notify.ToCommand(channel, EngineSignals.InstancesPayload));
        if (notifyActivities)
            batch.BatchCommands.Add(ConnectionSql.Notify.ToCommand(channel, EngineSignals.ActivitiesPayload));
        if (turns.HasEntityMessages)
            batch.BatchCommands.Add(ConnectionSql.Notify.ToCommand(channel, EngineSignals.EntitiesPayload));
        batch.BatchCommands.Add("COMMIT".ToCommand());

        // Three statements return rows: new instances, updated instances, and notifications, whose column is void.
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(_stop.Token);
        do
        {
            while (await reader.ReadAsync(_stop.Token))
            {
                if (reader.FieldCount == 2)
                    due[reader.GetString(0)] = reader.IsDBNull(1) ? null : TimeSpan.FromSeconds(reader.GetDouble(1));
                else if (reader.GetName(0) == "instance_id")
                    stored.Add(reader.GetString(0));
            }
        }
        while (await reader.NextResultAsync(_stop.Token));
        return (due, stored);
    }

    private void Announce(TurnBatch batch, bool instances, bool activities)
    {
        if (instances || batch.HasMessages)
            _signals.Instances.Set();
        if (batch.HasEntityMessages)
            _signals.Entities.Set();
        if (activities)
        {
            _activities.NoteMore(true);
            _signals.Activities.Set();
        }

        foreach (Turn turn in batch.Turns)
            _waiters.Reached(turn.InstanceId, turn.Outcome.Status);
    }
}
