using System.Diagnostics;
using Npgsql;
using VisionPlatform.Functions.Embedded.Tests;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

/// <summary>A database of a test, and what the tools of PostgreSQL say about it.</summary>
internal sealed record TestDatabase(string Url)
{
    private const string Bin = "/usr/lib/postgresql/15/bin/";

    public string Connection => PostgresServer.KeyValue(Url);

    public string Name => new Uri(Url).AbsolutePath.Trim('/');

    public static async Task<TestDatabase> NewAsync(PostgresServer postgres) => new(await postgres.NewDatabaseAsync());

    /// <summary>A database with every type and kind of object that people have: every-type.sql.</summary>
    public static async Task<TestDatabase> WithEveryTypeAsync(PostgresServer postgres)
    {
        var database = await NewAsync(postgres);
        // By psql, which commits each statement.
        await RunAsync("psql", "-qX", "-v", "ON_ERROR_STOP=1", "-f", Path.Combine(AppContext.BaseDirectory, "DatabaseCopy", "every-type.sql"), database.Url);
        return database;
    }

    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(Connection);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>What pg_dump writes: schema, rows, sequences, large objects, privileges.</summary>
    public async Task<string> DumpAsync()
    {
        var text = await RunAsync("pg_dump", Url);
        // Newer releases write a random word that restricts what psql runs.
        return string.Join('\n', text.Split('\n').Where(line => !line.Contains("restrict ", StringComparison.Ordinal)));
    }

    /// <summary>Every row of every table as psql prints it, by table.</summary>
    public async Task<string> RowsAsync()
    {
        const string tables = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.objid = c.oid AND e.deptype = 'e') ORDER BY c.oid::regclass::text COLLATE \"C\"";
        var text = new System.Text.StringBuilder();
        foreach (var table in (await RunAsync("psql", "-qXAt", "-c", tables, Url)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            text.AppendLine(table).Append(await RunAsync("psql", "-qXAt", "-c", $"SELECT t::text FROM ONLY {table} AS t ORDER BY t::text COLLATE \"C\"", Url));
        return text.ToString();
    }

    /// <summary>Kinds and names of everything that the schema consists of, with the definitions that the server prints.</summary>
    public Task<string> ObjectsAsync() => RunAsync("psql", "-qXAt", "-c", """
        SELECT * FROM (
        SELECT 'column', attrelid::regclass::text, attname::text, concat(format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated) FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND attrelid >= 16384
        UNION ALL SELECT 'index', indexrelid::regclass::text, '', pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid >= 16384
        UNION ALL SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE oid >= 16384
        UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid) FROM pg_trigger WHERE oid >= 16384 AND NOT tgisinternal
        UNION ALL SELECT 'view', c.oid::regclass::text, '', pg_get_viewdef(c.oid) FROM pg_class c WHERE relkind IN ('v', 'm') AND oid >= 16384
        UNION ALL SELECT 'function', p.oid::regprocedure::text, '', md5(prosrc) FROM pg_proc p WHERE oid >= 16384
        ) AS all_of (kind, object, name, definition) WHERE object !~ '^pg_toast' ORDER BY 1, 2, 3, 4
        """, Url);

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(Bin + program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await error);
        return output;
    }
}
