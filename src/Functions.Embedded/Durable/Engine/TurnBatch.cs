using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Collects what several turns write into one statement for each kind of row, and what this engine runs after the commit.</summary>
internal sealed class TurnBatch(DurableStore store, IReadOnlyDictionary<string, LockedInstance> locked)
{
    private readonly List<(Turn Turn, HistoryEvent Event, int Seq)> _history = [];
    private readonly List<(Turn Turn, HistoryEvent Call)> _activities = [];
    private readonly List<(Turn Turn, EventKind Kind, int TaskId, string? Data, DateTime? FireAt)> _ownMessages = [];
    private readonly List<(Turn Turn, int TaskId)> _cancelledTimers = [];
    private readonly List<InstanceRow> _newInstances = [];
    private readonly List<string> _replaced = [];
    private readonly List<(string InstanceId, Guid? ExecutionId, EventKind Kind, int TaskId, string? Name, string? Data)> _messages = [];
    private readonly List<EntityMessage> _entityMessages = [];
    private readonly HashSet<string> _newIds = new(StringComparer.Ordinal);
    private readonly List<Turn> _turns = [];

    public IReadOnlyList<Turn> Turns => _turns;

    /// <summary>New calls of activities, in order. The first <see cref="OwnActivities"/> of them are stored under this engine's lease.</summary>
    public IReadOnlyList<ActivityCall> Activities =>
        [.. _activities.Select(a => new ActivityCall(new ActivityKey(a.Turn.InstanceId, a.Turn.Before.ExecutionId, a.Call.TaskId), a.Call.Name!, a.Call.Data, a.Call.Version ?? "", a.Turn.Before.TraceParent))];

    public int OwnActivities { get; set; }

    /// <summary>New sub-orchestrations. The first <see cref="OwnInstances"/> of them are stored under this engine's lease.</summary>
    public IReadOnlyList<InstanceRow> NewInstances => _newInstances;

    public int OwnInstances { get; set; }

    public IEnumerable<string> Receivers => _messages.Select(message => message.InstanceId).Distinct();

    public bool HasMessages => _messages.Count > 0;

    public bool HasEntityMessages => _entityMessages.Count > 0;

    /// <summary>Ids of the other instances that a turn changes, to be locked together with its own.</summary>
    public static IEnumerable<string> TouchedBy(Turn turn)
    {
        foreach (HistoryEvent action in turn.Outcome.Actions)
        {
            if (action.Target is { } target && !action.Kind.IsForEntity())
                yield return target;
        }

        if (turn.IsFinal && turn.Before.ParentId is { } parent)
            yield return parent;
    }

    public void Add(Turn turn)
    {
        _turns.Add(turn);
        if (turn.Outcome.Next is null)
        {
            int seq = turn.Before.HistoryLength;
            foreach (HistoryEvent recorded in turn.Outcome.Recorded)
                _history.Add((turn, recorded, seq++));
        }

        foreach (int timer in turn.Outcome.CancelledTimers)
            _cancelledTimers.Add((turn, timer));
        foreach (HistoryEvent action in turn.Outcome.Actions)
            AddAction(turn, action);
        if (turn.IsFinal)
            AddEnd(turn);
    }

    private void AddAction(Turn turn, HistoryEvent action)
    {
        switch (action.Kind)
        {
            case EventKind.TaskScheduled:
                _activities.Add((turn, action));
                break;
            case EventKind.TimerCreated:
                if (!turn.Outcome.CancelledTimers.Contains(action.TaskId))
                    _ownMessages.Add((turn, EventKind.TimerFired, action.TaskId, null, action.FireAt));
                break;
            case EventKind.EventSent:
                _messages.Add((action.Target!, null, EventKind.EventRaised, -1, action.Name, action.Data));
                break;
            case EventKind.SubOrchestrationCreated:
                AddInstance(turn, action);
                break;
            case var kind when kind.IsForEntity():
                _entityMessages.Add(EntityMessage.Of(turn.Before, action));
                break;
            default:
                throw new InvalidOperationException($"{action.Kind} is not an action of an orchestrator.");
        }
    }

    private void AddInstance(Turn turn, HistoryEvent action)
    {
        string id = action.Target!;
        LockedInstance? existing = locked.GetValueOrDefault(id);
        bool taken = existing is not null && !RuntimeStatusNames.Final.Contains(existing.Status);
        if (taken || !_newIds.Add(id))
        {
            string failure = Failures.Write(new TaskFailureDetails(
                typeof(InvalidOperationException).FullName!,
                $"An orchestration instance with the id '{id}' exists and is {existing?.Status ?? "Pending"}.",
                null,
                null,
                null));
            _ownMessages.Add((turn, EventKind.SubOrchestrationFailed, action.TaskId, failure, null));
            return;
        }

        if (existing is not null)
            _replaced.Add(id);
        _newInstances.Add(new InstanceRow(id, Guid.CreateVersion7(), action.Name!)
        {
            Version = action.Version ?? "",
            Input = action.Data,
            Tags = action.Tags,
            ParentId = turn.InstanceId,
            ParentName = turn.Before.Name,
            ParentExecutionId = turn.Before.ExecutionId,
            ParentTaskId = action.TaskId,
            TraceParent = turn.Before.TraceParent,
            CreatedAt = action.At,
        });
    }

    private void AddEnd(Turn turn)
    {
        if (turn.Before.ParentId is not { } parent)
            return;
        bool completed = turn.Outcome.Failure is null;
        _messages.Add((
            parent,
            turn.Before.ParentExecutionId,
            completed ? EventKind.SubOrchestrationCompleted : EventKind.SubOrchestrationFailed,
            turn.Before.ParentTaskId ?? -1,
            turn.Before.Name,
            completed ? turn.Outcome.Output : turn.Outcome.Failure));
    }

    /// <summary>The statements, in the order in which they must run.</summary>
    public List<NpgsqlBatchCommand> ToCommands()
    {
        List<NpgsqlBatchCommand> commands =
        [
            .. _turns.Where(turn => turn.IsReplacement).Select(turn => HistorySql.Cut.ToCommand(
                store.Hub, turn.InstanceId, turn.Before.ExecutionId, turn.Before.HistoryLength)),
        ];
        AddHistory(commands);
        AddConsumed(commands);
        AddActivities(commands);
        AddMessages(commands);
        AddLeftovers(commands);
        commands.Add(UpdateInstances());
        // Entities are locked after instances in all transactions.
        if (_entityMessages.Count > 0)
            commands.Add(EntityMessage.SendCommand(store.Hub, _entityMessages));
        return commands;
    }

    private void AddHistory(List<NpgsqlBatchCommand> commands)
    {
        if (_history.Count == 0)
            return;
        commands.Add(HistorySql.Append.ToCommand(
            store.Hub,
            _history.Column(h => h.Turn.InstanceId),
            _history.Column(h => h.Turn.Before.ExecutionId),
            _history.Column(h => h.Seq),
            _history.Column(h => h.Event.Kind.ToString()),
            _history.Column(h => h.Event.At),
            _history.Column(h => h.Event.TaskId),
            _history.Column(h => h.Event.Name),
            _history.Column(h => h.Event.Data),
            _history.Column(h => h.Event.Target),
            _history.Column(h => h.Event.FireAt),
            _history.Column(h => h.Event.MessageId),
            _history.Column(h => h.Event.Version),
            _history.Column(h => h.Event.Tags)));
    }

    private void AddConsumed(List<NpgsqlBatchCommand> commands)
    {
        long[] messages = [.. _turns.SelectMany(turn => turn.Consumed).Where(item => item.MessageId is not null).Select(item => item.MessageId!.Value)];
        if (messages.Length > 0)
            commands.Add(MessageSql.Delete.ToCommand(messages));
        List<ActivityKey> activities = [.. _turns.SelectMany(turn => turn.Consumed).Where(item => item.Activity is not null).Select(item => item.Activity!.Value)];
        if (activities.Count > 0)
            commands.Add(store.KeysOf(ActivitySql.Delete, activities));
    }

    private void AddActivities(List<NpgsqlBatchCommand> commands)
    {
        if (_activities.Count == 0)
            return;
        int position = 0;
        commands.Add(ActivitySql.Add.ToCommand(
            store.Hub,
            _activities.Column(a => a.Turn.InstanceId),
            _activities.Column(a => a.Turn.Before.ExecutionId),
            _activities.Column(a => a.Call.TaskId),
            _activities.Column(a => a.Call.Name),
            _activities.Column(a => a.Call.Version ?? ""),
            _activities.Column(a => a.Call.Data),
            _activities.Column(_ => position++ < OwnActivities),
            store.Owner,
            store.Options.LeaseDuration,
            _activities.Column(a => a.Turn.Before.TraceParent)));
    }

    private void AddMessages(List<NpgsqlBatchCommand> commands)
    {
        if (_ownMessages.Count > 0)
        {
            commands.Add(MessageSql.AddOwn.ToCommand(
                store.Hub,
                _ownMessages.Column(m => m.Turn.InstanceId),
                _ownMessages.Column(m => m.Turn.Before.ExecutionId),
                _ownMessages.Column(m => m.Kind.ToString()),
                _ownMessages.Column(m => m.TaskId),
                _ownMessages.Column(m => m.Data),
                _ownMessages.Column(m => m.FireAt)));
        }

        if (_cancelledTimers.Count > 0)
        {
            commands.Add(MessageSql.DeleteTimers.ToCommand(
                store.Hub,
                _cancelledTimers.Column(t => t.Turn.InstanceId),
                _cancelledTimers.Column(t => t.Turn.Before.ExecutionId),
                _cancelledTimers.Column(t => t.TaskId)));
        }

        if (_newInstances.Count > 0)
        {
            if (_replaced.Count > 0)
                commands.AddRange(ForgetCommands(store.Hub, [.. _replaced]));
            commands.Add(NewInstancesCommand(store, _newInstances, OwnInstances));
        }

        if (_messages.Count > 0)
        {
            commands.Add(MessageSql.Send.ToCommand(
                store.Hub,
                _messages.Column(m => m.InstanceId),
                _messages.Column(m => m.ExecutionId),
                _messages.Column(m => m.Kind.ToString()),
                _messages.Column(m => m.TaskId),
                _messages.Column(m => m.Name),
                _messages.Column(m => m.Data)));
        }
    }

    /// <summary>Removes ended instances, whose ids are used again, with all their rows. After <see cref="InstanceSql.Lock"/>.</summary>
    public static IEnumerable<NpgsqlBatchCommand> ForgetCommands(string hub, string[] ids) =>
        [
            HistorySql.DeleteOfInstances.ToCommand(hub, ids),
            MessageSql.DeleteOfInstances.ToCommand(hub, ids),
            ActivitySql.DeleteOfInstances.ToCommand(hub, ids),
            InstanceSql.Delete.ToCommand(hub, ids),
        ];

    /// <summary>Stores new instances, the first <paramref name="own"/> of them under this engine's lease. Returns the ids that were stored.</summary>
    public static NpgsqlBatchCommand NewInstancesCommand(DurableStore store, IReadOnlyCollection<InstanceRow> rows, int own)
    {
        int position = 0;
        return InstanceSql.Add.ToCommand(
            store.Hub,
            rows.Column(r => r.InstanceId),
            rows.Column(r => r.ExecutionId),
            rows.Column(r => r.Name),
            rows.Column(r => r.Version),
            rows.Column(r => r.Input),
            rows.Column(r => r.Tags),
            rows.Column(r => r.ParentId),
            rows.Column(r => r.ParentName),
            rows.Column(r => r.ParentExecutionId),
            rows.Column(r => r.ParentTaskId),
            rows.Column(r => r.CreatedAt),
            rows.Column(r => r.StartAt),
            rows.Column(_ => position++ < own),
            store.Owner,
            store.Options.LeaseDuration,
            rows.Column(r => r.TraceParent));
    }

    private void AddLeftovers(List<NpgsqlBatchCommand> commands)
    {
        string[] finished = [.. _turns.Where(turn => turn.IsFinal).Select(turn => turn.InstanceId)];
        if (finished.Length > 0)
            commands.Add(MessageSql.DeleteOfInstances.ToCommand(store.Hub, finished));

        List<Turn> continued = [.. _turns.Where(turn => turn.Outcome.Next is not null)];
        if (continued.Count == 0)
            return;
        string[] ids = continued.Column(turn => turn.InstanceId);
        Guid[] executions = continued.Column(turn => turn.Before.ExecutionId);
        commands.Add(HistorySql.DeleteOfExecutions.ToCommand(store.Hub, ids, executions));
        commands.Add(MessageSql.DeleteOfExecutions.ToCommand(store.Hub, ids, executions));

        List<(Turn Turn, HistoryEvent Event)> kept =
            [.. continued.SelectMany(turn => turn.Outcome.Next!.Events.Where(e => e.MessageId is not null).Select(e => (turn, e)))];
        if (kept.Count > 0)
        {
            commands.Add(MessageSql.Keep.ToCommand(
                store.Hub,
                kept.Column(k => k.Event.MessageId!.Value),
                kept.Column(k => k.Turn.InstanceId),
                kept.Column(k => k.Event.Kind.ToString()),
                kept.Column(k => k.Event.Name),
                kept.Column(k => k.Event.Data)));
        }
    }

    private NpgsqlBatchCommand UpdateInstances() => InstanceSql.Commit.ToCommand(
        store.Hub,
        _turns.Column(t => t.InstanceId),
        _turns.Column(t => t.After.ExecutionId),
        _turns.Column(t => t.After.Version),
        _turns.Column(t => t.Outcome.Status.ToString()),
        _turns.Column(t => t.After.Input),
        _turns.Column(t => t.Outcome.Output),
        _turns.Column(t => t.Outcome.Failure),
        _turns.Column(t => t.Outcome.CustomStatus),
        _turns.Column(t => t.Outcome.Recorded is [var first, ..] ? first.At : (DateTime?)null),
        _turns.Column(t => t.HistoryLengthAfter),
        _turns.Column(t => t.Outcome.Next is not null),
        _turns.Column(t => t.IsFinal),
        _turns.Column(t => t.KeepLease && !t.IsFinal),
        store.Options.LeaseDuration);
}
