using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Reads an entity's messages and commits its runs.</summary>
internal sealed class EntityCommitter(DurableStore store, EngineSignals signals, ILogger<EntityCommitter> logger)
{
    /// <summary>Reads the messages that the entity may handle now. The returned row has no lock when the orchestration that held it has ended.</summary>
    public async Task<(EntityRow Row, List<EntityMessage> Messages)> ReadAsync(EntityRow row, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        if (row.LockId is not null && !await IsRunningAsync(connection, row.LockOwner!, row.LockExecution!.Value, cancellation))
        {
            logger.LogWarning("Entity {EntityId} is unlocked: orchestration {InstanceId} ended inside its critical section", row.EntityId, row.LockOwner);
            row = row with { LockId = null, LockOwner = null, LockExecution = null };
        }

        List<EntityMessage> messages = [];
        await using (NpgsqlBatch batch = connection.ToBatch(EntitySql.ReadMessages.ToCommand(store.Hub, row.EntityId, (object?)row.LockId ?? DBNull.Value)))
        {
            await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
            {
                messages.Add(new EntityMessage(row.EntityId, Enum.Parse<EntityMessageKind>(reader.GetString(1)))
                {
                    Id = reader.GetInt64(0),
                    Operation = reader.Text(2),
                    Input = reader.Text(3),
                    Sender = reader.Text(4),
                    SenderExecution = reader.Uuid(5),
                    TaskId = reader.GetInt32(6),
                    LockId = reader.Uuid(7),
                    LockSet = reader.Text(8),
                });
            }
        }

        return (row, messages);
    }

    /// <summary>Commits a run. During an outage of the database it waits. The run is refused when another engine has taken over the entity.</summary>
    public async Task CommitAsync(EntityRow before, EntityRun run, EntityBatch batch, CancellationToken cancellation)
    {
        bool isStorable = true;
        var backoff = new Backoff($"Commit of the entity {before.EntityId}", store, logger);
        while (true)
        {
            try
            {
                if (!await WriteAsync(before, run, batch, cancellation))
                    logger.LogDebug("A run of entity {EntityId} was refused: the entity has gone on without it", before.EntityId);
                backoff.Succeeded();
                return;
            }
            catch (Exception error) when (DurableStore.IsTransient(error) && !cancellation.IsCancellationRequested)
            {
                await backoff.FailedAsync(error, cancellation);
            }
            catch (Exception error) when (isStorable && !cancellation.IsCancellationRequested)
            {
                // The database refuses the result for good. The operations fail, or they would run again forever.
                logger.LogError(error, "The result of operations of entity {EntityId} cannot be stored", before.EntityId);
                isStorable = false;
                batch = batch.Failed(error);
            }
        }
    }

    private async Task<bool> WriteAsync(EntityRow before, EntityRun run, EntityBatch batch, CancellationToken cancellation)
    {
        var answers = run.Answers(batch.Outcomes);
        List<EntityMessage> sent = [.. batch.Actions.Select(action => action.Signal).OfType<EntityMessage>()];
        if (run.Forwarded is { } forwarded)
            sent.Add(forwarded);
        InstanceRow[] starts = [.. batch.Actions.Select(action => action.Start).OfType<InstanceRow>().DistinctBy(row => row.InstanceId)];

        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        Dictionary<string, string> existing = [];
        bool isOurs = false;
        await using (NpgsqlBatch locks = connection.ToBatch(
            "BEGIN".ToCommand(),
            InstanceSql.Lock.ToCommand(store.Hub, answers.Select(a => a.Instance).Union(starts.Select(row => row.InstanceId)).ToArray()),
            EntitySql.Lock.ToCommand(store.Hub, sent.Select(message => message.EntityId).Append(before.EntityId).Distinct().ToArray())))
        {
            await using NpgsqlDataReader reader = await locks.ExecuteReaderAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                existing[reader.GetString(0)] = reader.GetString(2);
            await reader.NextResultAsync(cancellation);
            while (await reader.ReadAsync(cancellation))
                isOurs |= reader.GetString(0) == before.EntityId && reader.GetInt64(1) == before.Turn && reader.Uuid(2) == store.Owner;
        }

        await using var write = new NpgsqlBatch(connection);
        if (isOurs)
            AddWrites(write, before, run, batch, answers, sent, starts, existing);
        write.BatchCommands.Add((isOurs ? "COMMIT" : "ROLLBACK").ToCommand());
        await write.ExecuteNonQueryAsync(cancellation);
        if (isOurs && (answers.Count > 0 || starts.Length > 0))
            signals.Instances.Set();
        return isOurs;
    }

    private void AddWrites(
        NpgsqlBatch write,
        EntityRow before,
        EntityRun run,
        EntityBatch batch,
        List<(string Instance, Guid? Execution, EventKind Kind, int TaskId, string? Name, string? Data)> answers,
        List<EntityMessage> sent,
        InstanceRow[] starts,
        Dictionary<string, string> existing)
    {
        string channel = EngineSignals.ChannelOf(store.Hub);
        write.BatchCommands.Add(EntitySql.DeleteMessages.ToCommand(run.Consumed));
        if (answers.Count > 0)
        {
            write.BatchCommands.Add(MessageSql.Send.ToCommand(
                store.Hub,
                answers.Column(a => a.Instance),
                answers.Column(a => a.Execution),
                answers.Column(a => a.Kind.ToString()),
                answers.Column(a => a.TaskId),
                answers.Column(a => a.Name),
                answers.Column(a => a.Data)));
        }

        if (sent.Count > 0)
            write.BatchCommands.Add(EntityMessage.SendCommand(store.Hub, sent));
        if (starts.Length > 0)
        {
            string[] ended = [.. existing.Where(e => RuntimeStatusNames.Final.Contains(e.Value)).Select(e => e.Key).Intersect(starts.Select(row => row.InstanceId))];
            if (ended.Length > 0)
            {
                foreach (NpgsqlBatchCommand forget in TurnBatch.ForgetCommands(store.Hub, ended))
                    write.BatchCommands.Add(forget);
            }

            foreach (InstanceRow refused in starts.Where(row => existing.TryGetValue(row.InstanceId, out string? status) && !RuntimeStatusNames.Final.Contains(status)))
                logger.LogWarning("Entity {EntityId} starts an orchestration with the id {InstanceId}, which is in use; the start is ignored", before.EntityId, refused.InstanceId);
            write.BatchCommands.Add(TurnBatch.NewInstancesCommand(store, starts, 0));
        }

        (Guid? lockId, string? owner, Guid? execution) = run.LockAfter;
        var update = new NpgsqlBatchCommand(EntitySql.Commit)
        {
            Parameters =
            {
                new() { Value = store.Hub },
                new() { Value = before.EntityId },
                new() { Value = (object?)batch.State ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = run.Operations.Count > 0 },
                new() { Value = (object?)lockId ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
                new() { Value = (object?)owner ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = (object?)execution ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Uuid },
            },
        };
        write.BatchCommands.Add(update);
        if (answers.Count > 0 || starts.Length > 0)
            write.BatchCommands.Add(ConnectionSql.Notify.ToCommand(channel, EngineSignals.InstancesPayload));
        if (sent.Count > 0)
            write.BatchCommands.Add(ConnectionSql.Notify.ToCommand(channel, EngineSignals.EntitiesPayload));
    }

    private async Task<bool> IsRunningAsync(NpgsqlConnection connection, string instanceId, Guid execution, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = connection.ToBatch(EntitySql.IsOwnerRunning.ToCommand(store.Hub, instanceId, execution));
        return (bool)(await batch.ExecuteScalarAsync(cancellation))!;
    }
}
