using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Npgsql;
using NpgsqlTypes;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The client of the engine's entities.</summary>
internal sealed class EmbeddedDurableEntityClient(DurableStore store, EngineSignals signals, DataConverter converter) : DurableEntityClient(store.Hub)
{
    public override async Task SignalEntityAsync(
        EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id.Name, nameof(id));
        ArgumentException.ThrowIfNullOrEmpty(operationName);
        var signal = EntityMessage.Signal(id.ToString(), operationName, converter.Serialize(input), options?.SignalTime?.UtcDateTime);
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(
            EntityMessage.SendCommand(store.Hub, [signal]),
            ConnectionSql.Notify.ToCommand(EngineSignals.ChannelOf(store.Hub), EngineSignals.EntitiesPayload));
        await batch.ExecuteNonQueryAsync(cancellation);
        signals.Entities.Set();
    }

    public override async Task<EntityMetadata?> GetEntityAsync(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default) =>
        await FindAsync(id, cancellation) is { } found ? Untyped(found, includeState) : null;

    public override async Task<EntityMetadata<T>?> GetEntityAsync<T>(EntityInstanceId id, bool includeState = true, CancellationToken cancellation = default) =>
        await FindAsync(id, cancellation) is { } found ? Typed<T>(found, includeState) : null;

    public override AsyncPageable<EntityMetadata> GetAllEntitiesAsync(EntityQuery? filter = null) => All(filter, Untyped);

    public override AsyncPageable<EntityMetadata<T>> GetAllEntitiesAsync<T>(EntityQuery? filter = null) => All(filter, Typed<T>);

    public override async Task<CleanEntityStorageResult> CleanEntityStorageAsync(
        CleanEntityStorageRequest? request = null, bool continueUntilComplete = true, CancellationToken cancellation = default)
    {
        CleanEntityStorageRequest asked = request ?? CleanEntityStorageRequest.Default;
        int released = 0, removed = 0;
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        if (asked.ReleaseOrphanedLocks)
            released = await ExecuteAsync(connection, ClientSql.ReleaseOrphanedLocks, cancellation);
        if (asked.RemoveEmptyEntities)
            removed = await ExecuteAsync(connection, ClientSql.RemoveEmptyEntities, cancellation);
        if (released > 0)
            signals.Entities.Set();
        return new CleanEntityStorageResult { EmptyEntitiesRemoved = removed, OrphanedLocksReleased = released };
    }

    private async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using NpgsqlBatch batch = connection.ToBatch(sql.ToCommand(store.Hub));
        return await batch.ExecuteNonQueryAsync(cancellation);
    }

    private async Task<StoredEntity?> FindAsync(EntityInstanceId id, CancellationToken cancellation)
    {
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(ClientSql.ReadEntity.ToCommand(store.Hub, id.ToString()));
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        return await reader.ReadAsync(cancellation) ? Read(reader) : null;
    }

    private AsyncPageable<T> All<T>(EntityQuery? filter, Func<StoredEntity, bool, T> shown)
        where T : notnull
    {
        EntityQuery query = filter ?? new EntityQuery();
        return Pageable.Create<T>(async (token, size, cancellation) =>
        {
            int most = (size ?? query.PageSize) is { } wished and > 0 ? wished : EntityQuery.DefaultPageSize;
            List<StoredEntity> found = await ListAsync(query, token ?? query.ContinuationToken, most + 1, cancellation);
            string? next = found.Count > most ? found[most - 1].Id : null;
            return new Page<T>([.. found.Take(most).Select(entity => shown(entity, query.IncludeState))], next);
        });
    }

    private async Task<List<StoredEntity>> ListAsync(EntityQuery query, string? after, int most, CancellationToken cancellation)
    {
        var command = new NpgsqlBatchCommand(ClientSql.ListEntities)
        {
            Parameters =
            {
                new() { Value = store.Hub },
                new() { Value = after ?? "" },
                new() { Value = (object?)query.InstanceIdStartsWith ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = (object?)query.LastModifiedFrom?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = (object?)query.LastModifiedTo?.UtcDateTime ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = query.IncludeTransient },
                new() { Value = most },
            },
        };
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(command);
        await using NpgsqlDataReader reader = await batch.ExecuteReaderAsync(cancellation);
        List<StoredEntity> found = [];
        while (await reader.ReadAsync(cancellation))
            found.Add(Read(reader));
        return found;
    }

    private EntityMetadata Untyped(StoredEntity entity, bool withState) => new(
        EntityInstanceId.FromString(entity.Id), withState && entity.State is { } state ? new SerializedData(state, converter) : null)
    {
        LastModifiedTime = entity.UpdatedAt,
        BacklogQueueSize = entity.Backlog,
        LockedBy = entity.LockedBy,
    };

    private EntityMetadata<T> Typed<T>(StoredEntity entity, bool withState)
    {
        var id = EntityInstanceId.FromString(entity.Id);
        return withState && entity.State is { } state
            ? new EntityMetadata<T>(id, converter.Deserialize<T>(state)) { LastModifiedTime = entity.UpdatedAt, BacklogQueueSize = entity.Backlog, LockedBy = entity.LockedBy }
            : new EntityMetadata<T>(id) { LastModifiedTime = entity.UpdatedAt, BacklogQueueSize = entity.Backlog, LockedBy = entity.LockedBy };
    }

    private static StoredEntity Read(NpgsqlDataReader reader) => new(
        reader.GetString(0), reader.Text(1), reader.GetDateTime(2), reader.Text(3), checked((int)reader.GetInt64(4)));

    private sealed record StoredEntity(string Id, string? State, DateTime UpdatedAt, string? LockedBy, int Backlog);
}
