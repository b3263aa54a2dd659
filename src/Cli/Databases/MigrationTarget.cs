using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli.Databases;

/// <summary>One database and the context whose migrations belong to it.</summary>
internal sealed record MigrationTarget(string Name, string ConnectionString, Func<NpgsqlConnection, DbContext> OpenContext)
{
    public string Database { get; } = new NpgsqlConnectionStringBuilder(ConnectionString).Database ?? "";

    /// <summary>Host and port, without user or password.</summary>
    public string Server { get; } = ServerOf(new NpgsqlConnectionStringBuilder(ConnectionString));

    public static MigrationTarget Users(IConfiguration configuration) =>
        new("users", Read(configuration, "USER_DATABASE_URL"), connection => new UserDatabase(
            new DbContextOptionsBuilder<UserDatabase>().UseNpgsql(connection).Options));

    public static MigrationTarget Platform(IConfiguration configuration) =>
        new("platform", Read(configuration, "DATABASE_URL"), connection => new PlatformDatabase(
            new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql(connection).Options));

    private static string Read(IConfiguration configuration, string name)
    {
        try
        {
            // A migration is one connection; none of it stays open in a pool. An index on a large table may take its time.
            return new NpgsqlConnectionStringBuilder(DatabaseSettings.ConnectionString(configuration, name))
            {
                Pooling = false,
                Timeout = 5,
                CommandTimeout = 0,
            }.ConnectionString;
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException)
        {
            throw CommandException.Usage(failure.Message);
        }
    }

    private static string ServerOf(NpgsqlConnectionStringBuilder builder) => $"{builder.Host}:{builder.Port}";
}
