using System.Globalization;
using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Writes in words what the facts of an instance mean.</summary>
internal sealed class ExplanationWriter(InstanceFacts facts, InstanceReplay replay)
{
    private InstanceRow Row => facts.Row;

    private bool HasEnded => Row.Status.IsFinal();

    public InstanceExplanation Write()
    {
        List<OpenWait> waits = [.. replay.OpenTasks.Select(WaitOf).OrderBy(wait => wait.Since)];
        return new InstanceExplanation(
            Row.InstanceId, Row.Name, Row.Version, Row.Status.ToString(), Utc(Row.CreatedAt), Utc(facts.UpdatedAt), Summary(waits), waits,
            HasEnded ? [] : [.. Able.Select(host => Short(host.Id))],
            HasEnded || facts.ReadyAt is not { } ready ? null : Utc(ready < facts.Now ? facts.Now : ready),
            replay.Problem);
    }

    private IReadOnlyList<HostFacts> Able => facts.With(FunctionKind.Orchestrator, Row.Name);

    private int Due => facts.Messages.Count(message => message.IsDue);

    private string Summary(List<OpenWait> waits)
    {
        switch (Row.Status)
        {
            case OrchestrationRuntimeStatus.Failed when facts.Failure is { } failure:
                TaskFailureDetails details = Failures.Read(failure);
                return $"It failed at {At(facts.UpdatedAt)}: {details.ErrorType}: {details.ErrorMessage}";
            case var status when status.IsFinal():
                return $"It is {status.ToString().ToLowerInvariant()} since {At(facts.UpdatedAt)}.";
            case var _ when facts.StartAt is { } start && start > facts.Now:
                return $"It starts at {At(start)}, as it was scheduled.";
            case var _ when Able.Count == 0:
                return $"{NobodyHas(FunctionKind.Orchestrator, Row.Name)} It goes on when one does.";
            case var _ when replay.Problem is { } problem:
                return $"Its next turn would fail with this build: {problem}";
            case OrchestrationRuntimeStatus.Suspended:
                return $"It is suspended{(Due == 0 ? "" : $" with {Counted(Due, "event")} to deliver")}. It goes on when somebody resumes it.";
            case var _ when Row.HistoryLength == 0 || Due > 0:
                string what = Row.HistoryLength == 0 ? "It has not begun" : $"{Counted(Due, "event")} {(Due == 1 ? "waits" : "wait")} for its next turn";
                return facts.LockedBy is { } holder
                    ? $"{what}; process {Short(holder)} has it and runs its turns."
                    : $"{what}; any of {Counted(Able.Count, "process")} can take it.";
            default:
                return waits.Count == 1 ? $"It waits for {waits[0].Text}." : $"It waits for {waits.Count} things: {string.Join("; ", waits.Select(wait => wait.Text))}.";
        }
    }

    private OpenWait WaitOf(OpenTask open)
    {
        if (open.Kind == EventKind.EventRaised)
            return new OpenWait("event", open.Name, Utc(open.Since), null, $"the event '{open.Name}', which nobody has raised since {At(open.Since)}");
        HistoryEvent action = facts.History.First(happened => happened.Kind.IsAction() && happened.TaskId == open.Id);
        return action.Kind switch
        {
            EventKind.TaskScheduled => Activity(action),
            EventKind.TimerCreated => new OpenWait("timer", "", Utc(action.At), Utc(action.FireAt!.Value), $"a timer that fires at {At(action.FireAt!.Value)}"),
            EventKind.SubOrchestrationCreated => Orchestration(action),
            _ => new OpenWait("entity", action.Target ?? "", Utc(action.At), null, $"the entity {action.Target}, asked at {At(action.At)}"),
        };
    }

    private OpenWait Activity(HistoryEvent action)
    {
        (string text, DateTime? until) = ActivityState(action);
        return new OpenWait("activity", action.Name!, Utc(action.At), until is { } end ? Utc(end) : null, $"the activity '{action.Name}', called at {At(action.At)}: {text}");
    }

    private (string Text, DateTime? Until) ActivityState(HistoryEvent action)
    {
        if (!facts.Calls.TryGetValue(action.TaskId, out OpenCall? call))
            return ("its result is there", null);
        if (call is { LockedBy: { } taker, IsLeased: true })
        {
            return call.IsAlive
                ? ($"process {Short(taker)} has it, with a lease until {At(call.VisibleAt)} that it renews while it runs", call.VisibleAt)
                : ($"process {Short(taker)} had it and is gone; another may take it at {At(call.VisibleAt)}", call.VisibleAt);
        }

        int able = facts.With(FunctionKind.Activity, action.Name!).Count;
        return (able == 0 ? $"it is queued. {NobodyHas(FunctionKind.Activity, action.Name!)}" : $"it is queued for {Counted(able, "process")}", null);
    }

    private OpenWait Orchestration(HistoryEvent action)
    {
        string id = action.Target ?? "";
        string text = facts.Called.TryGetValue(id, out InstanceState? state)
            ? $"which is {state.Status.ToString().ToLowerInvariant()} and had its last turn at {At(state.UpdatedAt)}"
            : "which is not there: it was purged";
        return new OpenWait("orchestration", action.Name!, Utc(action.At), null, $"the orchestration '{action.Name}' ({id}), {text}");
    }

    private string NobodyHas(FunctionKind kind, string name)
    {
        string kindName = kind.ToString().ToLowerInvariant();
        string living = facts.Living.Count == 0 ? "No process of the hub is alive" : $"None of the {Counted(facts.Living.Count, "living process")} has the {kindName} '{name}'";
        return facts.LastSeen(kind, name) is { } seen ? $"{living}; the last one that had the {kindName} was alive until {At(seen)}." : $"{living}, and none ever had the {kindName} '{name}'.";
    }

    private static string Counted(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}{(noun.EndsWith('s') ? "es" : "s")}";

    private static string Short(Guid process) => process.ToString("N")[..8];

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private static string At(DateTime time) => time.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
