namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Kinds of history events and messages. The database stores their names.</summary>
internal enum EventKind
{
    /// <summary>A turn begins. The event's time is the orchestrator's clock in this turn.</summary>
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
    /// <summary>Whether it is an action of the orchestrator, which a replay must repeat.</summary>
    public static bool IsAction(this EventKind kind) => kind
        is EventKind.TaskScheduled or EventKind.SubOrchestrationCreated or EventKind.TimerCreated or EventKind.EventSent
        || kind.IsForEntity();

    /// <summary>Whether it is sent to an entity.</summary>
    public static bool IsForEntity(this EventKind kind) => kind
        is EventKind.EntityCalled or EventKind.EntitySignaled or EventKind.EntityLockRequested or EventKind.EntityUnlocked;

    /// <summary>Whether it reports the failure of a call.</summary>
    public static bool IsFailure(this EventKind kind) => kind
        is EventKind.TaskFailed or EventKind.SubOrchestrationFailed or EventKind.EntityCallFailed;

    /// <summary>Whether it answers an action of the orchestrator.</summary>
    public static bool IsAnswer(this EventKind kind) => kind.IsFailure() || kind
        is EventKind.TaskCompleted or EventKind.SubOrchestrationCompleted or EventKind.TimerFired
        or EventKind.EntityCallCompleted or EventKind.EntityLockGranted;
}
