using System.Text.Json;
using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.DurableTask.Client;
using CoreEvent = DurableTask.Core.History.HistoryEvent;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Converts a history to the types of <see cref="DurableTaskClient.GetOrchestrationHistoryAsync"/>.</summary>
internal static class PublicHistory
{
    public static List<CoreEvent> Of(OrchestrationMetadata instance, IReadOnlyList<HistoryEvent> history)
    {
        List<CoreEvent> events = [];
        foreach (HistoryEvent happened in history)
        {
            if (happened.Kind == EventKind.OrchestratorStarted && events.Count > 0)
                EndTurn(events);
            CoreEvent shown = Of(instance, happened);
            shown.Timestamp = happened.At;
            shown.IsPlayed = true;
            events.Add(shown);
        }

        if (events.Count > 0)
            EndTurn(events);
        return events;
    }

    private static void EndTurn(List<CoreEvent> events) =>
        events.Add(new OrchestratorCompletedEvent(-1) { Timestamp = events[^1].Timestamp, IsPlayed = true });

    private static CoreEvent Of(OrchestrationMetadata instance, HistoryEvent e) => e.Kind switch
    {
        EventKind.OrchestratorStarted => new OrchestratorStartedEvent(-1),
        EventKind.ExecutionStarted => new ExecutionStartedEvent(-1, instance.SerializedInput) { Name = instance.Name, Tags = new Dictionary<string, string>(instance.Tags) },
        EventKind.TaskScheduled => new TaskScheduledEvent(e.TaskId, e.Name!, e.Version, e.Data)
        {
            Tags = e.Tags is { } tags ? JsonSerializer.Deserialize<Dictionary<string, string>>(tags) : null,
        },
        EventKind.TaskCompleted => new TaskCompletedEvent(-1, e.TaskId, e.Data),
        EventKind.TaskFailed => Failed(e, static (id, reason, details, failure) => new TaskFailedEvent(-1, id, reason, details, failure)),
        EventKind.SubOrchestrationCreated => new SubOrchestrationInstanceCreatedEvent(e.TaskId) { Name = e.Name, InstanceId = e.Target, Input = e.Data },
        EventKind.SubOrchestrationCompleted => new SubOrchestrationInstanceCompletedEvent(-1, e.TaskId, e.Data),
        EventKind.SubOrchestrationFailed => Failed(
            e, static (id, reason, details, failure) => new SubOrchestrationInstanceFailedEvent(-1, id, reason, details, failure)),
        EventKind.TimerCreated => new TimerCreatedEvent(e.TaskId, e.FireAt!.Value),
        EventKind.TimerFired => new TimerFiredEvent(-1, e.FireAt ?? e.At) { TimerId = e.TaskId },
        EventKind.EventSent => new EventSentEvent(e.TaskId) { InstanceId = e.Target, Name = e.Name, Input = e.Data },
        EventKind.EventRaised => new EventRaisedEvent(-1, e.Data) { Name = e.Name },
        // The official history shows messages to and from entities as events.
        EventKind.EntityCalled or EventKind.EntitySignaled or EventKind.EntityLockRequested or EventKind.EntityUnlocked =>
            new EventSentEvent(e.TaskId) { InstanceId = e.Target, Name = e.Name, Input = e.Data },
        EventKind.EntityCallCompleted or EventKind.EntityCallFailed or EventKind.EntityLockGranted => new EventRaisedEvent(-1, e.Data) { Name = e.Name },
        EventKind.ExecutionSuspended => new ExecutionSuspendedEvent(-1, e.Data),
        EventKind.ExecutionResumed => new ExecutionResumedEvent(-1, e.Data),
        EventKind.ExecutionTerminated => new ExecutionTerminatedEvent(-1, e.Data),
        EventKind.ExecutionCompleted => Completed(e),
        _ => throw new InvalidOperationException($"The history has an event of the unknown kind {e.Kind}."),
    };

    private static ExecutionCompletedEvent Completed(HistoryEvent e)
    {
        OrchestrationStatus status = Enum.Parse<OrchestrationStatus>(e.Name!);
        return status == OrchestrationStatus.Failed
            ? new ExecutionCompletedEvent(-1, null, status, Details(Failures.Read(e.Data)))
            : new ExecutionCompletedEvent(-1, e.Data, status, null);
    }

    private static CoreEvent Failed(HistoryEvent e, Func<int, string?, string?, FailureDetails, CoreEvent> make)
    {
        TaskFailureDetails failure = Failures.Read(e.Data);
        return make(e.TaskId, failure.ErrorMessage, failure.StackTrace, Details(failure));
    }

    private static FailureDetails Details(TaskFailureDetails failure) => new(
        failure.ErrorType, failure.ErrorMessage, failure.StackTrace, failure.InnerFailure is { } inner ? Details(inner) : null, isNonRetriable: false);
}
