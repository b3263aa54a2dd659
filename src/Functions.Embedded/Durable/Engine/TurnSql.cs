namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// The statements of a commit of turns. $1 is the hub throughout; columns come as arrays, one element a row. Rows are
/// found as <see cref="FetchSql"/> says.
/// </summary>
internal static class TurnSql
{
    /// <summary>Own instances and those that get messages are locked first and in one order, so transactions never wait in a circle.</summary>
    public const string LockInstances = """
        SELECT found.instance_id, found.execution_id, found.status, found.turn, found.locked_by
        FROM (SELECT DISTINCT u.instance_id COLLATE "C" AS instance_id FROM unnest($2::text[]) AS u (instance_id) ORDER BY 1) AS k
        CROSS JOIN LATERAL (
            SELECT i.instance_id, i.execution_id, i.status, i.turn, i.locked_by
            FROM durable.instances i
            WHERE i.hub = $1 AND i.instance_id = k.instance_id
            FOR UPDATE
        ) found
        """;

    public const string LockActivities = """
        SELECT found.instance_id, found.task_id
        FROM (
            SELECT * FROM unnest($2::text[], $3::uuid[], $4::int[]) AS u (instance_id, execution_id, task_id)
            ORDER BY u.instance_id COLLATE "C", u.task_id
        ) AS k
        CROSS JOIN LATERAL (
            SELECT a.instance_id, a.task_id
            FROM durable.activities a
            WHERE a.hub = $1 AND a.instance_id = k.instance_id AND a.execution_id = k.execution_id AND a.task_id = k.task_id
            FOR UPDATE
        ) found
        """;

    public const string AppendHistory = """
        INSERT INTO durable.history (hub, instance_id, execution_id, seq, kind, at, task_id, name, data, target, fire_at, message_id, version, tags)
        SELECT $1, h.*
        FROM unnest($2::text[], $3::uuid[], $4::int[], $5::text[], $6::timestamptz[], $7::int[],
                    $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::bigint[], $13::text[], $14::text[]) AS h
        """;

    public const string DeleteMessages = "DELETE FROM durable.messages WHERE id = ANY ($1)";

    public const string DeleteActivities = $"""
        DELETE FROM durable.activities WHERE ctid = ANY (ARRAY({FetchSql.PlacesOfActivities}))
        """;

    /// <summary>Calls that this engine runs at once are stored under its lease; the rest wait for whoever is free.</summary>
    public const string AddActivities = """
        INSERT INTO durable.activities (hub, instance_id, execution_id, task_id, name, version, input, locked_by, visible_at)
        SELECT $1, a.instance_id, a.execution_id, a.task_id, a.name, a.version, a.input,
               CASE WHEN a.own THEN $9::uuid END,
               now() + CASE WHEN a.own THEN $10::interval ELSE interval '0' END
        FROM unnest($2::text[], $3::uuid[], $4::int[], $5::text[], $6::text[], $7::text[], $8::bool[])
             AS a (instance_id, execution_id, task_id, name, version, input, own)
        """;

    /// <summary>Messages of an instance to itself: timers and calls refused. Its ready_at is set by <see cref="UpdateInstances"/>.</summary>
    public const string AddOwnMessages = """
        INSERT INTO durable.messages (hub, instance_id, execution_id, kind, task_id, data, fire_at, visible_at)
        SELECT $1, m.instance_id, m.execution_id, m.kind, m.task_id, m.data, m.fire_at, coalesce(m.fire_at, now())
        FROM unnest($2::text[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::timestamptz[])
             AS m (instance_id, execution_id, kind, task_id, data, fire_at)
        """;

    public const string CancelTimers = """
        DELETE FROM durable.messages
        WHERE ctid = ANY (ARRAY(
            SELECT found.place
            FROM unnest($2::text[], $3::uuid[], $4::int[]) AS t (instance_id, execution_id, task_id)
            CROSS JOIN LATERAL (
                SELECT m.ctid AS place
                FROM durable.messages m
                WHERE m.hub = $1 AND m.instance_id = t.instance_id AND m.execution_id = t.execution_id
                  AND m.task_id = t.task_id AND m.kind = 'TimerFired'
                OFFSET 0
            ) found))
        """;

    /// <summary>What is left of finished instances whose id starts anew. Histories of other executions cannot be in the way, so three deletes by id do.</summary>
    public static readonly string[] ForgetInstances =
        [DeleteOf("history"), DeleteOf("messages"), DeleteOf("activities"), DeleteOf("instances")];

    /// <summary>New instances; those that this engine runs at once are stored under its lease.</summary>
    public const string AddInstances = """
        INSERT INTO durable.instances (hub, instance_id, execution_id, name, version, status, input, tags,
                                       parent_id, parent_name, parent_execution_id, parent_task_id,
                                       created_at, updated_at, start_at, ready_at, locked_by, locked_until)
        SELECT $1, n.instance_id, n.execution_id, n.name, n.version, 'Pending', n.input, n.tags,
               n.parent_id, n.parent_name, n.parent_execution_id, n.parent_task_id,
               n.created_at, n.created_at, n.start_at, coalesce(n.start_at, now()),
               CASE WHEN n.own THEN $15::uuid END,
               CASE WHEN n.own THEN now() + $16::interval ELSE '-infinity' END
        FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                    $10::uuid[], $11::int[], $12::timestamptz[], $13::timestamptz[], $14::bool[])
             AS n (instance_id, execution_id, name, version, input, tags, parent_id, parent_name,
                   parent_execution_id, parent_task_id, created_at, start_at, own)
        ON CONFLICT (hub, instance_id) DO NOTHING
        RETURNING instance_id
        """;

    /// <summary>Messages to other instances, after <see cref="LockInstances"/> of them. One that is finished, gone, or in another execution than the message is for gets none.</summary>
    public const string SendMessages = $"""
        WITH sent AS (
            SELECT * FROM unnest($2::text[], $3::uuid[], $4::text[], $5::int[], $6::text[], $7::text[])
                          WITH ORDINALITY AS m (instance_id, execution_id, kind, task_id, name, data, position)
        ), receiver AS (
            UPDATE durable.instances i
            SET ready_at = greatest(least(i.ready_at, now()), i.start_at)
            WHERE i.ctid = ANY (ARRAY({FetchSql.PlacesOfInstances})) AND i.status IN ('Pending', 'Running', 'Suspended')
            RETURNING i.instance_id, i.execution_id
        )
        INSERT INTO durable.messages (hub, instance_id, execution_id, kind, task_id, name, data, visible_at)
        SELECT $1, s.instance_id, s.execution_id, s.kind, s.task_id, s.name, s.data, now()
        FROM sent s
        JOIN receiver r ON r.instance_id = s.instance_id AND (s.execution_id IS NULL OR s.execution_id = r.execution_id)
        ORDER BY s.position
        """;

    public static readonly string DeleteMessagesOfFinished = DeleteOf("messages");

    /// <summary>Of an execution that was continued as new: its history, and what was only for it.</summary>
    public static readonly string[] ForgetExecutions =
        [DeleteOfExecution("history"), DeleteOfExecution("messages")];

    /// <summary>Events handed to the next execution keep the number they came with, and so their place before later ones.</summary>
    public const string KeepEvents = """
        INSERT INTO durable.messages (id, hub, instance_id, kind, name, data, visible_at)
        SELECT m.id, $1, m.instance_id, m.kind, m.name, m.data, now()
        FROM unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[]) AS m (id, instance_id, kind, name, data)
        """;

    public const string UpdateInstances = $"""
        UPDATE durable.instances i
        SET execution_id = t.execution_id,
            version = t.version,
            status = t.status,
            input = CASE WHEN t.continued THEN t.input ELSE i.input END,
            output = t.output,
            failure = t.failure,
            custom_status = t.custom_status,
            updated_at = coalesce(t.at, i.updated_at),
            completed_at = CASE WHEN t.finished THEN t.at END,
            start_at = NULL,
            turn = i.turn + 1,
            history_length = t.history_length,
            ready_at = CASE
                WHEN t.finished THEN NULL
                WHEN t.continued THEN now()
                ELSE (SELECT min(m.visible_at) FROM durable.messages m WHERE m.hub = i.hub AND m.instance_id = i.instance_id)
            END,
            locked_by = CASE WHEN t.keep THEN i.locked_by END,
            locked_until = CASE WHEN t.keep THEN now() + $15::interval ELSE '-infinity' END
        FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
                    $10::timestamptz[], $11::int[], $12::bool[], $13::bool[], $14::bool[])
             AS t (instance_id, execution_id, version, status, input, output, failure, custom_status,
                   at, history_length, continued, finished, keep)
        WHERE i.ctid = ANY (ARRAY({FetchSql.PlacesOfInstances})) AND i.instance_id = t.instance_id
        RETURNING i.instance_id, extract(epoch FROM i.ready_at - clock_timestamp())::float8
        """;

    /// <summary>Rows beyond the length that the instance says: there are none, unless somebody put them there.</summary>
    public const string CutHistory = "DELETE FROM durable.history WHERE hub = $1 AND instance_id = $2 AND execution_id = $3 AND seq >= $4";

    public const string SetAside = """
        UPDATE durable.instances
        SET ready_at = now() + interval '1 minute', locked_by = NULL, locked_until = '-infinity'
        WHERE hub = $1 AND instance_id = $2 AND locked_by = $3
        """;

    public const string Notify = "SELECT pg_notify($1, $2)";

    /// <summary>Deletes a table's rows of the instances $2.</summary>
    public static string DeleteOf(string table) => $"""
        DELETE FROM durable.{table}
        WHERE ctid = ANY (ARRAY(
            SELECT found.place
            FROM unnest($2::text[]) AS k (instance_id)
            CROSS JOIN LATERAL (SELECT r.ctid AS place FROM durable.{table} r WHERE r.hub = $1 AND r.instance_id = k.instance_id OFFSET 0) found))
        """;

    /// <summary>Deletes a table's rows of the executions $3 of the instances $2.</summary>
    private static string DeleteOfExecution(string table) => $"""
        DELETE FROM durable.{table}
        WHERE ctid = ANY (ARRAY(
            SELECT found.place
            FROM unnest($2::text[], $3::uuid[]) AS k (instance_id, execution_id)
            CROSS JOIN LATERAL (
                SELECT r.ctid AS place
                FROM durable.{table} r
                WHERE r.hub = $1 AND r.instance_id = k.instance_id AND r.execution_id = k.execution_id
                OFFSET 0
            ) found))
        """;
}
