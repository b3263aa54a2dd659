namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>What the engine calls, in the turn: it delivers events and takes actions.</summary>
internal sealed partial class OrchestrationContext
{
    /// <summary>Whether an event can still continue the orchestrator.</summary>
    public bool IsWaiting => _open.Count > 0 || _waiting.Values.Any(waits => waits.Any(wait => wait.IsOpen));

    /// <summary>Calls, timers and waits for events that are not answered.</summary>
    public IEnumerable<OpenTask> OpenTasks => _open.Values.Concat(_waiting.Values.SelectMany(waits => waits.Where(wait => wait.IsOpen)));

    /// <summary>What the orchestrator did outside of its turn; null when it did nothing.</summary>
    public string? Violation => _violation;

    /// <summary>External events that no wait has taken, in the order in which they arrived.</summary>
    public IReadOnlyList<HistoryEvent> BufferedEvents => _bufferedEvents;

    public void BeginTurn(DateTime now, bool replaying)
    {
        _now = now;
        _replaying = replaying;
    }

    /// <summary>Removes and returns the actions since the last call, in order.</summary>
    public List<HistoryEvent> TakeActions()
    {
        List<HistoryEvent> actions = [.. _actions];
        _actions.Clear();
        return actions;
    }

    /// <summary>Removes and returns the numbers of the timers that were cancelled since the last call.</summary>
    public List<int> TakeCancelledTimers()
    {
        List<int> cancelled = [.. _cancelledTimers];
        _cancelledTimers.Clear();
        return cancelled;
    }

    /// <summary>In a replay: checks that the orchestrator has repeated an action of its history.</summary>
    public void Match(HistoryEvent recorded)
    {
        if (!_actions.TryDequeue(out HistoryEvent? action))
            throw NonDeterministicOrchestrationException.Missing(recorded);
        bool same = action.Kind == recorded.Kind
            && action.TaskId == recorded.TaskId
            && string.Equals(action.Name, recorded.Name, StringComparison.OrdinalIgnoreCase)
            && (!action.Kind.IsForEntity() || action.Target == recorded.Target);
        if (!same)
            throw NonDeterministicOrchestrationException.Different(recorded, action);
    }

    /// <summary>In a replay: checks that the orchestrator has no more actions than its history.</summary>
    public void EnsureNothingExtra()
    {
        if (_actions.TryPeek(out HistoryEvent? extra))
            throw NonDeterministicOrchestrationException.Extra(extra);
    }

    /// <summary>Delivers an answer or an external event. An answer that nothing waits for is dropped.</summary>
    public void Deliver(HistoryEvent happened)
    {
        switch (happened.Kind)
        {
            case EventKind.EventRaised:
                Raise(happened);
                break;
            case var failure when failure.IsFailure():
                if (_open.Remove(happened.TaskId, out OpenTask? failed))
                    failed.Fail(Failures.Read(happened.Data));
                break;
            case var answer when answer.IsAnswer():
                if (_open.Remove(happened.TaskId, out OpenTask? done))
                    done.Complete(happened.Data);
                break;
            default:
                throw new InvalidOperationException($"{happened.Kind} is not for the orchestrator.");
        }
    }

    private void Raise(HistoryEvent raised)
    {
        if (_waiting.TryGetValue(raised.Name!, out Stack<OpenTask>? waits))
        {
            while (waits.TryPop(out OpenTask? wait))
            {
                if (!wait.IsOpen)
                    continue;
                wait.Complete(raised.Data);
                return;
            }
        }

        _bufferedEvents.Add(raised);
    }
}
