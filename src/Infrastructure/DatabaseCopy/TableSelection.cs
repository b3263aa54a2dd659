using Npgsql;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>Which tables' rows are copied. The others are made too, and stay empty, so that the schema is complete.</summary>
/// <param name="Names">Tables, each with its schema; a partitioned table stands for its partitions.</param>
/// <param name="LeavesForeignKeysOut">Whether foreign keys from these tables to others are not made. Otherwise they prevent the copy.</param>
public sealed record TableSelection(IReadOnlyList<string> Names, bool LeavesForeignKeysOut)
{
    /// <summary>Finds the tables in a database.</summary>
    /// <exception cref="OperationException">A name is no table there.</exception>
    internal async Task<SelectedTables> FindAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        string[] quoted = [.. await QuotedAsync(connection, cancellation)];
        await using var command = new NpgsqlCommand(Catalog.Query("selected-tables"), connection) { Parameters = { new() { Value = quoted } } };
        var (rows, all) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        await using (var reader = await command.ExecuteReaderAsync(cancellation))
        {
            while (await reader.ReadAsync(cancellation))
            {
                all.Add(reader.GetString(0));
                if (reader.GetBoolean(1))
                    rows.Add(reader.GetString(0));
            }
        }
        if (quoted.FirstOrDefault(name => !all.Contains(name)) is { } other)
            throw new OperationException($"{other} is no table that holds rows");
        var cut = (await Catalog.RowsAsync(connection, Catalog.Query("foreign-key-ends"), row => (row.GetString(0), row.GetString(1), row.GetString(2)), cancellation))
            .Where(key => all.Contains(key.Item2) && !all.Contains(key.Item3)).Select(key => new CutForeignKey(key.Item1, key.Item3)).ToList();
        return new SelectedTables(rows, cut);
    }

    private async Task<List<string>> QuotedAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        const string resolve = "SELECT n, to_regclass(n)::text FROM unnest($1) AS n";
        await using var command = new NpgsqlCommand(resolve, connection) { Parameters = { new() { Value = Names.ToArray() } } };
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        var names = new List<string>();
        while (await reader.ReadAsync(cancellation))
            names.Add(reader.IsDBNull(1) ? throw new OperationException($"there is no table {reader.GetString(0)}; write each table with its schema: public.users") : reader.GetString(1));
        return names;
    }
}

/// <summary>A foreign key of a table that is copied to one that is not.</summary>
/// <param name="Name">With its table.</param>
/// <param name="To">The table that it refers to.</param>
internal sealed record CutForeignKey(string Name, string To);

/// <param name="Relations">Tables and leaf partitions whose rows are copied.</param>
/// <param name="Cut">Foreign keys that would refer to nothing.</param>
internal sealed record SelectedTables(IReadOnlySet<string> Relations, IReadOnlyList<CutForeignKey> Cut);
