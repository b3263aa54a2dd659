using System.Diagnostics;
using System.Text.Json;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Starts instances. Starts that arrive at the same time share a transaction.</summary>
internal sealed partial class EmbeddedDurableTaskClient
{
    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(orchestratorName.Name, nameof(orchestratorName));
        cancellation.ThrowIfCancellationRequested();
        string? chosen = options?.InstanceId is { Length: > 0 } id ? id : null;
        EntityIds.ThrowIfEntity(chosen);
        if (chosen?.Contains('\0') == true)
            throw new ArgumentException("An instance id cannot contain the character U+0000.", nameof(options));

        using Activity? span = EngineTraces.Scheduling(orchestratorName.Name);
        var row = new InstanceRow(chosen ?? Guid.NewGuid().ToString("N"), Guid.CreateVersion7(), orchestratorName.Name)
        {
            Version = options?.Version?.Version ?? _defaultVersion,
            Input = _converter.Serialize(input),
            Tags = options?.Tags is { Count: > 0 } tags ? JsonSerializer.Serialize(tags) : null,
            TraceParent = EngineTraces.Current,
            CreatedAt = _time.Now(),
            StartAt = options?.StartAt is { } start && start > _time.GetUtcNow() ? DatabaseTime.RoundUp(start.UtcDateTime) : null,
        };
        await AddAsync(new StartRequest(row, chosen is not null, options?.DedupeStatuses), cancellation);
        return row.InstanceId;
    }

    /// <summary>Runs a finished instance again from the beginning, with the same input.</summary>
    public override async Task<string> RestartAsync(
        string instanceId, bool restartWithNewInstanceId = false, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        InstanceRow row = await ReadStartAsync(instanceId, restartWithNewInstanceId ? Guid.NewGuid().ToString("N") : instanceId, cancellation)
            ?? throw new ArgumentException($"There is no orchestration instance with the id '{instanceId}'.", nameof(instanceId));
        await AddAsync(new StartRequest(row, !restartWithNewInstanceId, null), cancellation);
        return row.InstanceId;
    }

    /// <summary>Reads how an instance was started, for a new instance with the same start.</summary>
    private async Task<InstanceRow?> ReadStartAsync(string instanceId, string newId, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(ClientSql.ReadStart.ToCommand(_store.Hub, instanceId));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        if (!await reader.ReadAsync(cancellation))
            return null;
        return new InstanceRow(newId, Guid.CreateVersion7(), reader.GetString(0))
        {
            Version = reader.GetString(1),
            Input = reader.Text(2),
            Tags = reader.Text(3),
            TraceParent = EngineTraces.Current,
            CreatedAt = _time.Now(),
        };
    }

    private Task AddAsync(StartRequest request, CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(!_starts.TryAdd(request), this);
        return request.Stored.Task.WaitAsync(cancellation);
    }

    private async Task StartAsync(IReadOnlyList<StartRequest> requests)
    {
        try
        {
            await StoreAsync(requests);
        }
        catch (Exception error) when (requests.Count > 1 && !DurableStore.IsTransient(error))
        {
            foreach (StartRequest request in requests)
                await StartAsync([request]);
        }
        catch (Exception error)
        {
            foreach (StartRequest request in requests)
                request.Stored.TrySetException(error);
        }
    }

    private async Task StoreAsync(IReadOnlyList<StartRequest> requests)
    {
        await using NpgsqlConnection connection = await _store.OpenAsync(CancellationToken.None);
        Dictionary<string, string> existing = await LockAsync(connection, requests);
        (List<StartRequest> accepted, List<string> replaced, List<(StartRequest Request, string Status)> refused) = Decide(requests, existing);
        // An instance that still runs is terminated before it is replaced, so that its parent learns it.
        string[] ended = [.. replaced.Where(id => !RuntimeStatusNames.Final.Contains(existing[id]))];

        // Instances that can run here now come first: they are stored under this process's lease.
        List<InstanceRow> rows = [.. accepted.Select(request => request.Row).OrderBy(row => CanRunNow(row) ? 0 : 1)];
        int own = Math.Min(rows.Count(CanRunNow), _live.Room);
        HashSet<string> stored = await WriteAsync(connection, rows, own, replaced, ended);

        foreach (InstanceRow row in rows.Take(own).Where(row => stored.Contains(row.InstanceId)))
            _live.Adopt(row);
        if (own < rows.Count || ended.Length > 0)
            _signals.Instances.Set();
        foreach (StartRequest request in accepted)
        {
            if (stored.Contains(request.Row.InstanceId))
                request.Stored.TrySetResult();
            else
                request.Stored.TrySetException(Conflict("Pending"));
        }

        // After the commit: a caller that is refused because of another start in this transaction then finds the instance.
        foreach ((StartRequest request, string status) in refused)
            request.Stored.TrySetException(Conflict(status));
    }

    private bool CanRunNow(InstanceRow row) => row.StartAt is null && _functions.HasOrchestrator(row.Name);

    /// <summary>Opens the transaction, locks the instances whose ids were chosen, and returns their statuses.</summary>
    private async Task<Dictionary<string, string>> LockAsync(NpgsqlConnection connection, IReadOnlyList<StartRequest> requests)
    {
        var existing = new Dictionary<string, string>(StringComparer.Ordinal);
        string[] chosen = [.. requests.Where(request => request.IsChosen).Select(request => request.Row.InstanceId).Distinct()];
        await using NpgsqlBatch batch = connection.ToBatch("BEGIN".ToCommand());
        if (chosen.Length > 0)
            batch.BatchCommands.Add(InstanceSql.Lock.ToCommand(_store.Hub, chosen));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync();
        while (await reader.ReadAsync())
            existing[reader.GetString(0)] = reader.GetString(2);
        return existing;
    }

    private static (List<StartRequest> Accepted, List<string> Replaced, List<(StartRequest Request, string Status)> Refused) Decide(
        IReadOnlyList<StartRequest> requests, Dictionary<string, string> existing)
    {
        List<StartRequest> accepted = [];
        List<string> replaced = [];
        List<(StartRequest, string)> refused = [];
        foreach (StartRequest request in requests)
        {
            string id = request.Row.InstanceId;
            if (existing.TryGetValue(id, out string? status))
            {
                bool isRefused = request.DedupeStatuses is { } listed
                    ? listed.Contains(status, StringComparer.OrdinalIgnoreCase)
                    : !RuntimeStatusNames.Final.Contains(status);
                if (isRefused || accepted.Any(other => other.Row.InstanceId == id))
                {
                    refused.Add((request, isRefused ? status : "Pending"));
                    continue;
                }

                replaced.Add(id);
            }
            else if (request.IsChosen && accepted.Any(other => other.Row.InstanceId == id))
            {
                refused.Add((request, "Pending"));
                continue;
            }

            accepted.Add(request);
        }

        return (accepted, replaced, refused);
    }

    private async Task<HashSet<string>> WriteAsync(NpgsqlConnection connection, List<InstanceRow> rows, int own, List<string> replaced, string[] ended)
    {
        await using NpgsqlBatch batch = connection.ToBatch(ended.Length > 0 ? InstanceEnd.Terminated(null).ToCommands(_store.Hub, ended, _time.Now()) : []);
        if (replaced.Count > 0)
        {
            foreach (NpgsqlBatchCommand forget in TurnBatch.ForgetCommands(_store.Hub, [.. replaced]))
                batch.BatchCommands.Add(forget);
        }

        if (rows.Count > 0)
            batch.BatchCommands.Add(TurnBatch.NewInstancesCommand(_store, rows, own));
        if (own < rows.Count || ended.Length > 0)
            batch.BatchCommands.Add(ConnectionSql.Notify.ToCommand(EngineSignals.ChannelOf(_store.Hub), EngineSignals.InstancesPayload));
        batch.BatchCommands.Add("COMMIT".ToCommand());

        var stored = new HashSet<string>(StringComparer.Ordinal);
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync();
        do
        {
            while (await reader.ReadAsync())
            {
                if (reader.GetName(0) == "instance_id")
                    stored.Add(reader.GetString(0));
            }
        }
        while (await reader.NextResultAsync());
        return stored;
    }

    private static InvalidOperationException Conflict(string status) => new($"An Orchestration instance with the status {status} already exists.");

    private sealed record StartRequest(InstanceRow Row, bool IsChosen, IReadOnlyList<string>? DedupeStatuses)
    {
        public TaskCompletionSource Stored { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
