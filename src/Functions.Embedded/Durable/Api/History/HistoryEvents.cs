namespace DurableTask.Core
{
    /// <summary>The status an orchestration ended with, or is in.</summary>
    public enum OrchestrationStatus
    {
        Running = 0,
        Completed = 1,
        ContinuedAsNew = 2,
        Failed = 3,
        Canceled = 4,
        Terminated = 5,
        Pending = 6,
        Suspended = 7,
    }

    /// <summary>An exception as the history has it.</summary>
    public class FailureDetails(string errorType, string errorMessage, string? stackTrace, FailureDetails? innerFailure, bool isNonRetriable)
    {
        public string ErrorType { get; } = errorType;

        public string ErrorMessage { get; } = errorMessage;

        public string? StackTrace { get; } = stackTrace;

        public FailureDetails? InnerFailure { get; } = innerFailure;

        public bool IsNonRetriable { get; } = isNonRetriable;

        public override string ToString() => $"{ErrorType}: {ErrorMessage}";
    }
}

namespace DurableTask.Core.History
{
    public enum EventType
    {
        ExecutionStarted,
        ExecutionCompleted,
        ExecutionFailed,
        ExecutionTerminated,
        TaskScheduled,
        TaskCompleted,
        TaskFailed,
        SubOrchestrationInstanceCreated,
        SubOrchestrationInstanceCompleted,
        SubOrchestrationInstanceFailed,
        TimerCreated,
        TimerFired,
        OrchestratorStarted,
        OrchestratorCompleted,
        EventSent,
        EventRaised,
        ContinueAsNew,
        GenericEvent,
        HistoryState,
        ExecutionSuspended,
        ExecutionResumed,
        ExecutionRewound,
    }

    /// <summary>One thing that happened to an instance.</summary>
    public abstract class HistoryEvent(int eventId)
    {
        /// <summary>Number of the call that the event makes; -1 for one that makes none.</summary>
        public int EventId { get; } = eventId;

        public bool IsPlayed { get; set; }

        public DateTime Timestamp { get; set; }

        public abstract EventType EventType { get; }
    }

    /// <summary>A turn began.</summary>
    public class OrchestratorStartedEvent(int eventId) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.OrchestratorStarted;
    }

    /// <summary>A turn ended.</summary>
    public class OrchestratorCompletedEvent(int eventId) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.OrchestratorCompleted;
    }

    public class ExecutionStartedEvent(int eventId, string? input) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.ExecutionStarted;

        public string? Name { get; set; }

        public string? Version { get; set; }

        public string? Input { get; } = input;

        public IDictionary<string, string>? Tags { get; set; }
    }

    public class ExecutionCompletedEvent(int eventId, string? result, OrchestrationStatus orchestrationStatus, FailureDetails? failureDetails)
        : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.ExecutionCompleted;

        public OrchestrationStatus OrchestrationStatus { get; } = orchestrationStatus;

        public string? Result { get; } = result;

        public FailureDetails? FailureDetails { get; } = failureDetails;
    }

    public class ExecutionTerminatedEvent(int eventId, string? input) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.ExecutionTerminated;

        /// <summary>The output it was given.</summary>
        public string? Input { get; } = input;
    }

    public class ExecutionSuspendedEvent(int eventId, string? reason) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.ExecutionSuspended;

        public string? Reason { get; } = reason;
    }

    public class ExecutionResumedEvent(int eventId, string? reason) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.ExecutionResumed;

        public string? Reason { get; } = reason;
    }

    /// <summary>An activity was called.</summary>
    public class TaskScheduledEvent(int eventId, string? name, string? version, string? input) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.TaskScheduled;

        public string? Name { get; } = name;

        public string? Version { get; } = version;

        public string? Input { get; } = input;
    }

    public class TaskCompletedEvent(int eventId, int taskScheduledId, string? result) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.TaskCompleted;

        public int TaskScheduledId { get; } = taskScheduledId;

        public string? Result { get; } = result;
    }

    public class TaskFailedEvent(int eventId, int taskScheduledId, string? reason, string? details, FailureDetails? failureDetails) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.TaskFailed;

        public int TaskScheduledId { get; } = taskScheduledId;

        public string? Reason { get; } = reason;

        public string? Details { get; } = details;

        public FailureDetails? FailureDetails { get; } = failureDetails;
    }

    public class SubOrchestrationInstanceCreatedEvent(int eventId) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.SubOrchestrationInstanceCreated;

        public string? Name { get; set; }

        public string? Version { get; set; }

        public string? InstanceId { get; set; }

        public string? Input { get; set; }
    }

    public class SubOrchestrationInstanceCompletedEvent(int eventId, int taskScheduledId, string? result) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.SubOrchestrationInstanceCompleted;

        public int TaskScheduledId { get; } = taskScheduledId;

        public string? Result { get; } = result;
    }

    public class SubOrchestrationInstanceFailedEvent(int eventId, int taskScheduledId, string? reason, string? details, FailureDetails? failureDetails)
        : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.SubOrchestrationInstanceFailed;

        public int TaskScheduledId { get; } = taskScheduledId;

        public string? Reason { get; } = reason;

        public string? Details { get; } = details;

        public FailureDetails? FailureDetails { get; } = failureDetails;
    }

    public class TimerCreatedEvent(int eventId, DateTime fireAt) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.TimerCreated;

        public DateTime FireAt { get; } = fireAt;
    }

    public class TimerFiredEvent(int eventId, DateTime fireAt) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.TimerFired;

        public int TimerId { get; set; }

        public DateTime FireAt { get; } = fireAt;
    }

    public class EventSentEvent(int eventId) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.EventSent;

        public string? InstanceId { get; set; }

        public string? Name { get; set; }

        public string? Input { get; set; }
    }

    public class EventRaisedEvent(int eventId, string? input) : HistoryEvent(eventId)
    {
        public override EventType EventType => EventType.EventRaised;

        public string? Name { get; set; }

        public string? Input { get; } = input;
    }
}
