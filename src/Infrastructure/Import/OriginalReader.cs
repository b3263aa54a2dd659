using System.Text.Json;
using Npgsql;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Infrastructure.Import;

/// <summary>A table of another system and what its columns mean.</summary>
/// <param name="Table">Its name, with schema if that is not public. A view will do.</param>
/// <param name="Key">Columns that identify a row and that rows are read in the order of.</param>
/// <param name="Columns">Field of this product → column; null for a field that the table does not have.</param>
public sealed record TableMapping(string Table, IReadOnlyList<string> Key, IReadOnlyDictionary<string, string?> Columns);

/// <summary>A table that was found.</summary>
/// <param name="Connection">Connection string of its database.</param>
/// <param name="Name">Quoted, with schema.</param>
/// <param name="Key">Quoted columns of the key, each with its type.</param>
/// <param name="Selection">The columns under the names of their fields.</param>
public sealed record FoundTable(string Connection, string Name, IReadOnlyList<(string Column, string Type)> Key, string Selection);

/// <summary>Reads the tables of another system, which may be in several databases. They are only read.</summary>
/// <param name="connections">Connection strings of its databases; a table is looked for in each, in this order.</param>
public sealed class OriginalReader(IReadOnlyList<string> connections)
{
    private const string ColumnsOfTable = """
        SELECT c.oid::regclass::text, a.attname::text, quote_ident(a.attname), format_type(a.atttypid, NULL)
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
        """;

    private const string FilledTables = """
        SELECT n.nspname::text, c.relname::text, c.oid::regclass::text
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1, 2
        """;

    /// <summary>Looks a table up; null when no database has it.</summary>
    /// <exception cref="OperationException">It lacks a column that the mapping names.</exception>
    public async Task<FoundTable?> FindAsync(string kind, TableMapping mapping, CancellationToken cancellation)
    {
        var (schema, table) = mapping.Table.Split('.', 2) is [var first, var second] ? (first, second) : ("public", mapping.Table);
        foreach (var connectionString in connections)
        {
            await using var connection = await DatabaseCopier.OpenAsync(connectionString, "source", cancellation);
            await using var command = new NpgsqlCommand(ColumnsOfTable, connection) { Parameters = { new() { Value = schema }, new() { Value = table } } };
            await using var reader = await command.ExecuteReaderAsync(cancellation);
            var (name, columns) = ("", new Dictionary<string, (string Quoted, string Type)>(StringComparer.Ordinal));
            while (await reader.ReadAsync(cancellation))
                (name, columns[reader.GetString(1)]) = (reader.GetString(0), (reader.GetString(2), reader.GetString(3)));
            if (columns.Count == 0)
                continue;
            foreach (var (field, column) in mapping.Columns.Select(pair => (pair.Key, pair.Value)).Concat(mapping.Key.Select(column => ("key", (string?)column))))
                if (column is not null && !columns.ContainsKey(column))
                    throw new OperationException($"table {name} of the source has no column {column}, which the mapping names for {kind}.{field}; correct the mapping, or write null for a field that is not there");
            var selected = mapping.Columns.Where(pair => pair.Value is not null).Select(pair => $"t.{columns[pair.Value!].Quoted} AS \"{pair.Key}\"");
            return new FoundTable(connectionString, name, [.. mapping.Key.Select(column => columns[column])], string.Join(", ", selected));
        }
        return null;
    }

    /// <summary>How many rows a table has.</summary>
    public static async Task<long> CountAsync(FoundTable table, CancellationToken cancellation)
    {
        await using var connection = await DatabaseCopier.OpenAsync(table.Connection, "source", cancellation);
        return await Catalog.ScalarAsync<long>(connection, $"SELECT count(*) FROM {table.Name}", cancellation);
    }

    /// <summary>The next rows in the order of their key.</summary>
    /// <param name="table">The table.</param>
    /// <param name="after">Key of the last row that was read, as <see cref="OldRow.Key"/> tells it; null to begin.</param>
    /// <param name="limit">Rows at most.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<IReadOnlyList<OldRow>> ReadAsync(FoundTable table, string? after, int limit, CancellationToken cancellation)
    {
        var keys = string.Join(", ", table.Key.Select(key => $"t.{key.Column}"));
        var position = after is null ? [] : JsonSerializer.Deserialize<string[]>(after)!;
        var where = after is null ? "" : $" WHERE ({keys}) > ({string.Join(", ", table.Key.Select((key, n) => $"(${n + 1}::text)::{key.Type}"))})";
        return await ReadAsync(table, $"{where} ORDER BY {keys} LIMIT {limit}", position, cancellation);
    }

    /// <summary>A name between quotation marks.</summary>
    public static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <summary>The rows that have one of these values in a column.</summary>
    /// <param name="column">Quoted, as <see cref="FoundTable"/> has it.</param>
    public static Task<IReadOnlyList<OldRow>> LookUpAsync(FoundTable table, string column, IReadOnlyCollection<string> values, CancellationToken cancellation) =>
        ReadAsync(table, $" WHERE t.{column}::text = ANY ($1)", [values.ToArray()], cancellation);

    /// <summary>Tables that hold rows and that the mapping does not name.</summary>
    public async Task<IReadOnlyList<string>> NotMappedAsync(IEnumerable<TableMapping> mapped, CancellationToken cancellation)
    {
        var known = mapped.Select(mapping => mapping.Table.Contains('.', StringComparison.Ordinal) ? mapping.Table : $"public.{mapping.Table}").ToHashSet(StringComparer.Ordinal);
        var names = new List<string>();
        foreach (var connectionString in connections)
        {
            await using var connection = await DatabaseCopier.OpenAsync(connectionString, "source", cancellation);
            foreach (var (schema, table, name) in await Catalog.RowsAsync(connection, FilledTables, row => (row.GetString(0), row.GetString(1), row.GetString(2)), cancellation))
                if (!known.Contains($"{schema}.{table}") && await Catalog.ScalarAsync<bool>(connection, $"SELECT EXISTS (SELECT FROM {name})", cancellation))
                    names.Add(name);
        }
        return names;
    }

    private static async Task<IReadOnlyList<OldRow>> ReadAsync(FoundTable table, string rest, object[] parameters, CancellationToken cancellation)
    {
        var keyTexts = string.Join(", ", table.Key.Select(key => $"t.{key.Column}::text"));
        var values = table.Selection.Length == 0 ? "'{}'" : $"(SELECT to_jsonb(r) FROM (SELECT {table.Selection}) AS r)";
        await using var connection = await DatabaseCopier.OpenAsync(table.Connection, "source", cancellation);
        // Times without a zone are UTC there, and are read as such.
        await Catalog.ExecuteAsync(connection, "SET TimeZone = 'UTC'", cancellation);
        await using var command = new NpgsqlCommand($"SELECT ARRAY[{keyTexts}], {values}::text FROM {table.Name} AS t{rest}", connection);
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        var rows = new List<OldRow>();
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            rows.Add(new OldRow(reader.GetFieldValue<string[]>(0), JsonDocument.Parse(reader.GetString(1)).RootElement));
        return rows;
    }
}
