using Npgsql;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Infrastructure.Backups;

/// <summary>Databases beside another one on its server: to restore into, and to take its place.</summary>
public static class SideDatabases
{
    /// <summary>The connection string of another database on the same server.</summary>
    public static string Beside(string connectionString, string name) => new NpgsqlConnectionStringBuilder(connectionString) { Database = name }.ConnectionString;

    public static string NameOf(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Database ?? "";

    /// <summary>Makes an empty database like <paramref name="connectionString"/>'s in encoding and order of text, unless it is there.</summary>
    public static Task CreateAsync(string connectionString, string name, CancellationToken cancellation) => OnServerAsync(connectionString, async server =>
    {
        if (await Catalog.ScalarAsync<bool>(server, $"SELECT EXISTS (SELECT FROM pg_database WHERE datname = {SchemaReader.Literal(name)})", cancellation))
            return;
        const string like = """
            SELECT format('ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), datcollate, datctype) FROM pg_database WHERE datlocprovider = 'c' AND datname =
            """;
        var options = await Catalog.ScalarAsync<string>(server, $"{like} {SchemaReader.Literal(NameOf(connectionString))}", cancellation);
        await Catalog.ExecuteAsync(server, $"CREATE DATABASE {Quoted(name)} TEMPLATE template0 {options}", cancellation);
    }, cancellation);

    /// <summary>Removes a database with its connections. Succeeds if there is none.</summary>
    public static Task DropAsync(string connectionString, string name, CancellationToken cancellation) =>
        OnServerAsync(connectionString, server => Catalog.ExecuteAsync(server, $"DROP DATABASE IF EXISTS {Quoted(name)} WITH (FORCE)", cancellation), cancellation);

    /// <summary>
    /// Gives a database the name of another, which keeps its rows under the name <paramref name="former"/>. Connections to both are closed. Can be
    /// repeated.
    /// </summary>
    public static Task SwapAsync(string connectionString, string beside, string former, CancellationToken cancellation) => OnServerAsync(connectionString, async server =>
    {
        var name = NameOf(connectionString);
        async Task<bool> ExistsAsync(string database) =>
            await Catalog.ScalarAsync<bool>(server, $"SELECT EXISTS (SELECT FROM pg_database WHERE datname = {SchemaReader.Literal(database)})", cancellation);
        if (await ExistsAsync(name) && !await ExistsAsync(former))
            await RenameAsync(server, name, former, cancellation);
        if (!await ExistsAsync(beside))
            return;
        try
        {
            await RenameAsync(server, beside, name, cancellation);
        }
        catch
        {
            // Better the old rows under the name than no database.
            if (!await ExistsAsync(name))
                await RenameAsync(server, former, name, CancellationToken.None);
            throw;
        }
    }, cancellation);

    /// <summary>A database cannot be renamed while somebody is connected, so new connections are refused for that moment and the others ended.</summary>
    private static async Task RenameAsync(NpgsqlConnection server, string from, string to, CancellationToken cancellation)
    {
        await Catalog.ExecuteAsync(server, $"ALTER DATABASE {Quoted(from)} ALLOW_CONNECTIONS false", cancellation);
        try
        {
            await Catalog.ExecuteAsync(server, $"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = {SchemaReader.Literal(from)}", cancellation);
            await Catalog.ExecuteAsync(server, $"ALTER DATABASE {Quoted(from)} RENAME TO {Quoted(to)}", cancellation);
        }
        catch
        {
            await Catalog.ExecuteAsync(server, $"ALTER DATABASE {Quoted(from)} ALLOW_CONNECTIONS true", CancellationToken.None);
            throw;
        }
        await Catalog.ExecuteAsync(server, $"ALTER DATABASE {Quoted(to)} ALLOW_CONNECTIONS true", cancellation);
    }

    private static async Task OnServerAsync(string connectionString, Func<NpgsqlConnection, Task> work, CancellationToken cancellation)
    {
        await using var server = await DatabaseCopier.OpenAsync(Beside(connectionString, "postgres"), "server", cancellation);
        try
        {
            await work(server);
        }
        catch (PostgresException refused) when (refused.SqlState == PostgresErrorCodes.InsufficientPrivilege)
        {
            throw new OperationException($"the user may not do this on the server: {refused.MessageText}", refused);
        }
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
