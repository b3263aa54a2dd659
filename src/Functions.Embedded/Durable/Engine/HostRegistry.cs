using System.Collections.Concurrent;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Knows which engines of the hub can run which functions. Work for a function that this app does not have is left to an app that has it:
/// <list type="bullet">
/// <item>While a running engine of the hub has the function, the work waits for that engine.</item>
/// <item>When no engine ever had it, the work fails after <see cref="DurableEngineOptions.UnknownNameGrace"/>.</item>
/// <item>When an engine had it but is gone (after a crash or a rolled-back deployment), or the instance has begun, the work fails after
/// <see cref="DurableEngineOptions.LostNameGrace"/>, counted from when this engine noticed.</item>
/// </list>
/// </summary>
internal sealed class HostRegistry(
    DurableStore store,
    IDurableFunctions functions,
    ActivityResults results,
    EngineSignals signals,
    InstanceWaiters waiters,
    TimeProvider time,
    ILogger<HostRegistry> logger)
{
    private const int Most = 200;

    private readonly ConcurrentDictionary<string, MissingName> _missing = new(StringComparer.Ordinal);
    private readonly AsyncSignal _noticed = new();
    private readonly string[] _own =
    [
        .. functions.Orchestrators.Select(name => KeyOf(FunctionKind.Orchestrator, name)),
        .. functions.Activities.Select(name => KeyOf(FunctionKind.Activity, name)),
        .. functions.Entities.Select(name => KeyOf(FunctionKind.Entity, name)),
    ];

    private long _lastHeartbeat;

    /// <summary>How long an engine counts as running after its last heartbeat.</summary>
    private TimeSpan Alive => 3 * store.Options.LeaseDuration;

    /// <summary>Notes work for a function that this app does not have.</summary>
    public void ReportMissing(FunctionKind kind, string name)
    {
        _missing.TryAdd(KeyOf(kind, name), new MissingName(kind, name, time.GetTimestamp()));
        _noticed.Set();
    }

    public async Task RunAsync(CancellationToken stop)
    {
        var backoff = new Backoff("Registering what this app can run", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (_lastHeartbeat == 0 || time.GetElapsedTime(_lastHeartbeat) >= store.Options.LeaseDuration)
                    await HeartbeatAsync(stop);
                if (!_missing.IsEmpty)
                    await FailUnservedAsync(stop);
                backoff.Succeeded();
                await _noticed.WaitAsync(_missing.IsEmpty ? store.Options.LeaseDuration : store.Options.UnknownNameGrace / 4, stop);
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

    /// <summary>Marks this engine as gone.</summary>
    public async Task LeaveAsync(CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(HostSql.Leave.ToCommand(store.Hub, store.Owner));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    internal static string KeyOf(FunctionKind kind, string name) => $"{kind}:{name}".ToLowerInvariant();

    private async Task HeartbeatAsync(CancellationToken stop)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(stop);
        await using NpgsqlBatch batch = connection.ToBatch(HostSql.Heartbeat.ToCommand(store.Hub, store.Owner, _own, Alive));
        if (_lastHeartbeat == 0)
            batch.BatchCommands.Insert(0, HostSql.ForgetDead.ToCommand(store.Hub, _own));
        await batch.ExecuteNonQueryAsync(stop);
        _lastHeartbeat = time.GetTimestamp();
    }

    private async Task FailUnservedAsync(CancellationToken stop)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(stop);
        foreach ((MissingName name, bool isLost) in await UnservedAsync(connection, stop))
        {
            await (name.Kind switch
            {
                FunctionKind.Orchestrator => FailOrchestrationsAsync(connection, name, isLost, stop),
                FunctionKind.Activity => FailActivitiesAsync(connection, name, stop),
                _ => FailOperationsAsync(connection, name, stop),
            });
        }
    }

    private async Task<List<(MissingName Name, bool IsLost)>> UnservedAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        KeyValuePair<string, MissingName>[] missing = [.. _missing];
        await using NpgsqlBatch batch = connection.ToBatch(HostSql.ReadUnserved.ToCommand(
            store.Hub,
            missing.Column(m => m.Key),
            missing.Column(m => time.GetElapsedTime(m.Value.NoticedAt)),
            store.Options.UnknownNameGrace,
            store.Options.LostNameGrace));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
        List<(MissingName, bool)> unserved = [];
        while (await reader.ReadAsync(stop))
            unserved.Add((_missing[reader.GetString(0)], reader.GetBoolean(1)));
        return unserved;
    }

    /// <param name="isLost">Whether instances that have begun fail too.</param>
    private async Task FailOrchestrationsAsync(NpgsqlConnection connection, MissingName name, bool isLost, CancellationToken stop)
    {
        List<(string Id, string? Parent)> instances = [];
        await using (NpgsqlBatch batch = connection.ToBatch(
            InstanceSql.ReadDueOfName.ToCommand(store.Hub, name.Name.ToLowerInvariant(), store.Options.UnknownNameGrace, Most, isLost)))
        {
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
            while (await reader.ReadAsync(stop))
                instances.Add((reader.GetString(0), reader.Text(1)));
        }

        if (instances.Count == 0)
            return;
        string[] ids = [.. instances.Select(instance => instance.Id)];
        string[] parents = [.. instances.Select(instance => instance.Parent).OfType<string>().Distinct()];
        await InstanceEnd.Failed(DetailsOf(name)).WriteAsync(connection, store.Hub, ids, parents, time.Now(), stop);
        logger.LogError("No app on the hub {Hub} has an orchestrator {Name}: {Count} instances (such as {InstanceId}) failed", store.Hub, name.Name, ids.Length, ids[0]);
        signals.Instances.Set();
        foreach (string id in ids)
            waiters.Reached(id, OrchestrationRuntimeStatus.Failed);
    }

    private async Task FailActivitiesAsync(NpgsqlConnection connection, MissingName name, CancellationToken stop)
    {
        List<ActivityKey> calls = [];
        await using (NpgsqlBatch batch = connection.ToBatch(
            ActivitySql.ReadDueOfName.ToCommand(store.Hub, name.Name.ToLowerInvariant(), store.Options.UnknownNameGrace, Most)))
        {
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
            while (await reader.ReadAsync(stop))
                calls.Add(new ActivityKey(reader.GetString(0), reader.GetGuid(1), reader.GetInt32(2)));
        }

        if (calls.Count == 0)
            return;
        logger.LogError("No app on the hub {Hub} has an activity {Name}: {Count} calls (such as one by {InstanceId}) fail", store.Hub, name.Name, calls.Count, calls[0].InstanceId);
        string failure = Failures.Write(DetailsOf(name));
        foreach (ActivityKey call in calls)
            results.Add(call, new HistoryEvent(EventKind.TaskFailed, time.Now()) { TaskId = call.TaskId, Name = name.Name, Data = failure });
    }

    /// <summary>Callers of an entity get the failure. Signals are dropped, as nobody waits for them.</summary>
    private async Task FailOperationsAsync(NpgsqlConnection connection, MissingName name, CancellationToken stop)
    {
        string channel = EngineSignals.ChannelOf(store.Hub);
        await using NpgsqlBatch batch = connection.ToBatch(
            EntitySql.FailOperations.ToCommand(
                store.Hub, name.Name.ToLowerInvariant(), store.Options.UnknownNameGrace, Failures.Write(DetailsOf(name))),
            ConnectionSql.Notify.ToCommand(channel, EngineSignals.InstancesPayload));
        await batch.ExecuteNonQueryAsync(stop);
        int failed = batch.BatchCommands[0].RecordsAffected;
        if (failed <= 0)
            return;
        logger.LogError("No app on the hub {Hub} has an entity {Name}: {Count} operations fail", store.Hub, name.Name, failed);
        signals.Instances.Set();
    }

    private TaskFailureDetails DetailsOf(MissingName missing)
    {
        string kind = missing.Kind.ToString().ToLowerInvariant();
        IEnumerable<string> known = missing.Kind switch
        {
            FunctionKind.Orchestrator => functions.Orchestrators,
            FunctionKind.Activity => functions.Activities,
            _ => functions.Entities,
        };
        string here = known.Order(StringComparer.OrdinalIgnoreCase).ToList() is { Count: > 0 } names
            ? string.Join(", ", names.Take(50)) + (names.Count > 50 ? ", …" : "")
            : "none";
        return new TaskFailureDetails(
            $"{missing.Kind}TaskNotFound",
            $"There is no {kind} named '{missing.Name}': no app on the task hub '{store.Hub}' has one. This app's {kind} functions: {here}.",
            null,
            null,
            null);
    }

    private sealed record MissingName(FunctionKind Kind, string Name, long NoticedAt);
}
