using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Runs entities. It takes leases of entities that have messages, runs the operations on the state, and commits the new state, the answers and the
/// actions of the operations together. A commit is refused, as that of a turn, without the lease or after another commit.
/// </summary>
internal sealed class EntityWorker(
    DurableStore store,
    IDurableFunctions functions,
    HostRegistry hosts,
    EntityCommitter commits,
    EngineSignals signals,
    TimeProvider time,
    ILogger<EntityWorker> logger)
{
    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Task> _running = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _abort = new();

    public async Task RunAsync(CancellationToken stop)
    {
        var backoff = new Backoff("Fetching entities", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                TimeSpan wait = await FetchAsync(stop);
                backoff.Succeeded();
                await signals.Entities.WaitAsync(wait, stop);
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

    /// <summary>Renews the leases of the entities that run.</summary>
    public async Task RenewAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(store.Options.LeaseDuration / 3, time);
        var backoff = new Backoff("Renewing leases of entities", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stop);
                string[] running = [.. _running.Keys];
                if (running.Length > 0)
                {
                    await using NpgsqlConnection connection = await store.OpenAsync(stop);
                    await using NpgsqlBatch batch = connection.ToBatch(
                        EntitySql.Renew.ToCommand(store.Hub, running, store.Owner, store.Options.LeaseDuration));
                    await batch.ExecuteNonQueryAsync(stop);
                }

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

    /// <summary>Waits for running entities, and cancels them when the time is over. Other engines then run their operations again.</summary>
    public async Task FinishAsync(TimeSpan grace)
    {
        Task running = Task.WhenAll(_running.Values);
        if (await Task.WhenAny(running, Task.Delay(grace)) != running)
        {
            _ = _abort.CancelAsync();
            await Task.WhenAny(running, Task.Delay(TimeSpan.FromMilliseconds(500)));
        }
    }

    /// <summary>Releases the entities that did not finish.</summary>
    public async Task ReleaseAsync(CancellationToken cancellation)
    {
        string[] left = [.. _running.Keys];
        if (left.Length > 0)
            await ReleaseAsync(left, cancellation);
    }

    private async Task<TimeSpan> FetchAsync(CancellationToken stop)
    {
        int room = store.Options.MaxConcurrentEntities - _running.Count;
        if (room <= 0)
            return store.Options.PollInterval; // the end of a run sets the signal
        List<EntityRow> taken = [];
        TimeSpan wait = store.Options.PollInterval;
        await using (NpgsqlConnection connection = await store.OpenAsync(stop))
        {
            await using NpgsqlBatch batch = connection.ToBatch(
                EntitySql.Take.ToCommand(store.Hub, store.Owner, store.Options.LeaseDuration, room, _unknown.ToArray()),
                EntitySql.NextReady.ToCommand(store.Hub));
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
            while (await reader.ReadAsync(stop))
            {
                taken.Add(new EntityRow(
                    reader.GetString(0), reader.Text(1), reader.GetInt64(2), reader.Uuid(3), reader.Text(4), reader.Uuid(5)));
            }

            await reader.NextResultAsync(stop);
            if (await reader.ReadAsync(stop) && !reader.IsDBNull(0))
                wait = TimeSpan.FromSeconds(Math.Clamp(reader.GetDouble(0), 0.001, wait.TotalSeconds));
        }

        List<EntityRow> unknown = [.. taken.Where(row => !functions.HasEntity(NameOf(row.EntityId)))];
        if (unknown.Count > 0)
            await LeaveAsync(unknown, stop);
        foreach (EntityRow row in taken.Except(unknown))
        {
            // It starts only after it is in the dictionary, or it could end before and stay there.
            var begin = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _running[row.EntityId] = RunAsync(row, begin.Task);
            begin.SetResult();
        }

        return taken.Count == room ? TimeSpan.Zero : wait;
    }

    private static string NameOf(string entityId) => entityId[1..entityId.IndexOf('@', 1)];

    /// <summary>Leaves entities that this app does not have to an app that does.</summary>
    private async Task LeaveAsync(List<EntityRow> unknown, CancellationToken stop)
    {
        await ReleaseAsync([.. unknown.Select(row => row.EntityId)], stop);
        foreach (EntityRow row in unknown)
        {
            string name = NameOf(row.EntityId);
            if (!_unknown.Add(name))
                continue;
            hosts.ReportMissing(FunctionKind.Entity, name);
            logger.LogWarning("This app has no entity {Name}; it leaves its operations (such as those of {EntityId}) to an app that does", name, row.EntityId);
        }
    }

    private async Task ReleaseAsync(string[] ids, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(EntitySql.Release.ToCommand(store.Hub, ids, store.Owner));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private async Task RunAsync(EntityRow row, Task begin)
    {
        await begin;
        var backoff = new Backoff($"Running the entity {row.EntityId}", store, logger);
        bool released = false;
        try
        {
            EntityRow unlocked = row;
            List<EntityMessage> messages;
            while (true)
            {
                try
                {
                    (unlocked, messages) = await commits.ReadAsync(row, _abort.Token);
                    break;
                }
                catch (Exception error) when (DurableStore.IsTransient(error) && !_abort.IsCancellationRequested)
                {
                    await backoff.FailedAsync(error, _abort.Token);
                }
            }

            backoff.Succeeded();
            var run = new EntityRun(unlocked, messages);
            var batch = new EntityBatch(run.Id, row.State, run.Operations, time);
            if (run.Operations.Count > 0)
                await ExecuteAsync(batch);
            await commits.CommitAsync(row, run, batch, _abort.Token);
            released = true;
        }
        catch (OperationCanceledException) when (_abort.IsCancellationRequested)
        {
            return; // its lease is released at the stop
        }
        catch (Exception error)
        {
            logger.LogError(error, "Entity {EntityId} could not run; it is tried again", row.EntityId);
        }
        finally
        {
            if (released || !_abort.IsCancellationRequested)
                _running.TryRemove(row.EntityId, out _);
            signals.Entities.Set();
        }
    }

    private async Task ExecuteAsync(EntityBatch batch)
    {
        string name = batch.Id.Name;
        try
        {
            await functions.RunEntityAsync(name, batch, _abort.Token);
            batch.FailRest(new TaskFailureDetails(
                typeof(InvalidOperationException).FullName!, $"The function of entity '{name}' did not dispatch the operation.", null, null, null));
        }
        catch (Exception error) when (!_abort.IsCancellationRequested)
        {
            logger.LogWarning(error, "The function of entity {EntityId} failed", batch.Id);
            batch.FailRest(TaskFailureDetails.FromException(error));
        }

        foreach (TaskFailureDetails failure in batch.Outcomes.Select(outcome => outcome.Failure).OfType<TaskFailureDetails>())
            logger.LogWarning("An operation of entity {EntityId} failed: {ErrorType}: {ErrorMessage}", batch.Id, failure.ErrorType, failure.ErrorMessage);
    }
}
