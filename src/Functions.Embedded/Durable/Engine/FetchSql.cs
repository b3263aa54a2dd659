namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// The statements that take work. $1 is the hub throughout. They are prepared, often while the tables are empty, and run with that plan
/// when the tables are full; so they are written to leave the planner one way only. A join or <c>= ANY</c> with keys may be planned as reading
/// the whole hub; a lookup for each key, in a lateral part that is locked or has an offset and so stays apart, may not. Rows are changed by
/// their place (<c>ctid</c>), after a statement of the same transaction has locked them: a row that others may change has no lasting place.
/// </summary>
internal static class FetchSql
{
    /// <summary>
    /// Takes instances that have something to be told: free ones, ones whose holder has not renewed its lease, and those this engine holds
    /// already ($2). Not those in a turn here ($5), nor those whose orchestrators this app does not have ($6).
    /// </summary>
    public const string TakeInstances = """
        WITH due AS MATERIALIZED (
            SELECT ctid AS place
            FROM durable.instances
            WHERE hub = $1 AND ready_at <= now()
              AND (locked_until <= now() OR locked_by = $2)
              AND status IN ('Pending', 'Running', 'Suspended')
              AND instance_id <> ALL ($5::text[])
              AND lower(name) <> ALL ($6::text[])
            ORDER BY ready_at
            LIMIT $4
            FOR UPDATE SKIP LOCKED
        )
        UPDATE durable.instances i
        SET locked_by = $2, locked_until = now() + $3::interval
        WHERE i.ctid = ANY (ARRAY(SELECT place FROM due))
        RETURNING i.instance_id, i.execution_id, i.name, i.version, i.input, i.parent_id, i.parent_name, i.parent_execution_id,
                  i.parent_task_id, i.status, i.custom_status, i.created_at, i.turn, i.history_length
        """;

    public const string NextReady = """
        SELECT extract(epoch FROM min(ready_at) - clock_timestamp())::float8
        FROM durable.instances
        WHERE hub = $1 AND ready_at > now()
        """;

    /// <summary>In no order of their ids.</summary>
    public const string Messages = """
        SELECT m.id, m.instance_id, m.execution_id, m.kind, m.task_id, m.name, m.data, m.fire_at
        FROM unnest($2::text[]) AS k (instance_id)
        CROSS JOIN LATERAL (
            SELECT * FROM durable.messages m WHERE m.hub = $1 AND m.instance_id = k.instance_id AND m.visible_at <= now() OFFSET 0
        ) m
        """;

    public const string History = """
        SELECT h.instance_id, h.kind, h.at, h.task_id, h.name, h.data, h.target, h.fire_at, h.message_id
        FROM unnest($2::text[], $3::uuid[], $4::int[]) AS w (instance_id, execution_id, history_length)
        CROSS JOIN LATERAL (
            SELECT *
            FROM durable.history h
            WHERE h.hub = $1 AND h.instance_id = w.instance_id AND h.execution_id = w.execution_id AND h.seq < w.history_length
            OFFSET 0
        ) h
        ORDER BY h.instance_id, h.seq
        """;

    public const string Turns = """
        SELECT k.instance_id, i.turn
        FROM unnest($2::text[]) AS k (instance_id)
        CROSS JOIN LATERAL (SELECT turn FROM durable.instances i WHERE i.hub = $1 AND i.instance_id = k.instance_id OFFSET 0) i
        """;

    public const string Statuses = """
        SELECT k.instance_id, i.status
        FROM unnest($2::text[]) AS k (instance_id)
        CROSS JOIN LATERAL (SELECT status FROM durable.instances i WHERE i.hub = $1 AND i.instance_id = k.instance_id OFFSET 0) i
        """;

    /// <summary>Where the instances with the ids $2 are. To be locked before, by <see cref="TurnSql.LockInstances"/>.</summary>
    public const string PlacesOfInstances = """
        SELECT found.place
        FROM unnest($2::text[]) AS k (instance_id)
        CROSS JOIN LATERAL (
            SELECT i.ctid AS place FROM durable.instances i WHERE i.hub = $1 AND i.instance_id = k.instance_id OFFSET 0
        ) found
        """;

    /// <summary>After <see cref="TurnSql.LockInstances"/>.</summary>
    public const string ReleaseInstances = $"""
        UPDATE durable.instances
        SET locked_by = NULL, locked_until = '-infinity'
        WHERE ctid = ANY (ARRAY({PlacesOfInstances})) AND locked_by = $3
        """;

    /// <summary>All that an engine that stops still holds.</summary>
    public static readonly string[] ReleaseAll =
    [
        """
        UPDATE durable.instances
        SET locked_by = NULL, locked_until = '-infinity'
        WHERE hub = $1 AND ready_at IS NOT NULL AND locked_by = $2
        """,
        """
        UPDATE durable.activities
        SET locked_by = NULL, visible_at = now()
        WHERE hub = $1 AND visible_at > '-infinity' AND locked_by = $2
        """,
    ];

    /// <summary>After <see cref="TurnSql.LockInstances"/>.</summary>
    public const string RenewInstances = $"""
        UPDATE durable.instances
        SET locked_until = now() + $4::interval
        WHERE ctid = ANY (ARRAY({PlacesOfInstances})) AND locked_by = $3
        RETURNING instance_id
        """;

    /// <summary>Where the calls of activities with the keys $2, $3, $4 are. To be locked before, by <see cref="TurnSql.LockActivities"/>.</summary>
    public const string PlacesOfActivities = """
        SELECT found.place
        FROM unnest($2::text[], $3::uuid[], $4::int[]) AS k (instance_id, execution_id, task_id)
        CROSS JOIN LATERAL (
            SELECT a.ctid AS place
            FROM durable.activities a
            WHERE a.hub = $1 AND a.instance_id = k.instance_id AND a.execution_id = k.execution_id AND a.task_id = k.task_id
            OFFSET 0
        ) found
        """;

    /// <summary>Takes calls that nobody runs or whose runner has not renewed its lease; not those this app does not have ($5).</summary>
    public const string TakeActivities = """
        WITH due AS MATERIALIZED (
            SELECT ctid AS place
            FROM durable.activities
            WHERE hub = $1 AND visible_at > '-infinity' AND visible_at <= now() AND lower(name) <> ALL ($5::text[])
            ORDER BY visible_at
            LIMIT $4
            FOR UPDATE SKIP LOCKED
        )
        UPDATE durable.activities a
        SET locked_by = $2, visible_at = now() + $3::interval
        WHERE a.ctid = ANY (ARRAY(SELECT place FROM due))
        RETURNING a.instance_id, a.execution_id, a.task_id, a.name, a.input, a.version
        """;

    /// <summary>After <see cref="TurnSql.LockActivities"/>.</summary>
    public const string ReleaseActivities = $"""
        UPDATE durable.activities a
        SET locked_by = NULL, visible_at = now()
        WHERE a.ctid = ANY (ARRAY({PlacesOfActivities})) AND a.locked_by = $5
        """;

    /// <summary>After <see cref="TurnSql.LockActivities"/>.</summary>
    public const string RenewActivities = $"""
        UPDATE durable.activities a
        SET visible_at = now() + $6::interval
        WHERE a.ctid = ANY (ARRAY({PlacesOfActivities})) AND a.locked_by = $5
        RETURNING a.instance_id, a.execution_id, a.task_id
        """;
}
