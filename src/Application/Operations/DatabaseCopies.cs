using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Application.Operations;

/// <summary>Which database is copied into which.</summary>
/// <param name="Source">Name of a database (<see cref="DataLocations"/>).</param>
/// <param name="Target">Name of another.</param>
/// <param name="Replace">Name of the target database on its server, if everything in it may be removed first.</param>
/// <param name="Parallel">Tables, parts of tables and indexes that are worked on at once.</param>
public sealed record DatabaseCopyRequest(string Source, string Target, string? Replace, int Parallel);

/// <summary>What a copy did.</summary>
/// <param name="Tables">Tables that hold rows.</param>
/// <param name="Rows">Rows copied.</param>
/// <param name="Bytes">Size of the tables at the source, without indexes.</param>
/// <param name="Position">The point in time: a position in the source's write-ahead log.</param>
/// <param name="Warnings">What did not survive the copy.</param>
public sealed record DatabaseCopyReport(int Tables, long Rows, long Bytes, string Position, IReadOnlyList<string> Warnings);

/// <summary>The steps of copying a database. Each can be repeated, and an interrupted one goes on.</summary>
public sealed class DatabaseCopies(DataLocations locations, OperationMeter meter)
{
    /// <summary>What would be moved and what would not survive it.</summary>
    public Task<PreflightReport> PreflightAsync(string operation, DatabaseCopyRequest request, CancellationToken cancellation)
    {
        meter.Enter("compare source and target");
        return Copier(request).PreflightAsync(operation, request.Replace, cancellation).ExplainedAsync();
    }

    public Task PrepareAsync(string operation, DatabaseCopyRequest request, CancellationToken cancellation)
    {
        meter.Enter("make tables");
        return Copier(request).PrepareAsync(operation, request.Replace, cancellation).ExplainedAsync();
    }

    public async Task<CopiedRows> CopyRowsAsync(DatabaseCopyRequest request, long expectedBytes, CancellationToken cancellation)
    {
        meter.Begin("copy rows", expectedBytes);
        return await Copier(request).CopyRowsAsync(cancellation).ExplainedAsync();
    }

    public async Task BuildIndexesAsync(DatabaseCopyRequest request, CancellationToken cancellation)
    {
        meter.Begin("build indexes");
        await Copier(request).To.BuildIndexesAsync(cancellation).ExplainedAsync();
    }

    public async Task FinishAsync(DatabaseCopyRequest request, CancellationToken cancellation)
    {
        meter.Enter("make foreign keys, views and the rest");
        var copier = Copier(request);
        await copier.To.FinishAsync(await copier.SequencesAsync(cancellation), cancellation).ExplainedAsync();
    }

    /// <summary>Compares the target's tables with what the source had. Empty when all agree.</summary>
    public async Task<IReadOnlyList<string>> VerifyAsync(DatabaseCopyRequest request, long expectedBytes, CancellationToken cancellation)
    {
        meter.Begin("verify", expectedBytes);
        return await Copier(request).To.VerifyAsync(cancellation).ExplainedAsync();
    }

    public Task CloseAsync(DatabaseCopyRequest request, CancellationToken cancellation) => Copier(request).To.CloseAsync(cancellation);

    /// <summary>The content of one database, by table: <c>rows:hash</c>.</summary>
    public async Task<IReadOnlyDictionary<string, ContentHash>> HashesAsync(string database, int parallel, CancellationToken cancellation)
    {
        meter.Enter("read both databases");
        return await TableHashes.ReadAsync(locations.Database(database), parallel, meter.Add, cancellation);
    }

    private DatabaseCopier Copier(DatabaseCopyRequest request) =>
        new(locations.Database(request.Source), locations.Database(request.Target), request.Parallel, meter.Add);
}
