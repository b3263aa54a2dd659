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
