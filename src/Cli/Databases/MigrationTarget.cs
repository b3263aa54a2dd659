using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli.Databases;

/// <summary>One database and the context whose migrations belong to it.</summary>
internal sealed record MigrationTarget(string Name, string ConnectionString, Func<NpgsqlConnection, DbContext> OpenContext)
{
    public string Database { get; } = new NpgsqlConnectionStringBuilder(ConnectionString).Database ?? "";

    /// <summary>Host and port, without user or password.</summary>
    public string Server { get; } = ServerOf(new NpgsqlConnectionStringBuilder(ConnectionString));

    /// <summary>The databases of all modules.</summary>
    /// <exception cref="CommandException">An address is missing or wrong.</exception>
    public static IReadOnlyList<MigrationTarget> All(IConfiguration configuration)
    {
        ModuleDatabase[] databases = [.. AppModules.All.SelectMany(module => module.Databases)];
        try
        {
            var settings = SettingsReader.Read(configuration, reader => DatabaseSettings.From(reader, databases));
            return [.. databases.Select(database => Of(database, settings.ConnectionStrings[database.Name]))];
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException)
        {
            throw CommandException.Usage(failure.Message);
        }
    }

    /// <summary>A migration uses one connection without a pool and without a command timeout, because an index on a large table may take long.</summary>
    public static MigrationTarget Of(ModuleDatabase database, string connectionString) => new(
        database.Name, new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, Timeout = 5, CommandTimeout = 0 }.ConnectionString, database.Open);

    private static string ServerOf(NpgsqlConnectionStringBuilder builder) => $"{builder.Host}:{builder.Port}";
}
