using System.Collections.Concurrent;
using Npgsql;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>
/// Copies a database into another, step by step; each step can be repeated. The rows of a table appear at the target all at once. An interrupted copy
/// goes on where it was: the target holds a ledger of what is done (<see cref="CopyLedger"/>).
/// </summary>
/// <param name="source">Connection string of the database to copy. It is only read.</param>
/// <param name="target">Connection string of the database that receives the copy.</param>
/// <param name="parallel">Tables, parts of tables and indexes that are worked on at once.</param>
/// <param name="moved">Told of finished tables and of bytes that went through.</param>
/// <param name="tables">The tables whose rows are copied; null for all.</param>
public sealed class DatabaseCopier(string source, string target, int parallel, Action<long, long> moved, TableSelection? tables = null)
{
    /// <summary>A table above this size is read and written in several parts at once.</summary>
    private const long PartBytes = 64 << 20;

    private const int BlockBytes = 8192;

    /// <summary>How long the rows of a table may not move before the connection counts as dead.</summary>
    public TimeSpan Patience { get; init; } = CopyStreams.Patience;

    /// <summary>The side that receives the copy.</summary>
    public CopyTarget To { get; } = new(target, parallel, moved);

    /// <summary>What would be moved, and what would not survive it.</summary>
    public async Task<PreflightReport> PreflightAsync(string operation, string? replace, CancellationToken cancellation)
    {
        await using var from = await OpenAsync(source, "source", cancellation);
        await using var to = await OpenAsync(target, "target", cancellation);
        var report = await Preflight.RunAsync(from, to, replace, tables, cancellation);
        return await CopyLedger.OperationAsync(to, cancellation) is { } other && other != operation && replace is null
            ? report with { Findings = [new PreflightFinding(true, $"the target holds the unfinished copy {other}; go on with it, or give --replace {to.Database}"), .. report.Findings] }
            : report;
    }

    /// <summary>Makes the tables at the target, without indexes and foreign keys. All or nothing.</summary>
    public async Task PrepareAsync(string operation, string? replace, CancellationToken cancellation)
    {
        await using var from = await OpenAsync(source, "source", cancellation);
        if (await To.IsPreparedAsync(operation, cancellation))
            return;
        await using var to = await OpenAsync(target, "target", cancellation);
        // The preflight was some time ago.
        var findings = (await Preflight.RunAsync(from, to, replace, tables, cancellation)).Findings;
        if (findings.FirstOrDefault(finding => finding.IsBlocking) is { } blocking)
            throw new OperationException(blocking.Message);
        await Catalog.ExecuteAsync(from, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", cancellation);
        var cut = tables is null ? [] : (await tables.FindAsync(from, cancellation)).Cut.Select(key => key.Name).ToHashSet(StringComparer.Ordinal);
        var statements = (await SchemaReader.ReadAsync(from, cancellation)).Statements;
        await To.PrepareAsync(operation, [.. statements.Where(statement => statement.Kind != "foreign key" || !cut.Contains(statement.Name))], cancellation);
    }

    /// <summary>
    /// Copies the rows of all tables as they are at one point in time. Tables that an earlier run finished are read again at the source and kept if
    /// they are still the same.
    /// </summary>
    /// <returns>Rows and bytes at the target.</returns>
    public async Task<CopiedRows> CopyRowsAsync(CancellationToken cancellation)
    {
        await using var snapshot = await SourceSnapshot.TakeAsync(source, parallel, cancellation, tables, Patience);
        await using var ledger = await OpenAsync(target, "target", cancellation, Patience);
        var finished = await CopyLedger.FinishedAsync(ledger, cancellation);
        var relations = await SchemaReader.RelationsAsync(snapshot.Main, cancellation, tables);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var work = relations.Select(relation => CopyTableAsync(snapshot, relation, finished.GetValueOrDefault(relation.Name), stop.Token)).ToList();
        if (tables is null)
            work.Add(CopyLargeObjectsAsync(snapshot, stop.Token));
        var hashes = await AllAsync(work, stop);
        return new CopiedRows(relations.Count, hashes.Aggregate(default(ContentHash), (left, right) => left + right).Rows, relations.Sum(relation => relation.Bytes), snapshot.Position);
    }

    /// <summary>Reads the copied tables of the target again and compares them with what the source had at the time of the snapshot.</summary>
    /// <returns>The tables that differ, as sentences; empty when all agree.</returns>
    public Task<IReadOnlyList<string>> VerifyAsync(CancellationToken cancellation) => To.VerifyAsync(cancellation, tables);

    /// <summary>Statements that set every sequence to where it stands at the source now.</summary>
    public async Task<List<string>> SequencesAsync(CancellationToken cancellation)
    {
        await using var from = await OpenAsync(source, "source", cancellation);
        return await SchemaReader.SequenceStatementsAsync(from, cancellation);
    }

    internal static async Task<NpgsqlConnection> OpenAsync(string connectionString, string which, CancellationToken cancellation, TimeSpan? patience = null)
    {
        try
        {
            return await Catalog.OpenAsync(connectionString, cancellation, patience);
        }
        catch (PostgresException refused) when (refused.SqlState is not (PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.TooManyConnections))
        {
            throw new OperationException($"the {which} refuses the connection: {refused.MessageText}", refused);
        }
    }

    private async Task<ContentHash> CopyTableAsync(SourceSnapshot snapshot, Relation relation, FinishedTable? finished, CancellationToken cancellation)
    {
        if (finished is not null && finished.Hash == await snapshot.ReadAsync(
            relation, reader => CopyStreams.ReadAsync(reader, relation.CopyOut, relation.IsText, null, _ => { }, cancellation, Patience), cancellation))
        {
            moved(1, relation.Bytes);
            return finished.Hash;
        }
        var hash = relation.HeapBytes > PartBytes && parallel > 1 && relation.Columns.Count > 0
            ? await CopyInPartsAsync(snapshot, relation, cancellation)
            : await CopyWholeAsync(snapshot, relation, cancellation);
        moved(1, 0);
        return hash;
    }

    private Task<ContentHash> CopyWholeAsync(SourceSnapshot snapshot, Relation relation, CancellationToken cancellation) => snapshot.ReadAsync(
        relation, async reader =>
        {
            await using var to = await OpenAsync(target, "target", cancellation, Patience);
            await Catalog.EndWritersAsync(to, relation.Name, cancellation);
            await using var transaction = await to.BeginTransactionAsync(cancellation);
            await Catalog.ExecuteAsync(to, $"TRUNCATE ONLY {relation.Name}", cancellation);
            var hash = await CopyStreams.PipeAsync(reader, relation.CopyOut, to, relation.CopyIn(freeze: true), relation.IsText, Count, cancellation, Patience);
            await CopyLedger.FinishAsync(to, new FinishedTable(relation.Name, hash), cancellation);
            await transaction.CommitAsync(cancellation);
            return hash;
        },
        cancellation);

    /// <summary>
    /// Each part has its own transaction, and all commit when the last part is loaded. A crash between these commits leaves rows, but no entry in the
    /// ledger: the next run empties the table first.
    /// </summary>
    private async Task<ContentHash> CopyInPartsAsync(SourceSnapshot snapshot, Relation relation, CancellationToken cancellation)
    {
        await using var ledger = await OpenAsync(target, "target", cancellation, Patience);
        await CopyLedger.ReopenAsync(ledger, relation.Name, cancellation);
        await Catalog.EndWritersAsync(ledger, relation.Name, cancellation);
        await Catalog.ExecuteAsync(ledger, $"TRUNCATE ONLY {relation.Name}", cancellation);
        var blocks = relation.HeapBytes / BlockBytes;
        var writers = new ConcurrentBag<NpgsqlConnection>();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            var parts = await AllAsync(Enumerable.Range(0, parallel).Select(part => snapshot.ReadAsync(
                relation, async reader =>
                {
                    var to = await OpenAsync(target, "target", stop.Token, Patience);
                    writers.Add(to);
                    await Catalog.ExecuteAsync(to, "BEGIN", stop.Token);
                    var copyOut = relation.CopyOutBlocks(blocks * part / parallel, part == parallel - 1 ? null : blocks * (part + 1) / parallel);
                    return await CopyStreams.PipeAsync(reader, copyOut, to, relation.CopyIn(freeze: false), relation.IsText, Count, stop.Token, Patience);
                },
                stop.Token)).ToList(), stop);
            foreach (var to in writers)
                await Catalog.ExecuteAsync(to, "COMMIT", cancellation);
            var hash = parts.Aggregate((left, right) => left + right);
            await CopyLedger.FinishAsync(ledger, new FinishedTable(relation.Name, hash), cancellation);
            return hash;
        }
        finally
        {
            foreach (var to in writers)
                await to.DisposeAsync();
        }
    }

    /// <summary>Large objects keep their ids, and their owners where the target has the roles.</summary>
    private Task<ContentHash> CopyLargeObjectsAsync(SourceSnapshot snapshot, CancellationToken cancellation) => snapshot.ReadAsync(
        async reader =>
        {
            await using var to = await OpenAsync(target, "target", cancellation);
            await LargeObjects.CopyAsync(reader, to, Count, cancellation);
            return default(ContentHash);
        },
        cancellation);

    private void Count(long bytes) => moved(0, bytes);

    /// <summary>Waits for all. The first failure stops the others, and is what is thrown when they have ended.</summary>
    internal static async Task<T[]> AllAsync<T>(List<Task<T>> work, CancellationTokenSource stop)
    {
        var open = work.ToList<Task>();
        Exception? failure = null;
        while (open.Count > 0)
        {
            var ended = await Task.WhenAny(open);
            open.Remove(ended);
            if (ended.IsCompletedSuccessfully)
                continue;
            failure ??= ended.Exception?.InnerException;
            await stop.CancelAsync();
        }
        if (failure is not null)
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        return await Task.WhenAll(work);
    }
}

/// <summary>What was copied.</summary>
/// <param name="Position">Position in the source's write-ahead log at the snapshot.</param>
public sealed record CopiedRows(int Tables, long Rows, long Bytes, string Position);
