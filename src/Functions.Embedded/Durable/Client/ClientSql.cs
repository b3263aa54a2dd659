namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The statements of the client. $1 is the hub throughout.</summary>
internal static class ClientSql
{
    public const string Columns = """
        instance_id, name, status, created_at, updated_at, input, output, custom_status, failure, tags
        """;

    public const string Get = $"""
        SELECT {Columns}
        FROM durable.instances
        WHERE hub = $1 AND instance_id = $2
        """;

    public const string StartOf = """
        SELECT name, version, input, tags
        FROM durable.instances
        WHERE hub = $1 AND instance_id = $2
        """;

    /// <summary>A page in the order of ids, from after $2 on. Filters that are null let everything pass.</summary>
    public const string List = $"""
        SELECT {Columns}
        FROM durable.instances
        WHERE hub = $1 AND instance_id > $2 AND created_at > '-infinity'
          AND ($3::timestamptz IS NULL OR created_at >= $3)
          AND ($4::timestamptz IS NULL OR created_at <= $4)
          AND ($5::text[] IS NULL OR status = ANY ($5))
          AND ($6::text IS NULL OR starts_with(instance_id, $6))
          AND ($7::timestamptz IS NULL OR completed_at >= $7)
          AND ($8::timestamptz IS NULL OR completed_at <= $8)
        ORDER BY instance_id
        LIMIT $9
        """;

    public const string History = """
        SELECT h.kind, h.at, h.task_id, h.name, h.data, h.target, h.fire_at, h.version, h.tags
        FROM durable.instances i
        JOIN durable.history h ON h.hub = i.hub AND h.instance_id = i.instance_id AND h.execution_id = i.execution_id
        WHERE i.hub = $1 AND i.instance_id = $2
        ORDER BY h.seq
        """;

    /// <summary>The instances of $2 and, if $3, all they have started directly or through others.</summary>
    public const string Family = """
        WITH RECURSIVE family AS (
            SELECT instance_id, parent_id, status
            FROM durable.instances
            WHERE hub = $1 AND instance_id = ANY ($2)
            UNION
            SELECT child.instance_id, child.parent_id, child.status
            FROM family
            JOIN durable.instances child ON child.hub = $1 AND child.parent_id = family.instance_id
            WHERE $3
        )
        SELECT instance_id, parent_id, status FROM family
        """;

    /// <summary>Removes the instances of $2 that have ended.</summary>
    public static readonly string Purge = $"""
        WITH gone AS (
            DELETE FROM durable.instances
            WHERE ctid = ANY (ARRAY({FetchSql.PlacesOfInstances})) AND status IN ('Completed', 'Failed', 'Terminated')
            RETURNING instance_id
        ), history AS (
            DELETE FROM durable.history
            WHERE ctid = ANY (ARRAY(SELECT r.place FROM gone g CROSS JOIN LATERAL (SELECT ctid AS place FROM durable.history r WHERE r.hub = $1 AND r.instance_id = g.instance_id OFFSET 0) r))
        ), messages AS (
            DELETE FROM durable.messages
            WHERE ctid = ANY (ARRAY(SELECT r.place FROM gone g CROSS JOIN LATERAL (SELECT ctid AS place FROM durable.messages r WHERE r.hub = $1 AND r.instance_id = g.instance_id OFFSET 0) r))
        ), activities AS (
            DELETE FROM durable.activities
            WHERE ctid = ANY (ARRAY(SELECT r.place FROM gone g CROSS JOIN LATERAL (SELECT ctid AS place FROM durable.activities r WHERE r.hub = $1 AND r.instance_id = g.instance_id OFFSET 0) r))
        )
        SELECT count(*) FROM gone
        """;

    public const string NumberedHistory = """
        SELECT seq, kind, at, task_id, name, data, target, fire_at, version
        FROM durable.history
        WHERE hub = $1 AND instance_id = $2 AND execution_id = $3
        ORDER BY seq
        """;

    public const string RewindHistory = """
        DELETE FROM durable.history
        WHERE hub = $1 AND instance_id = $2 AND execution_id = $3 AND (seq >= $4 OR seq = ANY ($5))
        """;

    /// <summary>
    /// What is left is numbered without gaps again. By way of numbers that no history reaches, as two rows must not have one number even for
    /// a moment.
    /// </summary>
    public static readonly string[] RenumberHistory =
    [
        """
        UPDATE durable.history h
        SET seq = n.place + 1000000000
        FROM (
            SELECT seq, row_number() OVER (ORDER BY seq)::int - 1 AS place
            FROM durable.history
            WHERE hub = $1 AND instance_id = $2 AND execution_id = $3
        ) n
        WHERE h.hub = $1 AND h.instance_id = $2 AND h.execution_id = $3 AND h.seq = n.seq
        """,
        "UPDATE durable.history SET seq = seq - 1000000000 WHERE hub = $1 AND instance_id = $2 AND execution_id = $3",
    ];

    public const string RewindActivities = """
        DELETE FROM durable.activities
        WHERE hub = $1 AND instance_id = $2 AND execution_id = $3 AND task_id = ANY ($4)
        """;

    /// <summary>Calls that are still queued or running stay as they are.</summary>
    public const string RedoActivities = """
        INSERT INTO durable.activities (hub, instance_id, execution_id, task_id, name, input, version, visible_at)
        SELECT $1, $2, $3, c.task_id, c.name, c.input, c.version, now()
        FROM unnest($4::int[], $5::text[], $6::text[], $7::text[]) AS c (task_id, name, input, version)
        ON CONFLICT (hub, instance_id, execution_id, task_id) DO NOTHING
        """;

    public const string TellAgain = """
        INSERT INTO durable.messages (hub, instance_id, execution_id, kind, task_id, name, data, fire_at, visible_at)
        SELECT $1, $2, CASE WHEN m.task_id >= 0 THEN $3::uuid END, m.kind, m.task_id, m.name, m.data, m.fire_at, coalesce(m.fire_at, now())
        FROM unnest($4::text[], $5::int[], $6::text[], $7::text[], $8::timestamptz[]) AS m (kind, task_id, name, data, fire_at)
        """;

    public const string TellEndOfChild = """
        INSERT INTO durable.messages (hub, instance_id, execution_id, kind, task_id, name, data, visible_at)
        SELECT $1, $2, $3, CASE WHEN c.status = 'Completed' THEN 'SubOrchestrationCompleted' ELSE 'SubOrchestrationFailed' END,
               $4, $5, CASE WHEN c.status = 'Completed' THEN c.output ELSE $7 END, now()
        FROM (SELECT 1) AS one
        LEFT JOIN durable.instances c ON c.hub = $1 AND c.instance_id = $6
        """;

    public const string RewindInstance = """
        UPDATE durable.instances
        SET status = CASE WHEN $3 = 0 THEN 'Pending' ELSE 'Running' END,
            output = NULL, failure = NULL, completed_at = NULL, updated_at = now(),
            turn = turn + 1, history_length = $3, ready_at = now(), locked_by = NULL, locked_until = '-infinity'
        WHERE hub = $1 AND instance_id = $2
        """;
}
