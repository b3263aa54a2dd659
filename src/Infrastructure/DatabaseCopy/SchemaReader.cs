using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>Reads a schema from the catalog as the statements that make it again. The server prints most of them itself (pg_get_indexdef and its kin).</summary>
internal static class SchemaReader
{
    private static readonly (SchemaStage Stage, string Query)[] Parts =
    [
        (SchemaStage.BeforeRows, "schemas"), (SchemaStage.BeforeRows, "extensions"), (SchemaStage.BeforeRows, "types"), (SchemaStage.BeforeRows, "functions"),
        (SchemaStage.BeforeRows, "sequences"), (SchemaStage.BeforeRows, "tables"),
        (SchemaStage.Indexes, "constraints"), (SchemaStage.Indexes, "indexes"),
        (SchemaStage.AfterRows, "index-details"), (SchemaStage.AfterRows, "views"), (SchemaStage.AfterRows, "foreign-keys"), (SchemaStage.AfterRows, "triggers"),
        (SchemaStage.AfterRows, "comments"),
    ];

    /// <summary>The schema as it is in the current transaction of <paramref name="connection"/>.</summary>
    public static async Task<DatabaseSchema> ReadAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var statements = new List<SchemaStatement>();
        foreach (var (stage, query) in Parts)
            statements.AddRange(await Catalog.RowsAsync(
                connection, Catalog.Query(query), row => new SchemaStatement(StageOf(stage, row.GetString(0)), row.GetString(0), row.GetString(1), row.GetString(2), []), cancellation));
        statements.AddRange(await Catalog.RowsAsync(
            connection, Catalog.Query("privileges"),
            row => new SchemaStatement(SchemaStage.AfterRows, row.GetString(1), row.GetString(2), row.GetString(3), row.GetFieldValue<string[]>(0)), cancellation));
        return new DatabaseSchema(statements, await RelationsAsync(connection, cancellation));
    }

    /// <summary>The tables that hold rows, largest first.</summary>
    public static async Task<List<Relation>> RelationsAsync(NpgsqlConnection connection, CancellationToken cancellation, TableSelection? tables = null)
    {
        var all = await Catalog.RowsAsync(connection, Catalog.Query("relations"), row => new Relation(
            row.GetString(1), row.GetInt64(4), row.GetInt64(5), row.GetFieldValue<string[]>(7), row.GetBoolean(8)), cancellation);
        if (tables is null)
            return all;
        var selected = (await tables.FindAsync(connection, cancellation)).Relations;
        return [.. all.Where(relation => selected.Contains(relation.Name))];
    }

    /// <summary>Statements that set every sequence to where it stands now. Sequences know no snapshot: read them last.</summary>
    public static async Task<List<string>> SequenceStatementsAsync(NpgsqlConnection connection, CancellationToken cancellation)
    {
        var names = await Catalog.RowsAsync(connection, Catalog.Query("sequence-values"), row => row.GetString(0), cancellation);
        if (names.Count == 0)
            return [];
        var query = string.Join(" UNION ALL ", names.Select(name => $"SELECT {Literal(name)}, last_value, is_called FROM {name}"));
        return await Catalog.RowsAsync(
            connection, query, row => $"SELECT pg_catalog.setval({Literal(row.GetString(0))}, {row.GetInt64(1)}, {(row.GetBoolean(2) ? "true" : "false")})", cancellation);
    }

    internal static string Literal(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    // An index of a materialized view needs the view, which may need functions, keys and other views.
    private static SchemaStage StageOf(SchemaStage stage, string kind) => kind == "view index" ? SchemaStage.AfterRows : stage;
}
