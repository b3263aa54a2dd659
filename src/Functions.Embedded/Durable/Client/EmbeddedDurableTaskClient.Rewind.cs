using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Rewinds failed instances.</summary>
internal sealed partial class EmbeddedDurableTaskClient
{
    /// <summary>Repeats what made an instance fail, and rewinds its failed sub-orchestrations; see <see cref="RewindPlan"/>.</summary>
    /// <exception cref="ArgumentException">There is no such instance.</exception>
    /// <exception cref="InvalidOperationException">The instance has not failed.</exception>
    public override async Task RewindInstanceAsync(string instanceId, string reason, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        await using NpgsqlConnection connection = await _store.OpenAsync(cancellation);
        await using NpgsqlTransaction transaction = await connection.BeginTransactionAsync(cancellation);
        await RewindAsync(connection, instanceId, cancellation);
        await using (NpgsqlBatch notify = connection.ToBatch(
            ConnectionSql.Notify.ToCommand(EngineSignals.ChannelOf(_store.Hub), EngineSignals.InstancesPayload),
            ConnectionSql.Notify.ToCommand(EngineSignals.ChannelOf(_store.Hub), EngineSignals.ActivitiesPayload)))
            await notify.ExecuteNonQueryAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        _logger.LogInformation("Orchestration {InstanceId} was rewound: {Reason}", instanceId, reason);
        _signals.Instances.Set();
        _signals.Activities.Set();
    }

    private async Task RewindAsync(NpgsqlConnection connection, string instanceId, CancellationToken cancellation)
    {
        LockedInstance instance = await LockAsync(connection, instanceId, cancellation)
            ?? throw new ArgumentException($"There is no orchestration instance with the id '{instanceId}'.", nameof(instanceId));
        if (instance.Status != nameof(OrchestrationRuntimeStatus.Failed))
            throw new InvalidOperationException($"Only a failed instance can be rewound; '{instanceId}' is {instance.Status}.");

        RewindPlan plan = RewindPlan.Of(await ReadHistoryAsync(connection, instanceId, instance.ExecutionId, cancellation));
        HistoryEvent[] calls = [.. plan.OpenCalls.Where(call => call.Kind == EventKind.TaskScheduled)];
        HistoryEvent[] timers = [.. plan.OpenCalls.Where(call => call.Kind == EventKind.TimerCreated)];
        EntityMessage[] entityCalls =
        [
            .. plan.OpenCalls.Where(call => call.Kind is EventKind.EntityCalled or EventKind.EntityLockRequested)
                .Select(call => EntityMessage.Of(
                    new InstanceRow(instanceId, instance.ExecutionId, ""),
                    call with { LockId = call.Kind == EventKind.EntityLockRequested ? Guid.Parse(call.Name!) : null })),
        ];
        await using (NpgsqlBatch batch = connection.ToBatch(
            RewindSql.CutHistory.ToCommand(_store.Hub, instanceId, instance.ExecutionId, plan.KeepBelow, plan.RemovedNumbers.ToArray()),
            RewindSql.NumberHistory.ToCommand(_store.Hub, instanceId, instance.ExecutionId),
            RewindSql.LowerNumbers.ToCommand(_store.Hub, instanceId, instance.ExecutionId),
            RewindSql.DeleteActivities.ToCommand(_store.Hub, instanceId, instance.ExecutionId, plan.UndoneCalls.ToArray()),
            RewindSql.RepeatActivities.ToCommand(
                _store.Hub, instanceId, instance.ExecutionId, calls.Column(c => c.TaskId), calls.Column(c => c.Name), calls.Column(c => c.Data),
                calls.Column(c => c.Version ?? "")),
            RewindSql.RepeatMessages.ToCommand(
                _store.Hub,
                instanceId,
                instance.ExecutionId,
                plan.Redelivered.Column(e => e.Kind.ToString()),
                plan.Redelivered.Column(e => e.TaskId),
                plan.Redelivered.Column(e => e.Name),
                plan.Redelivered.Column(e => e.Data),
                plan.Redelivered.Column(e => e.FireAt)),
            RewindSql.RepeatMessages.ToCommand(
                _store.Hub,
                instanceId,
                instance.ExecutionId,
                timers.Column(_ => nameof(EventKind.TimerFired)),
                timers.Column(t => t.TaskId),
                timers.Column(_ => (string?)null),
                timers.Column(_ => (string?)null),
                timers.Column(t => t.FireAt)),
            EntityMessage.SendCommand(_store.Hub, entityCalls),
            RewindSql.ReopenInstance.ToCommand(_store.Hub, instanceId, plan.KeepBelow - plan.RemovedNumbers.Count)))
            await batch.ExecuteNonQueryAsync(cancellation);

        foreach (HistoryEvent call in plan.OpenCalls.Where(call => call.Kind == EventKind.SubOrchestrationCreated))
            await RedoAsync(connection, instanceId, instance.ExecutionId, call, cancellation);
    }

    /// <summary>Rewinds a sub-orchestration that failed. Reports the end of one that ended in another way while its parent had failed.</summary>
    private async Task RedoAsync(NpgsqlConnection connection, string parentId, Guid parentExecution, HistoryEvent call, CancellationToken cancellation)
    {
        string child = call.Target!;
        LockedInstance? instance = await LockAsync(connection, child, cancellation);
        if (instance?.Status == nameof(OrchestrationRuntimeStatus.Failed))
        {
            await RewindAsync(connection, child, cancellation);
            return;
        }

        if (instance is not null && !RuntimeStatusNames.Final.Contains(instance.Status))
            return;
        string gone = Failures.Write(new TaskFailureDetails(instance?.Status ?? "Purged", $"The sub-orchestration '{child}' is gone.", null, null, null));
        await using NpgsqlBatch batch = connection.ToBatch(RewindSql.TellEndOfChild.ToCommand(
            _store.Hub, parentId, parentExecution, call.TaskId, call.Name!, child, gone));
        await batch.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<LockedInstance?> LockAsync(NpgsqlConnection connection, string instanceId, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = connection.ToBatch(InstanceSql.Lock.ToCommand(_store.Hub, new[] { instanceId }));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation)
            ? new LockedInstance(reader.GetGuid(1), reader.GetString(2), reader.GetInt64(3), reader.IsDBNull(4) ? null : reader.GetGuid(4))
            : null;
    }

    private async Task<List<(int Seq, HistoryEvent Event)>> ReadHistoryAsync(
        NpgsqlConnection connection, string instanceId, Guid execution, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = connection.ToBatch(RewindSql.ReadHistory.ToCommand(_store.Hub, instanceId, execution));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        List<(int, HistoryEvent)> history = [];
        while (await reader.ReadAsync(cancellation))
        {
            history.Add((reader.GetInt32(0), new HistoryEvent(Enum.Parse<EventKind>(reader.GetString(1)), reader.GetDateTime(2))
            {
                TaskId = reader.GetInt32(3),
                Name = reader.Text(4),
                Data = reader.Text(5),
                Target = reader.Text(6),
                FireAt = reader.IsDBNull(7) ? null : reader.GetDateTime(7),
                Version = reader.Text(8),
            }));
        }

        return history;
    }
}
