using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Modules;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Operations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Operations;

/// <summary>What an orchestration shall do for an operation.</summary>
/// <param name="Function">Name of the orchestrator, or of the activity of a dry run.</param>
/// <param name="IsActivity">Whether it is an activity.</param>
/// <param name="Request">Its input.</param>
public sealed record OperationStart(string Function, bool IsActivity, JsonElement Request);

/// <summary>Starts, advances, cancels and ends operations. Every change is made under the row's lock, so events become visible in the order of their ids.</summary>
public sealed class OperationRuns(UserDatabase database, DataLocations locations, TimeProvider time)
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(90);

    /// <summary>Creates an operation for a person. Schedule <see cref="OperationWork.Run"/> afterwards.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.OperationUnderWay"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<DataOperation>> StartAsync(Guid account, OperationPlan plan, IdempotentCreate<DataOperation> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        var operation = await AddAsync(plan, account, null, cancellation);
        try
        {
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.OperationUnderWay, $"Another operation works on the target of {plan.Subject}.");
        }
        return await create.CommitAsync(operation, cancellation);
    }

    /// <summary>Creates the operation of one time of a schedule. Null if there is one already, or another one works on the target.</summary>
    public async Task<Guid?> StartDueAsync(OperationPlan plan, string firing, CancellationToken cancellation)
    {
        if (await database.Operations.AnyAsync(earlier => earlier.Firing == firing, cancellation))
            return null;
        var operation = await AddAsync(plan, null, firing, cancellation);
        try
        {
            await database.SaveChangesAsync(cancellation);
            return operation.Id;
        }
        catch (DbUpdateException e) when (e.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            database.ChangeTracker.Clear();
            return null;
        }
    }

    /// <summary>Asks an operation to end. A running one stops within seconds.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.InvalidState"/>.</exception>
    public Task<DataOperation> CancelAsync(Guid id, CancellationToken cancellation) => ChangeAsync(id, (operation, now) =>
    {
        if (!operation.RequestCancel(now))
            throw new ProblemException(ErrorCodes.InvalidState, $"The operation has ended: it is {operation.State.AsText()}.");
        if (operation.HasEnded)
            AddState(operation, now);
    }, cancellation);

    /// <summary>Marks an operation as running and says what to do; null if it has ended.</summary>
    public async Task<OperationStart?> BeginAsync(Guid id, CancellationToken cancellation)
    {
        OperationStart? start = null;
        await ChangeAsync(id, (operation, now) =>
        {
            var wasPending = operation.State == OperationState.Pending;
            if (!operation.Begin(now))
                return;
            if (wasPending)
                AddState(operation, now);
            start = new OperationStart(operation.Function, operation.IsDryRun && OperationPlans.Activities.Contains(operation.Function), operation.Request);
        }, cancellation);
        return start;
    }

    /// <summary>Notes what an operation came to.</summary>
    /// <param name="id">The operation.</param>
    /// <param name="report">What it did; null if it failed.</param>
    /// <param name="error">Why it failed; null if it did not.</param>
    /// <param name="cancellation">Cancels.</param>
    public Task<DataOperation> EndAsync(Guid id, JsonElement? report, string? error, CancellationToken cancellation) => ChangeAsync(id, (operation, now) =>
    {
        if (operation.End(error ?? OperationPlans.Shortcoming(operation.Kind, report), report is { } done ? JsonSerializer.SerializeToElement(InCamelCase(JsonNode.Parse(done.GetRawText()))) : null, now))
            AddState(operation, now);
    }, cancellation);

    /// <summary>Notes progress.</summary>
    /// <returns>Whether the operation shall end.</returns>
    public async Task<bool> AdvanceAsync(Guid id, OperationProgress progress, string? problem, CancellationToken cancellation)
    {
        var operation = await ChangeAsync(id, (operation, now) =>
        {
            if (operation.Advance(progress, now))
                Add(operation.Id, "phase", new { operation.Phase }, now);
            if (problem is not null)
                Add(operation.Id, "problem", new { Message = problem }, now);
        }, cancellation);
        return operation.CancelRequestedAt is not null || operation.HasEnded;
    }

    /// <summary>Operations of this database that have not ended since before a time, oldest first.</summary>
    public IQueryable<Guid> UnderWay(DateTimeOffset before) => database.Operations
        .FromSql($"SELECT * FROM operations WHERE ended_at IS NULL AND home = {Place} || (SELECT oid FROM pg_database WHERE datname = current_database())")
        .Where(operation => operation.CreatedAt < before).OrderBy(operation => operation.Id).Select(operation => operation.Id);

    /// <summary>Closes operations that were under way in the database that this one is a copy or a restored backup of: they go on there, or nowhere.</summary>
    public async Task<int> CloseForeignAsync(CancellationToken cancellation)
    {
        var foreign = await database.Operations
            .FromSql($"SELECT * FROM operations WHERE ended_at IS NULL AND home <> {Place} || (SELECT oid FROM pg_database WHERE datname = current_database())")
            .Select(operation => operation.Id).ToListAsync(cancellation);
        foreach (var id in foreign)
            await EndAsync(id, null, "It was under way in the database that this one was copied from.", cancellation);
        return foreign.Count;
    }

    /// <summary>Removes operations that ended long ago.</summary>
    public Task<int> RemoveOldAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - Kept;
        return database.Operations.Where(operation => operation.EndedAt < before).ExecuteDeleteAsync(cancellation);
    }

    /// <summary>Hosts differ in how they write the names of fields.</summary>
    private static JsonNode? InCamelCase(JsonNode? node) => node switch
    {
        JsonObject fields => new JsonObject(fields.Select(field => KeyValuePair.Create(JsonNamingPolicy.CamelCase.ConvertName(field.Key), InCamelCase(field.Value)))),
        JsonArray items => new JsonArray([.. items.Select(InCamelCase)]),
        _ => node?.DeepClone(),
    };

    private string Place => locations.PlaceOfDatabase(Databases.Users) + "#";

    private async Task<DataOperation> AddAsync(OperationPlan plan, Guid? account, string? firing, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var home = await database.Database.SqlQuery<string>($"SELECT {Place} || (SELECT oid FROM pg_database WHERE datname = current_database()) AS \"Value\"").SingleAsync(cancellation);
        var operation = new DataOperation
        {
            Id = Guid.CreateVersion7(now), Kind = plan.Kind, Subject = plan.Subject, Function = plan.Function, Request = JsonSerializer.SerializeToElement(plan.Request, JsonSerializerOptions.Web),
            IsDryRun = plan.IsDryRun, Target = plan.Target, Home = home, Firing = firing, CreatedBy = account, CreatedAt = now,
        };
        database.Operations.Add(operation);
        AddState(operation, now);
        return operation;
    }

    private async Task<DataOperation> ChangeAsync(Guid id, Action<DataOperation, DateTimeOffset> change, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var operation = await database.LockOperationAsync(id, cancellation) ?? throw ProblemException.NoSuch("operation");
        change(operation, time.GetUtcNow());
        await database.SaveChangesAsync(cancellation);
        await database.Database.ExecuteSqlAsync($"SELECT pg_notify({OperationFeed.Channel}, {id.ToString()})", cancellation);
        await transaction.CommitAsync(cancellation);
        return operation;
    }

    private void AddState(DataOperation operation, DateTimeOffset now) => Add(operation.Id, "state", new { State = operation.State.AsText(), operation.Error }, now);

    private void Add(Guid id, string type, object data, DateTimeOffset now) =>
        database.OperationEvents.Add(new OperationEvent { OperationId = id, Type = type, Data = JsonSerializer.SerializeToElement(data, JsonSerializerOptions.Web), Time = now });
}

/// <summary>The work that orchestrations do for operations.</summary>
public static class OperationWork
{
    public static RecoverableWork Run { get; } = RecoverableWork.Of<OperationRuns>("RunOperation", "operation", (runs, before) => runs.UnderWay(before));

    /// <summary>The operation that an orchestration's activity works for; null if it does so for none.</summary>
    public static Guid? OfInstance(string instance) =>
        instance.StartsWith("operation-", StringComparison.Ordinal) && instance.Length > 47 && instance[46] == '-' && Guid.TryParse(instance.AsSpan(10, 36), out var id) ? id : null;
}
