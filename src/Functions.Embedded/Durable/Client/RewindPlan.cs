namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// How a failed execution is taken back to where it can go on. Its last turn, the one that failed, is undone; so are failures of calls in
/// earlier turns that the orchestrator did not react to with a call (as when it awaited several). What the undone turn was told is told again,
/// the failed calls are made again.
/// </summary>
internal sealed record RewindPlan(
    int KeepBelow,
    IReadOnlyList<int> TakenBack,
    IReadOnlyList<HistoryEvent> Again,
    IReadOnlyList<int> UndoneCalls,
    IReadOnlyList<HistoryEvent> OpenCalls)
{
    /// <param name="history">The execution's history with the number of each row.</param>
    public static RewindPlan Of(IReadOnlyList<(int Seq, HistoryEvent Event)> history)
    {
        int last = history.Count - 1;
        while (last > 0 && history[last].Event.Kind != EventKind.OrchestratorStarted)
            last--;

        List<int> takenBack = [];
        for (int turn = 0; turn < last;)
        {
            int next = turn + 1;
            while (next < last && history[next].Event.Kind != EventKind.OrchestratorStarted)
                next++;
            List<(int Seq, HistoryEvent Event)> events = [.. history.Skip(turn).Take(next - turn)];
            if (!events.Any(e => IsCall(e.Event)))
                takenBack.AddRange(events.Where(e => IsFailure(e.Event)).Select(e => e.Seq));
            turn = next;
        }

        List<HistoryEvent> kept = [.. history.Take(last).Where(e => !takenBack.Contains(e.Seq)).Select(e => e.Event)];
        List<HistoryEvent> undone = [.. history.Skip(last).Select(e => e.Event)];
        List<HistoryEvent> again = [.. undone.Where(IsTold).Where(e => !IsFailure(e))];
        HashSet<int> answered = [.. kept.Concat(again).Where(IsAnswer).Select(e => e.TaskId)];
        return new RewindPlan(
            last > 0 ? history[last].Seq : 0,
            takenBack,
            again,
            [.. undone.Where(IsCall).Select(e => e.TaskId)],
            [.. kept.Where(e => IsCall(e) && e.Kind != EventKind.EventSent && !answered.Contains(e.TaskId))]);
    }

    private static bool IsCall(HistoryEvent e) => e.Kind
        is EventKind.TaskScheduled or EventKind.SubOrchestrationCreated or EventKind.TimerCreated or EventKind.EventSent;

    private static bool IsFailure(HistoryEvent e) => e.Kind is EventKind.TaskFailed or EventKind.SubOrchestrationFailed;

    private static bool IsAnswer(HistoryEvent e) => IsFailure(e)
        || e.Kind is EventKind.TaskCompleted or EventKind.SubOrchestrationCompleted or EventKind.TimerFired;

    private static bool IsTold(HistoryEvent e) => IsAnswer(e)
        || e.Kind is EventKind.EventRaised or EventKind.ExecutionSuspended or EventKind.ExecutionResumed;
}
