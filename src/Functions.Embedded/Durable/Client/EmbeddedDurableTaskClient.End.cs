using Microsoft.DurableTask.Client;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Terminates and purges instances.</summary>
internal sealed partial class EmbeddedDurableTaskClient
{
    private const int PurgeBatch = 500;

    /// <summary>Ends an instance at once, even during a turn, which is then refused. An instance that has ended stays as it is.</summary>
    /// <exception cref="InvalidOperationException">There is no such instance.</exception>
    public override async Task TerminateInstanceAsync(
        string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        string? output = _converter.Serialize(options?.Output);
        bool recursive = options?.Recursive ?? false;

        // Each round finds the sub-orchestrations that started during the one before.
        while (true)
        {
            List<(string Id, string? ParentId, string Status)> family = await ReadTreeAsync([instanceId], recursive, cancellation);
            if (family.Count == 0)
                throw NoSuchInstance(instanceId);
            string[] running = [.. family.Where(member => !RuntimeStatusNames.Final.Contains(member.Status)).Select(member => member.Id)];
            if (running.Length == 0)
                return;
            await TerminateAsync(running, [.. family.Select(member => member.ParentId).OfType<string>()], output, cancellation);
        }
    }

    public override async Task<PurgeResult> PurgeInstanceAsync(
        string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        return new PurgeResult(await PurgeAsync([instanceId], options?.Recursive ?? false, cancellation), isComplete: true);
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        long begun = _time.GetTimestamp();
        OrchestrationRuntimeStatus[] statuses =
        [
            .. (filter.Statuses ?? [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated])
                .Where(status => status.IsFinal()),
        ];
        if (statuses.Length == 0)
            return new PurgeResult(0, isComplete: true);

        int purged = 0;
        var query = new OrchestrationQuery(filter.CreatedFrom, filter.CreatedTo, statuses, PageSize: PurgeBatch);
        while (true)
        {
            Page<OrchestrationMetadata> page = await GetPageAsync(query, null, null, cancellation);
            purged += await PurgeAsync([.. page.Values.Select(instance => instance.InstanceId)], options?.Recursive ?? false, cancellation);
            if (page.ContinuationToken is null)
                return new PurgeResult(purged, isComplete: true);
            if (filter.Timeout is { } limit && _time.GetElapsedTime(begun) >= limit)
                return new PurgeResult(purged, isComplete: false);
            query = query with { ContinuationToken = page.ContinuationToken };
        }
    }

    private async Task TerminateAsync(string[] ids, string[] parents, string? output, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await InstanceEnd.Terminated(output).WriteAsync(connection, _store.Hub, ids, parents, _time.Now(), cancellation);
        _signals.Instances.Set();
        _signals.Entities.Set();
        foreach (string id in ids)
            _waiters.Reached(id, OrchestrationRuntimeStatus.Terminated);
    }

    private async Task<int> PurgeAsync(string[] ids, bool recursive, CancellationToken cancellation)
    {
        if (ids.Length == 0)
            return 0;
        if (recursive)
        {
            // Only when all given instances have ended. Descendants that still run stay.
            List<(string Id, string? ParentId, string Status)> family = await ReadTreeAsync(ids, true, cancellation);
            HashSet<string> running = [.. family.Where(member => !RuntimeStatusNames.Final.Contains(member.Status)).Select(member => member.Id)];
            if (ids.Any(running.Contains))
                return 0;
            ids = [.. family.Select(member => member.Id)];
        }

        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(
            "BEGIN".ToCommand(),
            InstanceSql.Lock.ToCommand(_store.Hub, ids),
            ClientSql.Purge.ToCommand(_store.Hub, ids),
            "COMMIT".ToCommand());
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        await reader.NextResultAsync(cancellation);
        await reader.ReadAsync(cancellation);
        return checked((int)reader.GetInt64(0));
    }

    private async Task<List<(string Id, string? ParentId, string Status)>> ReadTreeAsync(string[] ids, bool recursive, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(ClientSql.ReadTree.ToCommand(_store.Hub, ids, recursive));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        List<(string, string?, string)> family = [];
        while (await reader.ReadAsync(cancellation))
            family.Add((reader.GetString(0), reader.Text(1), reader.GetString(2)));
        return family;
    }
}
