namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// One event of an instance's history. It may also be an action of the orchestrator (a call, a timer, a sent event) before the turn's commit adds it.
/// </summary>
internal sealed record HistoryEvent(EventKind Kind, DateTime At)
{
    /// <summary>Number of the action that the event is or answers; -1 when there is none.</summary>
    public int TaskId { get; init; } = -1;

    /// <summary>Name of the activity, the orchestrator or the external event. For the end of an instance, its status.</summary>
    public string? Name { get; init; }

    /// <summary>Input, result, payload or reason as the data converter wrote it. For a failure, <see cref="TaskFailureDetails"/> as JSON.</summary>
    public string? Data { get; init; }

    /// <summary>Id of the sub-orchestration, of the instance that an event is sent to, or of the entity.</summary>
    public string? Target { get; init; }

    public DateTime? FireAt { get; init; }

    /// <summary>Id of the message that brought the event. The event keeps it, and so its order, when the next execution receives it.</summary>
    public long? MessageId { get; init; }

    /// <summary>The critical section that a message to an entity belongs to. The history does not store it.</summary>
    public Guid? LockId { get; init; }

    /// <summary>The version of a call; null for other events.</summary>
    public string? Version { get; init; }

    /// <summary>The tags of a call, as a JSON object.</summary>
    public string? Tags { get; init; }
}
