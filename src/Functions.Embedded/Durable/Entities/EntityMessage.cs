using System.Text.Json;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

internal enum EntityMessageKind
{
    /// <summary>Runs an operation without an answer.</summary>
    Signal,

    /// <summary>Runs an operation and answers the sender.</summary>
    Call,

    /// <summary>Locks this entity for a critical section, then asks the next entity of the set. The last one answers the sender.</summary>
    Lock,

    /// <summary>Ends a critical section.</summary>
    Unlock,
}

/// <summary>A message to an entity.</summary>
internal sealed record EntityMessage(string EntityId, EntityMessageKind Kind)
{
    /// <summary>Its row in <c>durable.entity_messages</c>; 0 before it is stored.</summary>
    public long Id { get; init; }

    public string? Operation { get; init; }

    public string? Input { get; init; }

    /// <summary>Instance id of the orchestration that gets the answer.</summary>
    public string? Sender { get; init; }

    public Guid? SenderExecution { get; init; }

    public int TaskId { get; init; } = -1;

    public Guid? LockId { get; init; }

    /// <summary>For a lock: all entities of the critical section, in order, as a JSON array.</summary>
    public string? LockSet { get; init; }

    public DateTime? VisibleAt { get; init; }

    public static EntityMessage Signal(string entityId, string operation, string? input, DateTime? at) => new(entityId, EntityMessageKind.Signal)
    {
        Operation = operation,
        Input = input,
        VisibleAt = at is { } due ? DatabaseTime.RoundUp(due) : null,
    };

    /// <summary>The message for an action of an orchestrator.</summary>
    public static EntityMessage Of(InstanceRow sender, HistoryEvent action) => new(action.Target!, action.Kind switch
    {
        EventKind.EntityCalled => EntityMessageKind.Call,
        EventKind.EntitySignaled => EntityMessageKind.Signal,
        EventKind.EntityLockRequested => EntityMessageKind.Lock,
        EventKind.EntityUnlocked => EntityMessageKind.Unlock,
        _ => throw new InvalidOperationException($"{action.Kind} is not for an entity."),
    })
    {
        Operation = action.Kind is EventKind.EntityCalled or EventKind.EntitySignaled ? action.Name : null,
        Input = action.Kind is EventKind.EntityCalled or EventKind.EntitySignaled ? action.Data : null,
        Sender = sender.InstanceId,
        SenderExecution = sender.ExecutionId,
        TaskId = action.TaskId,
        LockId = action.LockId,
        LockSet = action.Kind == EventKind.EntityLockRequested ? action.Data : null,
        VisibleAt = action.FireAt,
    };

    /// <summary>The lock request for the next entity of the set; null after the last.</summary>
    public EntityMessage? NextLock()
    {
        string[] set = JsonSerializer.Deserialize<string[]>(LockSet!)!;
        int next = Array.IndexOf(set, EntityId) + 1;
        return next < set.Length ? this with { Id = 0, EntityId = set[next], VisibleAt = null } : null;
    }

    /// <summary>The statement that stores messages in order.</summary>
    public static NpgsqlBatchCommand SendCommand(string hub, IReadOnlyCollection<EntityMessage> messages) => EntitySql.Send.ToCommand(
        hub,
        messages.Column(m => m.EntityId),
        messages.Column(m => m.Kind.ToString()),
        messages.Column(m => m.Operation),
        messages.Column(m => m.Input),
        messages.Column(m => m.Sender),
        messages.Column(m => m.SenderExecution),
        messages.Column(m => m.TaskId),
        messages.Column(m => m.LockId),
        messages.Column(m => m.LockSet),
        messages.Column(m => m.VisibleAt));
}
