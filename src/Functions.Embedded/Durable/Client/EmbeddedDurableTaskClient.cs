using System.Collections.Immutable;
using System.Text.Json;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The engine's client. It writes to the database directly and wakes this process's engine, if one runs.</summary>
internal sealed partial class EmbeddedDurableTaskClient : DurableTaskClient
{
    private readonly DurableStore _store;
    private readonly LiveInstances _live;
    private readonly EngineSignals _signals;
    private readonly InstanceWaiters _waiters;
    private readonly IDurableFunctions _functions;
    private readonly DataConverter _converter;
    private readonly TimeProvider _time;
    private readonly ILogger<EmbeddedDurableTaskClient> _logger;
    private readonly string _defaultVersion;
    private readonly Batcher<StartRequest> _starts;

    public EmbeddedDurableTaskClient(
        DurableStore store,
        LiveInstances live,
        EngineSignals signals,
        InstanceWaiters waiters,
        IDurableFunctions functions,
        DataConverter converter,
        TimeProvider time,
        IOptions<DurableTaskClientOptions> options,
        ILogger<EmbeddedDurableTaskClient> logger)
        : base(store.Hub)
    {
        _defaultVersion = options.Value.DefaultVersion;
        Entities = new EmbeddedDurableEntityClient(store, signals, converter);
        (_store, _live, _signals, _waiters, _functions, _converter, _time, _logger) =
            (store, live, signals, waiters, functions, converter, time, logger);
        _starts = new Batcher<StartRequest>(StartAsync, most: 100, loops: 2);
    }

    public override DurableEntityClient Entities { get; }

    public override async Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        EntityIds.ThrowIfEntity(instanceId);
        if (!await SendAsync(instanceId, EventKind.EventRaised, eventName, _converter.Serialize(eventPayload), cancellation))
            _logger.LogDebug("Event {Name} for {InstanceId} is discarded: no such instance runs", eventName, instanceId);
    }

    public override Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendControlAsync(instanceId, EventKind.ExecutionSuspended, reason, cancellation);

    public override Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default) =>
        SendControlAsync(instanceId, EventKind.ExecutionResumed, reason, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, forEnd: false, getInputsAndOutputs, cancellation);

    public override Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default) =>
        WaitAsync(instanceId, forEnd: true, getInputsAndOutputs, cancellation);

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(ClientSql.ReadInstance.ToCommand(_store.Hub, instanceId));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? Read(reader, getInputsAndOutputs) : null;
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        OrchestrationQuery query = filter ?? new OrchestrationQuery();
        return Pageable.Create<OrchestrationMetadata>((token, size, cancellation) => GetPageAsync(
            query with { ContinuationToken = token ?? query.ContinuationToken, PageSize = size ?? query.PageSize }, null, null, cancellation));
    }

    public override async Task<Page<string>> ListInstanceIdsAsync(
        IEnumerable<OrchestrationRuntimeStatus>? runtimeStatus = null,
        DateTimeOffset? completedTimeFrom = null,
        DateTimeOffset? completedTimeTo = null,
        int pageSize = OrchestrationQuery.DefaultPageSize,
        string? lastInstanceKey = null,
        CancellationToken cancellation = default)
    {
        var query = new OrchestrationQuery(Statuses: runtimeStatus, PageSize: pageSize, ContinuationToken: lastInstanceKey);
        Page<OrchestrationMetadata> page = await GetPageAsync(query, completedTimeFrom, completedTimeTo, cancellation);
        return new Page<string>([.. page.Values.Select(instance => instance.InstanceId)], page.ContinuationToken);
    }

    public override async Task<IList<global::DurableTask.Core.History.HistoryEvent>> GetOrchestrationHistoryAsync(
        string instanceId, CancellationToken cancellation = default)
    {
        OrchestrationMetadata instance = await GetInstancesAsync(instanceId, true, cancellation)
            ?? throw new ArgumentException($"There is no orchestration instance with the id '{instanceId}'.", nameof(instanceId));
        return PublicHistory.Of(instance, await GetHistoryAsync(instanceId, cancellation));
    }

    /// <summary>The history of the current execution; empty when there is no such instance.</summary>
    public async Task<IReadOnlyList<HistoryEvent>> GetHistoryAsync(string instanceId, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(ClientSql.ReadHistory.ToCommand(_store.Hub, instanceId));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        List<HistoryEvent> history = [];
        while (await reader.ReadAsync(cancellation))
        {
            history.Add(new HistoryEvent(Enum.Parse<EventKind>(reader.GetString(0)), reader.GetDateTime(1))
            {
                TaskId = reader.GetInt32(2),
                Name = reader.Text(3),
                Data = reader.Text(4),
                Target = reader.Text(5),
                FireAt = reader.IsDBNull(6) ? null : reader.GetDateTime(6),
                Version = reader.Text(7),
                Tags = reader.Text(8),
            });
        }

        return history;
    }

    /// <summary>Waits briefly for starts that are under way, but not for a database that does not answer.</summary>
    public override async ValueTask DisposeAsync() => await _starts.DisposeAsync().AsTask().EndsWithinAsync(TimeSpan.FromMilliseconds(500));

    private async Task<OrchestrationMetadata> WaitAsync(string instanceId, bool forEnd, bool getInputsAndOutputs, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        OrchestrationMetadata? found = null;
        await _waiters.WaitAsync(instanceId, forEnd, IsThereAsync, cancellation);
        while (!await IsThereAsync())
            await _waiters.WaitAsync(instanceId, forEnd, IsThereAsync, cancellation);
        return found!;

        async Task<bool> IsThereAsync()
        {
            if (found is not null)
                return true;
            OrchestrationMetadata now = await GetInstancesAsync(instanceId, getInputsAndOutputs, cancellation) ?? throw NoSuchInstance(instanceId);
            bool there = now.IsCompleted || (!forEnd && now.RuntimeStatus != OrchestrationRuntimeStatus.Pending);
            found = there ? now : null;
            return there;
        }
    }

    private async Task SendControlAsync(string instanceId, EventKind kind, string? reason, CancellationToken cancellation)
    {
        if (!await SendAsync(instanceId, kind, null, reason, cancellation) && await GetInstancesAsync(instanceId, false, cancellation) is null)
            throw NoSuchInstance(instanceId);
    }

    /// <summary>Sends a message to an instance. False when it has ended or does not exist.</summary>
    private async Task<bool> SendAsync(string instanceId, EventKind kind, string? name, string? data, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(
            InstanceSql.Lock.ToCommand(_store.Hub, new[] { instanceId }),
            MessageSql.Send.ToCommand(
                _store.Hub, new[] { instanceId }, new Guid?[] { null }, new[] { kind.ToString() }, new[] { -1 }, new[] { name }, new[] { data }));
        if (!_live.Holds(instanceId))
            batch.BatchCommands.Add(ConnectionSql.Notify.ToCommand(EngineSignals.ChannelOf(_store.Hub), EngineSignals.InstancesPayload));
        await batch.ExecuteNonQueryAsync(cancellation);
        _signals.Instances.Set();
        return batch.BatchCommands[1].RecordsAffected > 0;
    }

    private async Task<Page<OrchestrationMetadata>> GetPageAsync(
        OrchestrationQuery query, DateTimeOffset? completedFrom, DateTimeOffset? completedTo, CancellationToken cancellation)
    {
        if (query.TaskHubNames is { } hubs && hubs.ToList() is { Count: > 0 } names && !names.Contains(_store.Hub, StringComparer.OrdinalIgnoreCase))
            return new Page<OrchestrationMetadata>([]);

        int size = query.PageSize > 0 ? query.PageSize : OrchestrationQuery.DefaultPageSize;
        string[]? statuses = query.Statuses?.Select(status => status.ToString()).ToArray();
        var command = new NpgsqlBatchCommand(ClientSql.ListInstances)
        {
            Parameters =
            {
                new() { Value = _store.Hub },
                new() { Value = query.ContinuationToken ?? "" },
                Optional(query.CreatedFrom?.UtcDateTime, NpgsqlDbType.TimestampTz),
                Optional(query.CreatedTo?.UtcDateTime, NpgsqlDbType.TimestampTz),
                Optional(statuses is { Length: > 0 } ? statuses : null, NpgsqlDbType.Array | NpgsqlDbType.Text),
                Optional(query.InstanceIdPrefix, NpgsqlDbType.Text),
                Optional(completedFrom?.UtcDateTime, NpgsqlDbType.TimestampTz),
                Optional(completedTo?.UtcDateTime, NpgsqlDbType.TimestampTz),
                new() { Value = size + 1 },
            },
        };
        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(command);
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        List<OrchestrationMetadata> values = [];
        while (await reader.ReadAsync(cancellation))
            values.Add(Read(reader, query.FetchInputsAndOutputs));
        if (values.Count <= size)
            return new Page<OrchestrationMetadata>(values);
        values.RemoveAt(size);
        return new Page<OrchestrationMetadata>(values, values[^1].InstanceId);
    }

    private static NpgsqlParameter Optional(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };

    private OrchestrationMetadata Read(NpgsqlDataReader reader, bool withData) => new(reader.GetString(1), reader.GetString(0))
    {
        RuntimeStatus = Enum.Parse<OrchestrationRuntimeStatus>(reader.GetString(2)),
        CreatedAt = reader.GetDateTime(3),
        LastUpdatedAt = reader.GetDateTime(4),
        SerializedInput = withData ? reader.Text(5) : null,
        SerializedOutput = withData ? reader.Text(6) : null,
        SerializedCustomStatus = withData ? reader.Text(7) : null,
        FailureDetails = withData && reader.Text(8) is { } failure ? Failures.Read(failure) : null,
        Tags = reader.Text(9) is { } tags
            ? JsonSerializer.Deserialize<Dictionary<string, string>>(tags)!
            : ImmutableDictionary<string, string>.Empty,
        DataConverter = withData ? _converter : null,
    };

    private static InvalidOperationException NoSuchInstance(string instanceId) => new($"There is no orchestration instance with the id '{instanceId}'.");
}
