using System.Text.Json;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

internal enum EntityMessageKind
{
    /// <summary>Run an operation; nobody waits for it.</summary>
    Signal,

    /// <summary>Run an operation and answer the sender.</summary>
    Call,

    /// <summary>Begin a critical section: lock this entity, then ask the next one of the set; the last answers the sender.</summary>
    Lock,

    /// <summary>End a critical section.</summary>
    Unlock,
}

/// <summary>What is sent to an entity.</summary>
internal sealed record EntityMessage(string EntityId, EntityMessageKind Kind)
{
    /// <summary>The row of <c>durable.entity_messages</c>, once stored.</summary>
    public long Id { get; init; }

    public string? Operation { get; init; }

    public string? Input { get; init; }

    /// <summary>The orchestration to be answered, and which of its executions.</summary>
    public string? Sender { get; init; }

    public Guid? SenderExecution { get; init; }

    public int TaskId { get; init; } = -1;

    public Guid? LockId { get; init; }

    /// <summary>Of a lock: all entities of the critical section, in order, as a JSON array.</summary>
    public string? LockSet { get; init; }

    public DateTime? VisibleAt { get; init; }

    public static EntityMessage Signal(string entityId, string operation, string? input, DateTime? at) => new(entityId, EntityMessageKind.Signal)
    {
        Operation = operation,
        Input = input,
        VisibleAt = at is { } due ? Clock.RoundUp(due) : null,
    };

    /// <summary>What an orchestrator asked for in a turn.</summary>
    public static EntityMessage Of(InstanceRow sender, HistoryEvent asked) => new(asked.Target!, asked.Kind switch
    {
        EventKind.EntityCalled => EntityMessageKind.Call,
        EventKind.EntitySignaled => EntityMessageKind.Signal,
        EventKind.EntityLockRequested => EntityMessageKind.Lock,
        EventKind.EntityUnlocked => EntityMessageKind.Unlock,
        _ => throw new InvalidOperationException($"{asked.Kind} is not for an entity."),
    })
    {
        Operation = asked.Kind is EventKind.EntityCalled or EventKind.EntitySignaled ? asked.Name : null,
        Input = asked.Kind is EventKind.EntityCalled or EventKind.EntitySignaled ? asked.Data : null,
        Sender = sender.InstanceId,
        SenderExecution = sender.ExecutionId,
        TaskId = asked.TaskId,
        LockId = asked.LockId,
        LockSet = asked.Kind == EventKind.EntityLockRequested ? asked.Data : null,
        VisibleAt = asked.FireAt,
    };

    /// <summary>The lock request for the next entity of the set; null when this is the last.</summary>
    public EntityMessage? NextLock()
    {
        string[] set = JsonSerializer.Deserialize<string[]>(LockSet!)!;
        int next = Array.IndexOf(set, EntityId) + 1;
        return next < set.Length ? this with { Id = 0, EntityId = set[next], VisibleAt = null } : null;
    }
}

/// <summary>The statements for entities. $1 is the hub throughout; columns come as arrays, one element a row. Rows are found as
/// <see cref="FetchSql"/> says.</summary>
internal static class EntitySql
{
    /// <summary>Takes entities that have something to look at; not those of names this app does not have ($5).</summary>
    public const string Take = """
        WITH due AS MATERIALIZED (
            SELECT ctid AS place
            FROM durable.entities
            WHERE hub = $1 AND ready_at <= now() AND locked_until <= now()
              AND split_part(entity_id, '@', 2) <> ALL ($5::text[])
            ORDER BY ready_at
            LIMIT $4
            FOR UPDATE SKIP LOCKED
        )
        UPDATE durable.entities e
        SET locked_by = $2, locked_until = now() + $3::interval
        WHERE e.ctid = ANY (ARRAY(SELECT place FROM due))
        RETURNING e.entity_id, e.state, e.turn, e.lock_id, e.lock_owner, e.lock_execution
        """;

    public const string NextReady = """
        SELECT extract(epoch FROM min(ready_at) - clock_timestamp())::float8
        FROM durable.entities
        WHERE hub = $1 AND ready_at > now()
        """;

    /// <summary>
    /// What an entity may do now: if it is locked, only what comes from the critical section. In the order of a sum, as for the plain id the
    /// planner might walk the messages of all entities.
    /// </summary>
    public const string Messages = """
        SELECT id, kind, operation, input, sender, sender_execution, task_id, lock_id, lock_set
        FROM durable.entity_messages
        WHERE hub = $1 AND entity_id = $2 AND visible_at <= now() AND ($3::uuid IS NULL OR lock_id = $3)
        ORDER BY id + 0
        LIMIT 100
        """;

    public const string IsRunning = """
        SELECT EXISTS (
            SELECT FROM durable.instances
            WHERE hub = $1 AND instance_id = $2 AND execution_id = $3 AND status IN ('Pending', 'Running', 'Suspended'))
        """;

    /// <summary>Stores messages in order; an entity that does not exist comes into being.</summary>
    private const string Send = """
        WITH sent AS (
            SELECT * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::uuid[], $8::int[], $9::uuid[], $10::text[], $11::timestamptz[])
                          WITH ORDINALITY AS m (entity_id, kind, operation, input, sender, sender_execution, task_id, lock_id, lock_set, visible_at, position)
        ), receiver AS (
            INSERT INTO durable.entities (hub, entity_id, updated_at, ready_at)
            SELECT $1, entity_id, now(), min(coalesce(visible_at, now())) FROM sent GROUP BY entity_id ORDER BY entity_id
            ON CONFLICT (hub, entity_id) DO UPDATE SET ready_at = least(durable.entities.ready_at, excluded.ready_at)
        )
        INSERT INTO durable.entity_messages
            (hub, entity_id, kind, operation, input, sender, sender_execution, task_id, lock_id, lock_set, visible_at)
        SELECT $1, entity_id, kind, operation, input, sender, sender_execution, task_id, lock_id, lock_set, coalesce(visible_at, now())
        FROM sent
        ORDER BY position
        """;

    /// <summary>Entities are locked after instances and in one order, so commits never wait in a circle.</summary>
    public const string LockEntities = """
        SELECT entity_id, turn, locked_by
        FROM durable.entities
        WHERE hub = $1 AND entity_id = ANY ($2)
        ORDER BY entity_id
        FOR UPDATE
        """;

    public const string DeleteMessages = "DELETE FROM durable.entity_messages WHERE id = ANY ($1)";

    /// <summary>
    /// Ends a batch. Messages that the entity's lock holds back are looked at again after some seconds: the orchestration that has the lock
    /// may have ended without giving it back.
    /// </summary>
    public const string Update = """
        UPDATE durable.entities e
        SET state = $3, turn = e.turn + 1,
            updated_at = CASE WHEN $4 THEN now() ELSE e.updated_at END,
            lock_id = $5::uuid, lock_owner = $6::text, lock_execution = $7::uuid,
            locked_by = NULL, locked_until = '-infinity',
            ready_at = (
                SELECT min(CASE WHEN $5::uuid IS NULL OR m.lock_id = $5 THEN m.visible_at ELSE greatest(m.visible_at, now() + interval '10 seconds') END)
                FROM durable.entity_messages m
                WHERE m.hub = e.hub AND m.entity_id = e.entity_id)
        WHERE e.hub = $1 AND e.entity_id = $2
        """;

    public const string Release = """
        UPDATE durable.entities
        SET locked_by = NULL, locked_until = '-infinity'
        WHERE hub = $1 AND entity_id = ANY ($2) AND locked_by = $3
        """;

    public const string Renew = """
        UPDATE durable.entities
        SET locked_until = now() + $4::interval
        WHERE hub = $1 AND entity_id = ANY ($2) AND locked_by = $3
        RETURNING entity_id
        """;

    public static NpgsqlBatchCommand SendCommand(string hub, IReadOnlyCollection<EntityMessage> messages) => Send.ToCommand(
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
