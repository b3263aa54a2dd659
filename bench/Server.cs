using Npgsql;

namespace VisionPlatform.Bench;

/// <summary>The PostgreSQL server that the entry script has started for this run (<c>BENCH_DATABASE_URL</c>, <c>BENCH_POSTGRES_BIN</c>).</summary>
internal sealed class Server
{
    private readonly string _url;

    private Server(string url, string programs) => (_url, Programs) = (url, programs);

    /// <summary>The folder of pgbench.</summary>
    public string Programs { get; }

    public static Server FromEnvironment() => new(Required("BENCH_DATABASE_URL"), Required("BENCH_POSTGRES_BIN"));

    public string ConnectionStringTo(string database)
    {
        var url = new Uri(_url);
        string[] user = url.UserInfo.Split(':', 2);
        return new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.Port,
            Username = user[0],
            Password = user[1],
            Database = database,
        }.ConnectionString;
    }

    /// <summary>Creates an empty database and returns its connection string.</summary>
    public async Task<string> NewDatabaseAsync(string name, CancellationToken cancellation)
    {
        // Another scenario of this run may have had a database of this name, whose connections end with it.
        NpgsqlConnection.ClearAllPools();
        await using NpgsqlDataSource server = NpgsqlDataSource.Create(ConnectionStringTo("postgres"));
        await using (NpgsqlCommand drop = server.CreateCommand($"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            await drop.ExecuteNonQueryAsync(cancellation);
        await using (NpgsqlCommand create = server.CreateCommand($"CREATE DATABASE {name}"))
            await create.ExecuteNonQueryAsync(cancellation);
        return ConnectionStringTo(name);
    }

    private static string Required(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value
        ? value
        : throw new BenchArgumentException($"{name} is not set: start this by ./platform bench.");
}
