using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Takes instances that have something to do, with their messages and, for those that are not live in this engine, their history.</summary>
internal sealed class InstanceFetcher(
    DurableStore store, LiveInstances live, EngineSignals signals, IDurableFunctions functions, HostRegistry hosts, ILogger<InstanceFetcher> logger)
{
    private const int Most = 100;

    private readonly HashSet<string> _unknown = new(StringComparer.Ordinal);

    public async Task RunAsync(CancellationToken stop)
    {
        var backoff = new Backoff("Fetching orchestrations", store, logger);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                TimeSpan wait = await FetchAsync(stop);
                backoff.Succeeded();
                await signals.Instances.WaitAsync(wait, stop);
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

    /// <summary>Takes a batch. Returns how long the next one can wait.</summary>
    private async Task<TimeSpan> FetchAsync(CancellationToken stop)
    {
        int room = Math.Min(Most, live.Room);
        if (room == 0)
            return TimeSpan.FromMilliseconds(20);

        // The leases are taken first and the rows are read afterwards, without a transaction around both. Whatever happens to an instance in between
        // raises its turn number, and a turn made from what was read is refused.
        await using NpgsqlConnection connection = await store.OpenAsync(stop);
        (List<InstanceRow> taken, TimeSpan wait) = await TakeAsync(connection, room, stop);
        List<InstanceRow> known = await LeaveUnknownAsync(connection, taken, stop);
        if (known.Count == 0)
            return taken.Count == room ? TimeSpan.Zero : wait;

        List<InstanceRow> unread = [.. known.Where(row => !live.IsCurrent(row))];
        Dictionary<string, List<InboxItem>> messages = [];
        Dictionary<string, List<HistoryEvent>> histories = unread.ToDictionary(row => row.InstanceId, _ => new List<HistoryEvent>());
        Dictionary<string, string> corruptions = [];
        await using (NpgsqlBatch batch = connection.ToBatch(MessageSql.Read.ToCommand(store.Hub, known.Column(row => row.InstanceId))))
        {
            if (unread.Any(row => row.HistoryLength > 0))
            {
                batch.BatchCommands.Add(HistorySql.Read.ToCommand(
                    store.Hub, unread.Column(row => row.InstanceId), unread.Column(row => row.ExecutionId), unread.Column(row => row.HistoryLength)));
            }

            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
            await ReadMessagesAsync(reader, known.ToDictionary(row => row.InstanceId, row => row.ExecutionId), messages, corruptions, stop);
            if (await reader.NextResultAsync(stop))
                await ReadHistoryAsync(reader, histories, corruptions, stop);
        }

        List<InstanceRow> torn = [.. unread.Where(row => histories[row.InstanceId].Count != row.HistoryLength)];
        HashSet<string> moved = torn.Count > 0 ? await MovedOnAsync(connection, torn, stop) : [];
        foreach (InstanceRow row in torn)
            corruptions.TryAdd(row.InstanceId, $"the history has {histories[row.InstanceId].Count} readable events instead of {row.HistoryLength}");

        bool again = taken.Count == room || moved.Count > 0;
        foreach (InstanceRow row in known.Where(row => !moved.Contains(row.InstanceId)))
        {
            again |= !live.Offer(
                row, messages.GetValueOrDefault(row.InstanceId, []), histories.GetValueOrDefault(row.InstanceId), corruptions.GetValueOrDefault(row.InstanceId));
        }

        return again ? TimeSpan.Zero : wait;
    }

    private async Task<(List<InstanceRow> Taken, TimeSpan Wait)> TakeAsync(NpgsqlConnection connection, int room, CancellationToken stop)
    {
        await using NpgsqlBatch batch = connection.ToBatch(
            InstanceSql.Take.ToCommand(
                store.Hub, store.Owner, store.Options.LeaseDuration, room, live.Busy(), _unknown.ToArray()),
            InstanceSql.NextReady.ToCommand(store.Hub));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
        List<InstanceRow> taken = [];
        while (await reader.ReadAsync(stop))
            taken.Add(ReadRow(reader) with { TraceParent = reader.Text(14) });

        TimeSpan wait = store.Options.PollInterval;
        await reader.NextResultAsync(stop);
        if (await reader.ReadAsync(stop) && !reader.IsDBNull(0))
        {
            double seconds = Math.Max(0.001, reader.GetDouble(0));
            if (seconds < wait.TotalSeconds)
                wait = TimeSpan.FromSeconds(seconds);
        }

        return (taken, wait);
    }

    /// <summary>Instances that had a turn or ended after their leases were taken. What was read of them is incomplete but not corrupt.</summary>
    private async Task<HashSet<string>> MovedOnAsync(NpgsqlConnection connection, List<InstanceRow> rows, CancellationToken stop)
    {
        Dictionary<string, long> turns = rows.ToDictionary(row => row.InstanceId, row => row.Turn);
        HashSet<string> moved = [.. turns.Keys];
        await using NpgsqlBatch batch = connection.ToBatch(InstanceSql.ReadTurns.ToCommand(store.Hub, rows.Column(row => row.InstanceId)));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(stop);
        while (await reader.ReadAsync(stop))
        {
            if (reader.GetInt64(1) == turns[reader.GetString(0)])
                moved.Remove(reader.GetString(0));
        }

        return moved;
    }

    /// <summary>Leaves orchestrators that this app does not have to an app that does.</summary>
    private async Task<List<InstanceRow>> LeaveUnknownAsync(NpgsqlConnection connection, List<InstanceRow> taken, CancellationToken stop)
    {
        List<InstanceRow> unknown = [.. taken.Where(row => !functions.HasOrchestrator(row.Name))];
        if (unknown.Count == 0)
            return taken;
        await using NpgsqlBatch batch = connection.ToBatch(
            InstanceSql.Lock.ToCommand(store.Hub, unknown.Column(row => row.InstanceId)),
            InstanceSql.Release.ToCommand(store.Hub, unknown.Column(row => row.InstanceId), store.Owner));
        await batch.ExecuteNonQueryAsync(stop);
        foreach (InstanceRow row in unknown)
        {
            if (!_unknown.Add(row.Name.ToLowerInvariant()))
                continue;
            hosts.ReportMissing(FunctionKind.Orchestrator, row.Name);
            logger.LogWarning("This app has no orchestrator {Name}; it leaves its instances (such as {InstanceId}) to an app that does", row.Name, row.InstanceId);
        }

        return [.. taken.Except(unknown)];
    }

    internal static InstanceRow ReadRow(NpgsqlDataReader reader) => new(reader.GetString(0), reader.GetGuid(1), reader.GetString(2))
    {
        Version = reader.GetString(3),
        Input = reader.Text(4),
        ParentId = reader.Text(5),
        ParentName = reader.Text(6),
        ParentExecutionId = reader.IsDBNull(7) ? null : reader.GetGuid(7),
        ParentTaskId = reader.IsDBNull(8) ? null : reader.GetInt32(8),
        Status = Enum.Parse<OrchestrationRuntimeStatus>(reader.GetString(9)),
        CustomStatus = reader.Text(10),
        CreatedAt = reader.GetDateTime(11),
        Turn = reader.GetInt64(12),
        HistoryLength = reader.GetInt32(13),
    };

    private static async Task ReadMessagesAsync(
        NpgsqlDataReader reader,
        Dictionary<string, Guid> executions,
        Dictionary<string, List<InboxItem>> messages,
        Dictionary<string, string> corruptions,
        CancellationToken stop)
    {
        while (await reader.ReadAsync(stop))
        {
            string id = reader.GetString(1);
            if (!Enum.TryParse(reader.GetString(3), out EventKind kind))
                corruptions[id] = $"message {reader.GetInt64(0)} has the unknown kind '{reader.GetString(3)}'";
            // Answers to an earlier execution are consumed by the turn but not delivered.
            Guid? execution = reader.IsDBNull(2) ? null : reader.GetGuid(2);
            bool isStale = execution is { } meant && meant != executions[id];
            var happened = new HistoryEvent(kind, DateTime.MinValue)
            {
                TaskId = reader.GetInt32(4),
                Name = reader.Text(5),
                Data = reader.Text(6),
                FireAt = reader.IsDBNull(7) ? null : reader.GetDateTime(7),
                MessageId = reader.GetInt64(0),
            };
            if (!messages.TryGetValue(id, out List<InboxItem>? list))
                messages[id] = list = [];
            list.Add(new InboxItem(happened, happened.MessageId, null) { IsStale = isStale });
        }

        foreach (List<InboxItem> list in messages.Values)
            PutInOrder(list);
    }

    /// <summary>Sorts by arrival, and timers, which were stored long before, among themselves by the time they are due.</summary>
    private static void PutInOrder(List<InboxItem> inbox)
    {
        inbox.Sort((one, other) => one.MessageId!.Value.CompareTo(other.MessageId!.Value));
        int[] places = [.. Enumerable.Range(0, inbox.Count).Where(place => inbox[place].Event.Kind == EventKind.TimerFired)];
        if (places.Length < 2)
            return;
        InboxItem[] timers = [.. places.Select(place => inbox[place]).OrderBy(timer => timer.Event.FireAt)];
        for (int i = 0; i < places.Length; i++)
            inbox[places[i]] = timers[i];
    }

    private static async Task ReadHistoryAsync(
        NpgsqlDataReader reader, Dictionary<string, List<HistoryEvent>> histories, Dictionary<string, string> corruptions, CancellationToken stop)
    {
        while (await reader.ReadAsync(stop))
        {
            if (!Enum.TryParse(reader.GetString(1), out EventKind kind))
                corruptions[reader.GetString(0)] = $"the history has an event of the unknown kind '{reader.GetString(1)}'";
            histories[reader.GetString(0)].Add(new HistoryEvent(kind, reader.GetDateTime(2))
            {
                TaskId = reader.GetInt32(3),
                Name = reader.Text(4),
                Data = reader.Text(5),
                Target = reader.Text(6),
                FireAt = reader.IsDBNull(7) ? null : reader.GetDateTime(7),
                MessageId = reader.IsDBNull(8) ? null : reader.GetInt64(8),
            });
        }
    }
}
