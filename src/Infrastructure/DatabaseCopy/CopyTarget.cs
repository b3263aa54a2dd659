using Npgsql;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>
/// A database that is filled by a copy or a restore, step by step; each step can be repeated, and an interrupted one goes on
/// (<see cref="CopyLedger"/>).
/// </summary>
/// <param name="target">Its connection string.</param>
/// <param name="parallel">Indexes and tables that are worked on at once.</param>
/// <param name="moved">Told of finished indexes and tables, and of bytes that were read.</param>
public sealed class CopyTarget(string target, int parallel, Action<long, long> moved)
{
    // What a statement says whose prerequisites are not there yet; a view may also need the primary key of a table that it groups by.
    private static readonly HashSet<string> Missing =
    [
        PostgresErrorCodes.UndefinedTable, PostgresErrorCodes.UndefinedObject, PostgresErrorCodes.UndefinedFunction, PostgresErrorCodes.UndefinedColumn,
        PostgresErrorCodes.InvalidSchemaName, PostgresErrorCodes.GroupingError, PostgresErrorCodes.ObjectNotInPrerequisiteState,
    ];

    /// <summary>Whether this operation has made the tables.</summary>
    public async Task<bool> IsPreparedAsync(string operation, CancellationToken cancellation)
    {
        await using var to = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        return await CopyLedger.OperationAsync(to, cancellation) == operation;
    }

    /// <summary>Removes what is there and makes the tables, without indexes and foreign keys. All or nothing.</summary>
    public async Task PrepareAsync(string operation, IReadOnlyList<SchemaStatement> schema, CancellationToken cancellation)
    {
        await using var to = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        var roles = (await Catalog.RowsAsync(to, "SELECT rolname::text FROM pg_roles", row => row.GetString(0), cancellation)).ToHashSet(StringComparer.Ordinal);
        List<SchemaStatement> statements = [.. schema.Where(statement => statement.Roles.All(roles.Contains))];
        await using var transaction = await to.BeginTransactionAsync(cancellation);
        await CopyLedger.RemoveAsync(to, cancellation);
        await Catalog.ExecuteAsync(to, "SELECT lo_unlink(oid) FROM pg_largeobject_metadata", cancellation);
        foreach (var drop in await Catalog.RowsAsync(to, Catalog.Query("drops"), row => row.GetString(0), cancellation))
            await Catalog.ExecuteAsync(to, drop, cancellation);
        // A function may need a view, which is made after the rows.
        var later = await InOrderAsync(
            statements.Where(statement => statement.Stage == SchemaStage.BeforeRows), statement => statement.Kind is "function" or "procedure",
            async statement =>
            {
                await transaction.SaveAsync("statement", cancellation);
                await RunAsync(to, statement, cancellation);
                await transaction.ReleaseAsync("statement", cancellation);
            },
            () => transaction.RollbackAsync("statement", cancellation));
        List<SchemaStatement> all = [.. statements.Except(later), .. later.Select(statement => statement with { Stage = SchemaStage.AfterRows })];
        await CopyLedger.BeginAsync(to, operation, all, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Makes primary keys, unique constraints and indexes, several at once.</summary>
    public async Task BuildIndexesAsync(CancellationToken cancellation)
    {
        await using var ledger = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        var open = await CopyLedger.OpenStatementsAsync(ledger, SchemaStage.Indexes, cancellation);
        // A constraint locks its table, so statements of one table follow each other.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var slots = new SemaphoreSlim(parallel);
        await DatabaseCopier.AllAsync(open.Select(async pair =>
        {
            await slots.WaitAsync(stop.Token);
            try
            {
                await using var connection = await DatabaseCopier.OpenAsync(target, "target", stop.Token);
                await Catalog.ExecuteAsync(connection, "SET maintenance_work_mem = '256MB'", stop.Token);
                await RunAndMarkAsync(connection, pair.Position, pair.Statement, stop.Token);
                moved(1, 0);
            }
            finally
            {
                slots.Release();
            }
            return 0;
        }).ToList(), stop);
    }

    /// <summary>Makes everything else: foreign keys, views, triggers, comments, privileges, the values of sequences, and statistics for the planner.</summary>
    /// <param name="sequences">Statements that set the sequences.</param>
    /// <param name="cancellation">Ends it.</param>
    public async Task FinishAsync(IReadOnlyList<string> sequences, CancellationToken cancellation)
    {
        await using var to = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        var open = await CopyLedger.OpenStatementsAsync(to, SchemaStage.AfterRows, cancellation);
        await InOrderAsync(
            open, _ => false, pair => RunAndMarkAsync(to, pair.Position, pair.Statement, cancellation), () => Task.CompletedTask);
        foreach (var sequence in sequences)
            await Catalog.ExecuteAsync(to, sequence, cancellation);
        await Catalog.ExecuteAsync(to, "ANALYZE", cancellation);
    }

    /// <summary>Reads every table of the target again and compares it with what the source had at the time of the snapshot.</summary>
    /// <returns>The tables that differ, as sentences; empty when all agree.</returns>
    public async Task<IReadOnlyList<string>> VerifyAsync(CancellationToken cancellation, TableSelection? only = null)
    {
        await using var ledger = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        var expected = await CopyLedger.FinishedAsync(ledger, cancellation);
        var there = await TableHashes.ReadAsync(target, parallel, moved, cancellation, only);
        return TableHashes.Differences(expected.ToDictionary(pair => pair.Key, pair => pair.Value.Hash), there, "source", "target");
    }

    /// <summary>Removes the ledger: the copy is complete.</summary>
    public async Task CloseAsync(CancellationToken cancellation)
    {
        await using var to = await DatabaseCopier.OpenAsync(target, "target", cancellation);
        await CopyLedger.RemoveAsync(to, cancellation);
    }

    private static async Task RunAsync(NpgsqlConnection connection, SchemaStatement statement, CancellationToken cancellation)
    {
        try
        {
            await Catalog.ExecuteAsync(connection, statement.Sql, cancellation);
        }
        catch (PostgresException refused) when (!Missing.Contains(refused.SqlState) && !refused.IsTransient)
        {
            throw Refused(statement, refused);
        }
    }

    private static async Task RunAndMarkAsync(NpgsqlConnection connection, int position, SchemaStatement statement, CancellationToken cancellation)
    {
        await using var transaction = await connection.BeginTransactionAsync(cancellation);
        await RunAsync(connection, statement, cancellation);
        await CopyLedger.MarkAsync(connection, position, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>
    /// Runs everything; what misses a prerequisite is tried again after the others, as long as that helps. Returns what is left, if all of that can
    /// wait.
    /// </summary>
    private static async Task<List<T>> InOrderAsync<T>(IEnumerable<T> items, Predicate<T> canWait, Func<T, Task> run, Func<Task> undo)
    {
        var open = items.ToList();
        while (open.Count > 0)
        {
            var (postponed, problem) = (new List<T>(), (PostgresException?)null);
            foreach (var item in open)
            {
                try
                {
                    await run(item);
                }
                catch (PostgresException missing) when (Missing.Contains(missing.SqlState))
                {
                    await undo();
                    postponed.Add(item);
                    problem ??= missing;
                }
            }
            if (postponed.Count == open.Count && postponed.TrueForAll(canWait))
                return postponed;
            if (postponed.Count == open.Count)
                throw new OperationException($"{postponed.Count} parts of the schema cannot be made at the target, the first because {problem!.MessageText}", problem);
            open = postponed;
        }
        return [];
    }

    private static OperationException Refused(SchemaStatement statement, PostgresException refused) =>
        new($"the target refuses {statement.Kind} {statement.Name}: {refused.MessageText}{(refused.Detail is { Length: > 0 } detail ? $" ({detail})" : "")}", refused);
}
