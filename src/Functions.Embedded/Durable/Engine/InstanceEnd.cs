using Microsoft.DurableTask.Client;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Ends instances from outside their turns: terminated by a client, or failed because nobody can run them.</summary>
/// <param name="Status">The status they get.</param>
/// <param name="Cause">What the history has before the end.</param>
/// <param name="Output">Their output, serialized.</param>
/// <param name="Failure">Their failure, serialized; null when they are terminated.</param>
/// <param name="ToldToParent">The failure a parent sees, serialized.</param>
internal sealed record InstanceEnd(OrchestrationRuntimeStatus Status, EventKind Cause, string? Output, string? Failure, string ToldToParent)
{
    /// <summary>
    /// Ends the instances of $2 that have not ended, at $4. The turn number moves on, so a turn under way is refused; a parent that goes on
    /// is told, and entities that one of them has locked are looked at.
    /// </summary>
    private const string Sql = $"""
        WITH ended AS (
            UPDATE durable.instances
            SET status = $6, output = $3, failure = $7, updated_at = $4, completed_at = $4, start_at = NULL, ready_at = NULL,
                turn = turn + 1, history_length = history_length + 2, locked_by = NULL, locked_until = '-infinity'
            WHERE ctid = ANY (ARRAY({FetchSql.PlacesOfInstances})) AND status IN ('Pending', 'Running', 'Suspended')
            RETURNING instance_id, execution_id, history_length, name, parent_id, parent_execution_id, parent_task_id
        ), recorded AS (
            INSERT INTO durable.history (hub, instance_id, execution_id, seq, kind, at, name, data)
            SELECT $1, instance_id, execution_id, history_length - 2, $8, $4, NULL, $3 FROM ended
            UNION ALL
            SELECT $1, instance_id, execution_id, history_length - 1, 'ExecutionCompleted', $4, $6, coalesce($7, $3) FROM ended
        ), untold AS (
            -- What one that failed was still to be told is kept for a rewind.
            DELETE FROM durable.messages m USING ended e WHERE m.hub = $1 AND m.instance_id = e.instance_id AND $6 = 'Terminated'
        ), freed AS (
            UPDATE durable.entities n
            SET ready_at = least(n.ready_at, now())
            WHERE n.ctid = ANY (ARRAY(
                SELECT o.ctid
                FROM durable.entities o
                WHERE o.hub = $1 AND o.lock_owner = ANY (ARRAY(SELECT instance_id FROM ended))
                ORDER BY o.entity_id
                FOR UPDATE))
        ), parents AS (
            UPDATE durable.instances p
            SET ready_at = least(p.ready_at, now())
            FROM (SELECT DISTINCT parent_id, parent_execution_id FROM ended) e
            WHERE p.hub = $1 AND p.instance_id = e.parent_id AND p.execution_id = e.parent_execution_id
              AND p.status IN ('Pending', 'Running', 'Suspended') AND p.instance_id <> ALL ($2)
            RETURNING p.instance_id
        ), told AS (
            INSERT INTO durable.messages (hub, instance_id, execution_id, kind, task_id, name, data, visible_at)
            SELECT $1, e.parent_id, e.parent_execution_id, 'SubOrchestrationFailed', e.parent_task_id, e.name, $5, now()
            FROM ended e
            JOIN parents p ON p.instance_id = e.parent_id
        )
        SELECT count(*) FROM ended
        """;

    public static InstanceEnd Terminated(string? output) => new(
        OrchestrationRuntimeStatus.Terminated,
        EventKind.ExecutionTerminated,
        output,
        null,
        Failures.Write(new TaskFailureDetails("Terminated", output ?? "The orchestration was terminated.", null, null, null)));

    public static InstanceEnd Failed(TaskFailureDetails details)
    {
        string failure = Failures.Write(details);
        return new InstanceEnd(OrchestrationRuntimeStatus.Failed, EventKind.OrchestratorStarted, null, failure, failure);
    }

    /// <summary>The statement alone, within a transaction that has locked the instances and their parents.</summary>
    public NpgsqlBatchCommand ToCommand(string hub, string[] ids, DateTime now) => Sql.ToCommand(
        hub, ids, Nullable(Output), now, ToldToParent, Status.ToString(), Nullable(Failure), Cause.ToString());

    /// <summary>Ends the instances in a transaction of its own and wakes the engines of the hub.</summary>
    public async Task WriteAsync(
        NpgsqlConnection connection, string hub, string[] ids, string[] parents, DateTime now, CancellationToken cancellation)
    {
        string channel = EngineSignals.ChannelOf(hub);
        await using NpgsqlBatch batch = connection.ToBatch(
            "BEGIN".ToCommand(),
            TurnSql.LockInstances.ToCommand(hub, ids.Union(parents).ToArray()),
            ToCommand(hub, ids, now),
            TurnSql.Notify.ToCommand(channel, EngineSignals.InstancesPayload),
            TurnSql.Notify.ToCommand(channel, EngineSignals.EntitiesPayload),
            "COMMIT".ToCommand());
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private static object Nullable(string? text) => (object?)text ?? DBNull.Value;
}
