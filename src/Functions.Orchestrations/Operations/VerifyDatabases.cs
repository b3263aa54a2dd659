using System.Text.Json.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>Compares the rows of two databases, table by table. Neither is changed.</summary>
public static class VerifyDatabases
{
    [Function(nameof(VerifyDatabases))]
    public static async Task<DatabaseComparison> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var request = context.GetInput<DatabaseComparisonRequest>()!;
        context.SetCustomStatus("read both databases");
        var sides = await Task.WhenAll(new[] { request.First, request.Second }.Select(database =>
            context.CallActivityAsync<Dictionary<string, TableContent>>(nameof(VerifyDatabasesActivities.ReadTables), new TablesToRead(database, request.Parallel, request.Tables), OperationRetry.Standard)));
        var (first, second) = (Hashes(sides[0]), Hashes(sides[1]));
        return new DatabaseComparison(first.Count, first.Values.Sum(hash => hash.Rows), TableHashes.Differences(first, second, "first", "second"));
    }

    private static Dictionary<string, ContentHash> Hashes(Dictionary<string, TableContent> side) =>
        side.ToDictionary(pair => pair.Key, pair => ContentHash.Parse(pair.Value.Rows, pair.Value.Hash), StringComparer.Ordinal);
}

/// <param name="First">Name of a database.</param>
/// <param name="Second">Name of another.</param>
/// <param name="Parallel">Tables of each that are read at once.</param>
/// <param name="Tables">The tables to compare, as in <see cref="DatabaseCopyRequest"/>; null for all.</param>
public sealed record DatabaseComparisonRequest(
    string First, string Second, int Parallel, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Tables = null);

/// <summary>How two databases compare.</summary>
/// <param name="Tables">Tables of the first.</param>
/// <param name="Rows">Rows of the first.</param>
/// <param name="Differences">One sentence for each table that differs.</param>
public sealed record DatabaseComparison(int Tables, long Rows, IReadOnlyList<string> Differences);

public sealed record TablesToRead(string Database, int Parallel, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? Tables = null);

/// <summary>Rows of a table and the hash of their content, 32 hexadecimal digits.</summary>
public sealed record TableContent(long Rows, string Hash);

public sealed class VerifyDatabasesActivities(DatabaseCopies copies)
{
    [Function(nameof(ReadTables))]
    public async Task<Dictionary<string, TableContent>> ReadTables([ActivityTrigger] TablesToRead tables, CancellationToken cancellation) =>
        (await copies.HashesAsync(tables.Database, tables.Parallel, tables.Tables, cancellation)).ToDictionary(pair => pair.Key, pair => new TableContent(pair.Value.Rows, pair.Value.Hex));
}
