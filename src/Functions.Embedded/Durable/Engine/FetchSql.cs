namespace Microsoft.DurableTask.Embedded;

/// <summary>
/// The statements that take work. $1 is the hub throughout. They are prepared, often while the tables are empty, and run with that plan
/// when the tables are full; so they are written to leave the planner one way only: rows are found by the key, never by a join that could
/// read a whole hub.
/// </summary>
internal static class FetchSql
{
    /// <summary>
    /// Takes instances that have something to be told: free ones, ones whose holder has not renewed its lease, and those this engine holds
    /// already ($2). Not those in a turn here ($5), nor those whose orchestrators this app does not have ($6).
    /// </summary>
    public const string TakeInstances = """
        WITH due AS MATERIALIZED (
            SELECT instance_id
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
        WHERE i.hub = $1 AND i.instance_id = ANY (ARRAY(SELECT instance_id FROM due))
        RETURNING i.instance_id, i.execution_id, i.name, i.version, i.input, i.parent_id, i.parent_name, i.parent_execution_id,
                  i.parent_task_id, i.status, i.custom_status, i.created_at, i.turn, i.history_length
        """;

    public const string NextReady = """
        SELECT extract(epoch FROM min(ready_at) - clock_timestamp())::float8
        FROM durable.instances
        WHERE hub = $1 AND ready_at > now()
        """;

    /// <summary>Not in order: an order would let the planner walk all messages in the order of their ids.</summary>
    public const string Messages = """
        SELECT id, instance_id, execution_id, kind, task_id, name, data, fire_at
        FROM durable.messages
        WHERE hub = $1 AND instance_id = ANY ($2) AND visible_at <= now()
        """;

    public const string History = """
        SELECT h.instance_id, h.kind, h.at, h.task_id, h.name, h.data, h.target, h.fire_at, h.message_id
        FROM unnest($2::text[], $3::uuid[]) AS w (instance_id, execution_id)
        JOIN durable.history h ON h.hub = $1 AND h.instance_id = w.instance_id AND h.execution_id = w.execution_id
        WHERE h.instance_id = ANY ($2)
        ORDER BY h.instance_id, h.seq
        """;

    public const string ReleaseInstances = """
        UPDATE durable.instances
        SET locked_by = NULL, locked_until = '-infinity'
        WHERE hub = $1 AND instance_id = ANY ($2) AND locked_by = $3
        """;

    public const string RenewInstances = """
        UPDATE durable.instances
        SET locked_until = now() + $4::interval
        WHERE hub = $1 AND instance_id = ANY ($2) AND locked_by = $3
        RETURNING instance_id
        """;

    /// <summary>Where the calls of activities with the keys $2, $3, $4 are, locked in the order of the keys.</summary>
    public const string PlacesOfActivities = """
        SELECT found.place
        FROM unnest($2::text[], $3::uuid[], $4::int[]) AS k (instance_id, execution_id, task_id)
        CROSS JOIN LATERAL (
            SELECT a.ctid AS place
            FROM durable.activities a
            WHERE a.hub = $1 AND a.instance_id = k.instance_id AND a.execution_id = k.execution_id AND a.task_id = k.task_id
            FOR UPDATE
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
        RETURNING a.instance_id, a.execution_id, a.task_id, a.name, a.input
        """;

    public const string ReleaseActivities = $"""
        UPDATE durable.activities a
        SET locked_by = NULL, visible_at = now()
        WHERE a.ctid = ANY (ARRAY({PlacesOfActivities})) AND a.locked_by = $5
        """;

    public const string RenewActivities = $"""
        UPDATE durable.activities a
        SET visible_at = now() + $6::interval
        WHERE a.ctid = ANY (ARRAY({PlacesOfActivities})) AND a.locked_by = $5
        RETURNING a.instance_id, a.execution_id, a.task_id
        """;
}
