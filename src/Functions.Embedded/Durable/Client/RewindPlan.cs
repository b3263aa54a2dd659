namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// How a failed execution continues. Its last turn, in which it failed, is undone. Failures of calls in earlier turns are undone too when the
/// orchestrator did not act on them, as when it awaits several calls together. The events of the undone turn are delivered again, and the failed
/// calls are made again.
/// </summary>
/// <param name="KeepBelow">Number of the first event that is undone with the last turn.</param>
/// <param name="RemovedNumbers">Numbers of earlier failures that are undone.</param>
/// <param name="Redelivered">Events that are delivered again.</param>
/// <param name="UndoneCalls">Calls that the undone turn made.</param>
/// <param name="OpenCalls">Calls that have no answer now.</param>
internal sealed record RewindPlan(
    int KeepBelow,
    IReadOnlyList<int> RemovedNumbers,
    IReadOnlyList<HistoryEvent> Redelivered,
    IReadOnlyList<int> UndoneCalls,
    IReadOnlyList<HistoryEvent> OpenCalls)
{
    /// <param name="history">The execution's history, with the number of each event.</param>
    public static RewindPlan Of(IReadOnlyList<(int Seq, HistoryEvent Event)> history)
    {
        int last = history.Count - 1;
        while (last > 0 && history[last].Event.Kind != EventKind.OrchestratorStarted)
            last--;

        List<int> removed = [];
        for (int turn = 0; turn < last;)
        {
            int next = turn + 1;
            while (next < last && history[next].Event.Kind != EventKind.OrchestratorStarted)
                next++;
            List<(int Seq, HistoryEvent Event)> events = [.. history.Skip(turn).Take(next - turn)];
            if (!events.Any(e => e.Event.Kind.IsAction()))
                removed.AddRange(events.Where(e => e.Event.Kind.IsFailure()).Select(e => e.Seq));
            turn = next;
        }

        List<HistoryEvent> kept = [.. history.Take(last).Where(e => !removed.Contains(e.Seq)).Select(e => e.Event)];
        List<HistoryEvent> undone = [.. history.Skip(last).Select(e => e.Event)];
        List<HistoryEvent> redelivered = [.. undone.Where(IsTold).Where(e => !e.Kind.IsFailure())];
        HashSet<int> answered = [.. kept.Concat(redelivered).Where(e => e.Kind.IsAnswer()).Select(e => e.TaskId)];
        return new RewindPlan(
            last > 0 ? history[last].Seq : 0,
            removed,
            redelivered,
            [.. undone.Where(e => e.Kind.IsAction()).Select(e => e.TaskId)],
            [.. kept.Where(e => e.Kind.IsAction() && !answered.Contains(e.TaskId))]);
    }

    private static bool IsTold(HistoryEvent e) => e.Kind.IsAnswer()
        || e.Kind is EventKind.EventRaised or EventKind.ExecutionSuspended or EventKind.ExecutionResumed;
}
