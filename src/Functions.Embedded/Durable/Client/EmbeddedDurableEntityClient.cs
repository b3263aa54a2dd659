using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Client.Entities;
using Microsoft.DurableTask.Entities;
using Npgsql;
using NpgsqlTypes;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The client of the embedded engine's entities.</summary>
internal sealed class EmbeddedDurableEntityClient(DurableStore store, EngineSignals signals, DataConverter converter) : DurableEntityClient(store.Hub)
{
    private const string Columns = """
        e.entity_id, e.state, e.updated_at, e.lock_owner,
        (SELECT count(*) FROM durable.entity_messages m WHERE m.hub = e.hub AND m.entity_id = e.entity_id)
        """;

    private const string Get = $"SELECT {Columns} FROM durable.entities e WHERE e.hub = $1 AND e.entity_id = $2 AND e.state IS NOT NULL";

    /// <summary>A page in the order of ids, from after $2 on.</summary>
    private const string List = $"""
        SELECT {Columns}
        FROM durable.entities e
        WHERE e.hub = $1 AND e.entity_id > $2
          AND ($3::text IS NULL OR starts_with(e.entity_id, $3))
          AND ($4::timestamptz IS NULL OR e.updated_at >= $4)
          AND ($5::timestamptz IS NULL OR e.updated_at <= $5)
          AND (e.state IS NOT NULL OR $6)
        ORDER BY e.entity_id
        LIMIT $7
        """;

    private const string RemoveEmpty = """
        DELETE FROM durable.entities
        WHERE hub = $1 AND state IS NULL AND lock_id IS NULL AND ready_at IS NULL AND locked_until <= now()
        """;

    private const string ReleaseOrphaned = """
        UPDATE durable.entities e
        SET lock_id = NULL, lock_owner = NULL, lock_execution = NULL, turn = e.turn + 1,
            ready_at = (SELECT min(m.visible_at) FROM durable.entity_messages m WHERE m.hub = e.hub AND m.entity_id = e.entity_id)
        WHERE e.hub = $1 AND e.lock_owner IS NOT NULL
          AND NOT EXISTS (
            SELECT FROM durable.instances i
            WHERE i.hub = e.hub AND i.instance_id = e.lock_owner AND i.execution_id = e.lock_execution
              AND i.status IN ('Pending', 'Running', 'Suspended'))
        """;

    public override async Task SignalEntityAsync(
        EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(id.Name, nameof(id));
        ArgumentException.ThrowIfNullOrEmpty(operationName);
        var signal = EntityMessage.Signal(id.ToString(), operationName, converter.Serialize(input), options?.SignalTime?.UtcDateTime);
        await using NpgsqlConnection connection = await store.OpenAsync(cancellation);
        await using NpgsqlBatch batch = connection.ToBatch(
            EntitySql.SendCommand(store.Hub, [signal]),
            TurnSql.Notify.ToCommand(EngineSignals.ChannelOf(store.Hub), EngineSignals.EntitiesPayload));
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
            released = await ExecuteAsync(connection, ReleaseOrphaned, cancellation);
        if (asked.RemoveEmptyEntities)
            removed = await ExecuteAsync(connection, RemoveEmpty, cancellation);
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
        await using NpgsqlBatch batch = connection.ToBatch(Get.ToCommand(store.Hub, id.ToString()));
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
        var command = new NpgsqlBatchCommand(List)
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
