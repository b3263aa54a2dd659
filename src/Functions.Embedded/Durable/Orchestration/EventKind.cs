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

internal static class EventKinds
{
    /// <summary>Whether the orchestrator asks for it, so that a replay has to repeat it.</summary>
    public static bool IsAction(this EventKind kind) => kind
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
