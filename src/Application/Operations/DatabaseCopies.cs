using System.Text.Json.Serialization;
using Npgsql;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Application.Operations;

/// <summary>Which database is copied into which.</summary>
/// <param name="Source">Name of a database (<see cref="DataLocations"/>).</param>
/// <param name="Target">Name of another.</param>
/// <param name="Replace">Name of the target database on its server, if everything in it may be removed first.</param>
/// <param name="Parallel">Tables, parts of tables and indexes that are worked on at once.</param>
/// <param name="Tables">Tables whose rows are copied, with their schema, or only <see cref="DatabaseCopies.Critical"/>; null for all.</param>
/// <param name="LeavesForeignKeysOut">Whether foreign keys to tables that are not copied are left out, instead of preventing the copy.</param>
public sealed record DatabaseCopyRequest(
    string Source, string Target, string? Replace, int Parallel, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Tables = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] bool LeavesForeignKeysOut = false);

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
    /// <summary>Stands for the tables that the modules declare as never to be lost.</summary>
    public const string Critical = "critical";

    /// <summary>What would be moved and what would not survive it.</summary>
    public async Task<PreflightReport> PreflightAsync(string operation, DatabaseCopyRequest request, CancellationToken cancellation)
    {
        meter.Enter("compare source and target");
        return await (await CopierAsync(request, cancellation)).PreflightAsync(operation, request.Replace, cancellation).ExplainedAsync();
    }

    public async Task PrepareAsync(string operation, DatabaseCopyRequest request, CancellationToken cancellation)
    {
        meter.Enter("make tables");
        await (await CopierAsync(request, cancellation)).PrepareAsync(operation, request.Replace, cancellation).ExplainedAsync();
    }

    public async Task<CopiedRows> CopyRowsAsync(DatabaseCopyRequest request, long expectedBytes, CancellationToken cancellation)
    {
        meter.Begin("copy rows", expectedBytes);
        return await (await CopierAsync(request, cancellation)).CopyRowsAsync(cancellation).ExplainedAsync();
    }

    public async Task BuildIndexesAsync(DatabaseCopyRequest request, CancellationToken cancellation)
    {
        meter.Begin("build indexes");
        await (await CopierAsync(request, cancellation)).To.BuildIndexesAsync(cancellation).ExplainedAsync();
    }

    public async Task FinishAsync(DatabaseCopyRequest request, CancellationToken cancellation)
    {
        meter.Enter("make foreign keys, views and the rest");
        var copier = await CopierAsync(request, cancellation);
        await copier.To.FinishAsync(await copier.SequencesAsync(cancellation), cancellation).ExplainedAsync();
    }

    /// <summary>Compares the target's tables with what the source had. Empty when all agree.</summary>
    public async Task<IReadOnlyList<string>> VerifyAsync(DatabaseCopyRequest request, long expectedBytes, CancellationToken cancellation)
    {
        meter.Begin("verify", expectedBytes);
        return await (await CopierAsync(request, cancellation)).VerifyAsync(cancellation).ExplainedAsync();
    }

    public async Task CloseAsync(DatabaseCopyRequest request, CancellationToken cancellation) => await (await CopierAsync(request, cancellation)).To.CloseAsync(cancellation);

    /// <summary>The content of one database, by table: <c>rows:hash</c>.</summary>
    /// <param name="tables">The tables to read, as in <see cref="DatabaseCopyRequest"/>; null for all.</param>
    public async Task<IReadOnlyDictionary<string, ContentHash>> HashesAsync(string database, int parallel, IReadOnlyList<string>? tables, CancellationToken cancellation)
    {
        meter.Enter("read both databases");
        var selection = await SelectionAsync(database, tables, leavesForeignKeysOut: true, cancellation);
        return await TableHashes.ReadAsync(locations.Database(database), parallel, meter.Add, cancellation, selection);
    }

    private async Task<DatabaseCopier> CopierAsync(DatabaseCopyRequest request, CancellationToken cancellation) => new(
        locations.Database(request.Source), locations.Database(request.Target), request.Parallel, meter.Add,
        await SelectionAsync(request.Source, request.Tables, request.LeavesForeignKeysOut, cancellation));

    private async Task<TableSelection?> SelectionAsync(string database, IReadOnlyList<string>? tables, bool leavesForeignKeysOut, CancellationToken cancellation) => tables switch
    {
        null or [] => null,
        [Critical] => new TableSelection(await CriticalAsync(locations.Database(database), cancellation), leavesForeignKeysOut),
        _ => new TableSelection(tables, leavesForeignKeysOut),
    };

    /// <summary>The critical tables of the module whose database this is.</summary>
    private static async Task<IReadOnlyList<string>> CriticalAsync(string connectionString, CancellationToken cancellation)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        try
        {
            await connection.OpenAsync(cancellation);
        }
        catch (PostgresException refused) when (!refused.IsTransient)
        {
            throw new OperationException($"the database refuses the connection: {refused.MessageText}", refused);
        }
        foreach (var database in Modules.AppModules.All.SelectMany(module => module.Databases))
        {
            string[] critical = [.. database.CriticalTables()];
            await using var missing = new NpgsqlCommand("SELECT EXISTS (SELECT FROM unnest($1) AS name WHERE to_regclass(name) IS NULL)", connection) { Parameters = { new() { Value = critical } } };
            if (await missing.ExecuteScalarAsync(cancellation) is false)
                return critical;
        }
        throw new OperationException("'critical' means tables of this product, and this database is none of its databases, or has not the schema of this release; name the tables");
    }
}
