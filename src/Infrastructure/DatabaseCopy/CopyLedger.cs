using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>A table whose rows are all at the target, and what they were at the source.</summary>
internal sealed record FinishedTable(string Name, ContentHash Hash);

/// <summary>
/// What an unfinished copy has done, in schema <c>platform_copy</c> of the target: the statements of the schema with those that ran, and the tables
/// whose rows are there. It commits together with what it records, and goes away when the copy is complete.
/// </summary>
internal static class CopyLedger
{
    private const string Create = """
        CREATE SCHEMA platform_copy;
        CREATE TABLE platform_copy.operation (id text NOT NULL);
        CREATE TABLE platform_copy.statements (
            position int PRIMARY KEY, stage int NOT NULL, kind text NOT NULL, name text NOT NULL, sql text NOT NULL, roles text[] NOT NULL, done boolean NOT NULL);
        CREATE TABLE platform_copy.tables (name text PRIMARY KEY, rows bigint NOT NULL, hash text NOT NULL);
        """;

    /// <summary>Id of the copy into this database that is not complete; null if there is none.</summary>
    public static async Task<string?> OperationAsync(NpgsqlConnection target, CancellationToken cancellation) =>
        await Catalog.ScalarAsync<bool>(target, "SELECT to_regclass('platform_copy.operation') IS NOT NULL", cancellation)
            ? await Catalog.ScalarAsync<string>(target, "SELECT id FROM platform_copy.operation", cancellation)
            : null;

    /// <summary>Makes the ledger with the statements, those before the rows marked as done. Runs in the caller's transaction.</summary>
    public static async Task BeginAsync(NpgsqlConnection target, string operation, IReadOnlyList<SchemaStatement> statements, CancellationToken cancellation)
    {
        await Catalog.ExecuteAsync(target, Create, cancellation);
        await using (var insert = new NpgsqlCommand("INSERT INTO platform_copy.operation VALUES ($1)", target) { Parameters = { new() { Value = operation } } })
            await insert.ExecuteNonQueryAsync(cancellation);
        await using var writer = await target.BeginBinaryImportAsync("COPY platform_copy.statements FROM STDIN (FORMAT binary)", cancellation);
        for (var n = 0; n < statements.Count; n++)
        {
            var statement = statements[n];
            await writer.WriteRowAsync(
                cancellation, n, (int)statement.Stage, statement.Kind, statement.Name, statement.Sql, statement.Roles.ToArray(), statement.Stage == SchemaStage.BeforeRows);
        }
        await writer.CompleteAsync(cancellation);
    }

    /// <summary>The statements of one stage that have not run, by position.</summary>
    public static Task<List<(int Position, SchemaStatement Statement)>> OpenStatementsAsync(NpgsqlConnection target, SchemaStage stage, CancellationToken cancellation) =>
        Catalog.RowsAsync(
            target, $"SELECT position, kind, name, sql, roles FROM platform_copy.statements WHERE stage = {(int)stage} AND NOT done ORDER BY position",
            row => (row.GetInt32(0), new SchemaStatement(stage, row.GetString(1), row.GetString(2), row.GetString(3), row.GetFieldValue<string[]>(4))), cancellation);

    public static Task MarkAsync(NpgsqlConnection target, int position, CancellationToken cancellation) =>
        Catalog.ExecuteAsync(target, $"UPDATE platform_copy.statements SET done = true WHERE position = {position}", cancellation);

    public static async Task<Dictionary<string, FinishedTable>> FinishedAsync(NpgsqlConnection target, CancellationToken cancellation) =>
        (await Catalog.RowsAsync(
            target, "SELECT name, rows, hash FROM platform_copy.tables",
            row => new FinishedTable(row.GetString(0), ContentHash.Parse(row.GetInt64(1), row.GetString(2))), cancellation)).ToDictionary(table => table.Name);

    public static Task FinishAsync(NpgsqlConnection target, FinishedTable table, CancellationToken cancellation) =>
        Catalog.ExecuteAsync(
            target, $"INSERT INTO platform_copy.tables VALUES ({SchemaReader.Literal(table.Name)}, {table.Hash.Rows}, '{table.Hash.Hex}') ON CONFLICT (name) DO UPDATE SET rows = excluded.rows, hash = excluded.hash",
            cancellation);

    /// <summary>Forgets a table, so that its rows are loaded again.</summary>
    public static Task ReopenAsync(NpgsqlConnection target, string name, CancellationToken cancellation) =>
        Catalog.ExecuteAsync(target, $"DELETE FROM platform_copy.tables WHERE name = {SchemaReader.Literal(name)}", cancellation);

    public static Task RemoveAsync(NpgsqlConnection target, CancellationToken cancellation) =>
        Catalog.ExecuteAsync(target, "DROP SCHEMA IF EXISTS platform_copy CASCADE", cancellation);
}
