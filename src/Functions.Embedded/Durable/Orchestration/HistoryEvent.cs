namespace VisionPlatform.Functions.Embedded.Durable;

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
