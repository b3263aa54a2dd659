using Microsoft.DurableTask.Client;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>How instances end outside of their turns: a client terminates them, or they fail because no app can run them.</summary>
/// <param name="Status">Their status.</param>
/// <param name="Cause">The event that the history has before the end.</param>
/// <param name="Output">Their output, serialized.</param>
/// <param name="Failure">Their failure, serialized; null when they are terminated.</param>
/// <param name="ParentFailure">The failure that a parent sees, serialized.</param>
internal sealed record InstanceEnd(OrchestrationRuntimeStatus Status, EventKind Cause, string? Output, string? Failure, string ParentFailure)
{
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

    /// <summary>The statements, for a transaction that has locked the instances and their parents.</summary>
    public NpgsqlBatchCommand[] ToCommands(string hub, string[] ids, DateTime now) =>
    [
        EntitySql.LockOfOwners.ToCommand(hub, ids),
        InstanceSql.End.ToCommand(hub, ids, Nullable(Output), now, ParentFailure, Status.ToString(), Nullable(Failure), Cause.ToString()),
    ];

    /// <summary>Ends the instances in a transaction of its own and wakes the engines of the hub.</summary>
    public async Task WriteAsync(
        NpgsqlConnection connection, string hub, string[] ids, string[] parents, DateTime now, CancellationToken cancellation)
    {
        string channel = EngineSignals.ChannelOf(hub);
        await using NpgsqlBatch batch = connection.ToBatch(
            [
                "BEGIN".ToCommand(),
                InstanceSql.Lock.ToCommand(hub, ids.Union(parents).ToArray()),
                .. ToCommands(hub, ids, now),
                ConnectionSql.Notify.ToCommand(channel, EngineSignals.InstancesPayload),
                ConnectionSql.Notify.ToCommand(channel, EngineSignals.EntitiesPayload),
                "COMMIT".ToCommand(),
            ]);
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private static object Nullable(string? text) => (object?)text ?? DBNull.Value;
}
