namespace VisionPlatform.Functions.Embedded.Durable;

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
    EntityCalled,
    EntityCallCompleted,
    EntityCallFailed,
    EntitySignaled,
    EntityLockRequested,
    EntityLockGranted,
    EntityUnlocked,
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

    /// <summary>The other instance: the sub-orchestration, who an event is sent to, or the entity.</summary>
    public string? Target { get; init; }

    public DateTime? FireAt { get; init; }

    /// <summary>The message the event came in as, so that it keeps its place when it is handed to a next execution.</summary>
    public long? MessageId { get; init; }

    /// <summary>The critical section a message to an entity belongs to. Not part of the history.</summary>
    public Guid? LockId { get; init; }

    /// <summary>Version that a call asks for; null where there is none to ask for.</summary>
    public string? Version { get; init; }

    /// <summary>Tags of a call as a JSON object.</summary>
    public string? Tags { get; init; }
}

internal static class EventKinds
{
    /// <summary>Whether the orchestrator asks for it, so that a replay has to repeat it.</summary>
    public static bool IsAsked(this EventKind kind) => kind
        is EventKind.TaskScheduled or EventKind.SubOrchestrationCreated or EventKind.TimerCreated or EventKind.EventSent
        || kind.IsForEntity();

    /// <summary>Whether it is sent to an entity.</summary>
    public static bool IsForEntity(this EventKind kind) => kind
        is EventKind.EntityCalled or EventKind.EntitySignaled or EventKind.EntityLockRequested or EventKind.EntityUnlocked;

    /// <summary>Whether it says that a call failed.</summary>
    public static bool IsFailure(this EventKind kind) => kind
        is EventKind.TaskFailed or EventKind.SubOrchestrationFailed or EventKind.EntityCallFailed;

    /// <summary>Whether it answers something the orchestrator asked for.</summary>
    public static bool IsAnswer(this EventKind kind) => kind.IsFailure() || kind
        is EventKind.TaskCompleted or EventKind.SubOrchestrationCompleted or EventKind.TimerFired
        or EventKind.EntityCallCompleted or EventKind.EntityLockGranted;
}
