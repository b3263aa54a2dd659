using System.Collections.Concurrent;
using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>The queries of this folder, each a file in <c>Sql</c>, and the sessions that they need.</summary>
internal static class Catalog
{
    private static readonly ConcurrentDictionary<string, string> Queries = new();

    /// <summary>
    /// Names are written with their schema, times and numbers in one form, no limit of time applies, and row security is an error instead of a
    /// silently smaller result. Tables are read from their beginning, also while somebody else reads them, so that a copy has its rows in the same order.
    /// </summary>
    private const string SessionSettings = """
        SET search_path = '';
        SET row_security = off;
        SET synchronize_seqscans = off;
        SET statement_timeout = 0;
        SET lock_timeout = 0;
        SET idle_in_transaction_session_timeout = 0;
        SET check_function_bodies = off;
        """;

    /// <summary>Under which the server lists the sessions of operations.</summary>
    private const string ApplicationName = "vision-platform operation";

    /// <summary>
    /// Ends sessions of an earlier run that still write to a table. When the network goes silent the server does not notice that its client is gone,
    /// and such a session would keep the table locked for hours.
    /// </summary>
    public static Task EndWritersAsync(NpgsqlConnection target, string table, CancellationToken cancellation) => ExecuteAsync(
        target,
        $"""
        SELECT pg_terminate_backend(a.pid, 10000)
          FROM pg_stat_activity a
         WHERE a.pid <> pg_backend_pid() AND a.datname = current_database() AND a.usename = current_user AND a.application_name = '{ApplicationName}'
           AND EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid AND l.relation = {SchemaReader.Literal(table)}::regclass AND l.mode IN ('RowExclusiveLock', 'AccessExclusiveLock'))
        """,
        cancellation);

    /// <summary>The text of one query.</summary>
    public static string Query(string name) => Queries.GetOrAdd(name, static name =>
    {
        var path = $"DatabaseCopy/Sql/{name}.sql";
        using var file = typeof(Catalog).Assembly.GetManifestResourceStream(path) ?? throw new InvalidOperationException($"The SQL file {path} is missing.");
        return new StreamReader(file).ReadToEnd();
    });

    /// <summary>Opens a connection for an operation.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="patience">How long a statement may wait for the server; null for statements that may take hours, such as CREATE INDEX.</param>
    public static async Task<NpgsqlConnection> OpenAsync(string connectionString, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { ApplicationName = ApplicationName, Pooling = false, CommandTimeout = patience is { } limit ? (int)Math.Ceiling(limit.TotalSeconds) : 0, ReadBufferSize = 1 << 17, WriteBufferSize = 1 << 17, KeepAlive = 30 }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellation);
            await ExecuteAsync(connection, SessionSettings, cancellation);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    public static async Task<T?> ScalarAsync<T>(NpgsqlConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellation) is T value ? value : default;
    }

    /// <summary>All rows of a query, read by <paramref name="read"/>.</summary>
    public static async Task<List<T>> RowsAsync<T>(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        var rows = new List<T>();
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            rows.Add(read(reader));
        return rows;
    }
}
