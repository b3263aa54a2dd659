namespace Microsoft.DurableTask.Embedded;

/// <summary>What a row of the history or a message says. Stored by name.</summary>
internal enum EventKind
{
    /// <summary>A turn begins; its time is the orchestrator's clock for the turn.</summary>
    OrchestratorStarted,
    ExecutionStarted,
    TaskScheduled,
    TaskCompleted,
    TaskFailed,
    SubOrchestrationCreated,
    SubOrchestrationCompleted,
    SubOrchestrationFailed,
    TimerCreated,
    TimerFired,
    EventSent,
    EventRaised,
    ExecutionSuspended,
    ExecutionResumed,
    ExecutionTerminated,
    ExecutionCompleted,
}

/// <summary>
/// One event of an instance. Also what an orchestrator asks for in a turn (a call, a timer, an event to send), which becomes history by the turn's commit.
/// </summary>
internal sealed record HistoryEvent(EventKind Kind, DateTime At)
{
    /// <summary>Number of the call that the event makes or answers; -1 where there is none.</summary>
    public int TaskId { get; init; } = -1;

    /// <summary>Name of the activity, the orchestrator or the external event; for the end of an instance its status.</summary>
    public string? Name { get; init; }

    /// <summary>Input, result, payload or reason as the data converter wrote it; for failures <see cref="TaskFailureDetails"/> as JSON.</summary>
    public string? Data { get; init; }

    /// <summary>The other instance: the sub-orchestration, or who an event is sent to.</summary>
    public string? Target { get; init; }

    public DateTime? FireAt { get; init; }

    /// <summary>The message the event came in as, so that it keeps its place when it is handed to a next execution.</summary>
    public long? MessageId { get; init; }

    /// <summary>Version asked for by the caller. Not part of the history.</summary>
    public string Version { get; init; } = "";

    /// <summary>Tags of a sub-orchestration as JSON. Not part of the history.</summary>
    public string? Tags { get; init; }
}
