using Npgsql;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>What must hold in the tables of a hub on which everything has ended, whatever happened to its processes.</summary>
internal static class HubCheck
{
    private const string Result = "('TaskCompleted', 'TaskFailed')";

    // Each gives the rows that should not be.
    private static readonly (string What, string Sql)[] Checks =
    [
        ("has not ended", "SELECT instance_id, status FROM durable.instances WHERE hub = $1 AND status NOT IN ('Completed', 'Failed', 'Terminated')"),
        ("has ended and is still held or ready", """
            SELECT instance_id, status FROM durable.instances
            WHERE hub = $1 AND status IN ('Completed', 'Failed', 'Terminated') AND (ready_at IS NOT NULL OR locked_until > now())
            """),
        ("has a message left", "SELECT instance_id, kind FROM durable.messages WHERE hub = $1"),
        ("has an operation left", "SELECT entity_id, kind FROM durable.entity_messages WHERE hub = $1"),
        ("is still locked", "SELECT entity_id, lock_owner FROM durable.entities WHERE hub = $1 AND lock_id IS NOT NULL"),
        ("has an activity left", """
            SELECT a.instance_id, a.name FROM durable.activities a
            LEFT JOIN durable.instances i ON i.hub = a.hub AND i.instance_id = a.instance_id
            WHERE a.hub = $1 AND i.status IS DISTINCT FROM 'Terminated'
            """),
        ("has a history with gaps or of another length than its row says", """
            SELECT i.instance_id, format('%s rows, %s..%s, %s noted', count(h.seq), min(h.seq), max(h.seq), i.history_length)
            FROM durable.instances i
            LEFT JOIN durable.history h ON h.hub = i.hub AND h.instance_id = i.instance_id AND h.execution_id = i.execution_id
            WHERE i.hub = $1
            GROUP BY i.instance_id, i.history_length
            HAVING count(h.seq) <> i.history_length OR min(h.seq) <> 0 OR max(h.seq) <> count(*) - 1
            """),
        ("has history of an execution that is over", """
            SELECT h.instance_id, h.kind FROM durable.history h
            WHERE h.hub = $1 AND NOT EXISTS (
                SELECT FROM durable.instances i WHERE i.hub = h.hub AND i.instance_id = h.instance_id AND i.execution_id = h.execution_id)
            """),
        ("does not begin once and end once, last", """
            SELECT i.instance_id, format('%s begins, %s ends', count(*) FILTER (WHERE h.kind = 'ExecutionStarted'), count(*) FILTER (WHERE h.kind = 'ExecutionCompleted'))
            FROM durable.instances i
            JOIN durable.history h ON h.hub = i.hub AND h.instance_id = i.instance_id
            WHERE i.hub = $1
            GROUP BY i.instance_id, i.status, i.history_length
            HAVING count(*) FILTER (WHERE h.kind = 'ExecutionStarted') <> 1 AND i.status <> 'Terminated'
                OR count(*) FILTER (WHERE h.kind = 'ExecutionCompleted' AND h.seq = i.history_length - 1) <> 1
                OR count(*) FILTER (WHERE h.kind = 'ExecutionCompleted') <> 1
            """),
        ("has two answers to one call", $"""
            SELECT instance_id, format('%s: %s', task_id, string_agg(kind, ' ')) FROM durable.history
            WHERE hub = $1 AND kind IN {Result[..^1]}, 'SubOrchestrationCompleted', 'SubOrchestrationFailed', 'TimerFired')
            GROUP BY instance_id, execution_id, task_id
            HAVING count(*) > 1
            """),
        ("has an answer without a call before it", $"""
            SELECT r.instance_id, format('%s of %s', r.kind, r.task_id) FROM durable.history r
            LEFT JOIN durable.history c ON c.hub = r.hub AND c.instance_id = r.instance_id AND c.execution_id = r.execution_id
                AND c.task_id = r.task_id AND c.seq < r.seq AND c.kind IN ('TaskScheduled', 'SubOrchestrationCreated', 'TimerCreated')
            WHERE r.hub = $1 AND r.kind IN {Result[..^1]}, 'SubOrchestrationCompleted', 'SubOrchestrationFailed', 'TimerFired') AND c.seq IS NULL
            """),
        ("has a call of a number used before", """
            SELECT instance_id, format('%s: %s', task_id, string_agg(kind, ' ')) FROM durable.history
            WHERE hub = $1 AND kind IN ('TaskScheduled', 'SubOrchestrationCreated', 'TimerCreated', 'EventSent')
            GROUP BY instance_id, execution_id, task_id
            HAVING count(*) > 1
            """),
        ("was told one message twice", """
            SELECT instance_id, format('message %s', message_id) FROM durable.history
            WHERE hub = $1 AND message_id IS NOT NULL
            GROUP BY instance_id, message_id
            HAVING count(*) > 1
            """),
        ("has a completed call without its effect", """
            SELECT c.instance_id, format('%s: %s', c.task_id, c.data) FROM durable.history c
            JOIN durable.history r ON r.hub = c.hub AND r.instance_id = c.instance_id AND r.execution_id = c.execution_id
                AND r.task_id = c.task_id AND r.kind = 'TaskCompleted'
            LEFT JOIN soak.effects e ON e.hub = c.hub AND e.instance_id = c.instance_id AND e.step = c.data::json ->> 'Step'
            WHERE c.hub = $1 AND c.kind = 'TaskScheduled' AND e.step IS NULL
            """),
        ("has other effects than completed calls", """
            SELECT i.instance_id, format('%s effects, %s completed', e.steps, c.steps)
            FROM durable.instances i
            CROSS JOIN LATERAL (SELECT count(*) AS steps FROM soak.effects e
                WHERE e.hub = i.hub AND e.instance_id = i.instance_id AND e.step NOT LIKE '%.failure_') e
            CROSS JOIN LATERAL (SELECT count(DISTINCT h.task_id) AS steps FROM durable.history h
                WHERE h.hub = i.hub AND h.instance_id = i.instance_id AND h.kind = 'TaskCompleted') c
            WHERE i.hub = $1 AND i.name <> 'Generations' AND e.steps <> c.steps
            """),
    ];

    /// <summary>What is wrong, at most some lines a kind; nothing when all is well.</summary>
    /// <param name="effects">Whether the load was <see cref="MixedLoad"/>, whose effects are looked at as well.</param>
    public static async Task<List<string>> ProblemsAsync(string connectionString, string hub, bool effects = true)
    {
        // A connection of its own: those of a pool may have broken with the server.
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        List<string> problems = [];
        foreach ((string what, string sql) in Checks.Where(check => effects || !check.Sql.Contains("soak.", StringComparison.Ordinal)))
        {
            await using var command = new NpgsqlCommand($"SELECT * FROM ({sql}) AS wrong LIMIT 5", connection) { Parameters = { new() { Value = hub } } };
            await using NpgsqlDataReader reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
                problems.Add($"{reader.GetString(0)} {what}: {reader.GetString(1)}");
        }

        return problems;
    }
}
