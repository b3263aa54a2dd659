using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Persistence;

public static class PersistenceServices
{
    /// <summary>The key of the <see cref="NpgsqlDataSource"/> of the user database.</summary>
    public const string Users = "users";

    /// <summary>
    /// Registers both database contexts, their pools, and <see cref="NpgsqlDataSource"/> for hand-written SQL: without a key that of the
    /// platform database, with the key <see cref="Users"/> that of the user database.
    /// </summary>
    public static IServiceCollection AddPersistence(this IServiceCollection services, DatabaseSettings settings)
    {
        services.AddSingleton(settings);
        services.AddSingleton(_ => Open(settings.PlatformDatabase));
        services.AddKeyedSingleton(Users, (_, _) => Open(settings.UserDatabase));
        services.AddDbContextPool<UserDatabase>((provider, options) => options.UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(Users)));
        services.AddDbContextPool<PlatformDatabase>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));
        return services;
    }

    /// <summary>What the URL itself says goes before what is set here, such as for a pooler that keeps no prepared statements.</summary>
    private static NpgsqlDataSource Open(string connection)
    {
        var text = new NpgsqlConnectionStringBuilder(connection);
        // The same few statements are sent over and over: parsed once a connection.
        if (!text.ShouldSerialize("Max Auto Prepare"))
            text.MaxAutoPrepare = 100;
        // Nothing is ever set for a connection beyond its transaction, so there is nothing to undo whenever one goes back to the pool.
        if (!text.ShouldSerialize("No Reset On Close"))
            text.NoResetOnClose = true;
        var source = new NpgsqlDataSourceBuilder(text.ConnectionString);
        // But planned each time, for the sizes that tables and parameters have by then: a plan made while a table was empty is no plan for
        // the hundred thousand rows that come a minute later.
        source.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = PlanEachTime(connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = PlanEachTime(connection);
                await command.ExecuteNonQueryAsync();
            });
        return source.Build();

        static NpgsqlCommand PlanEachTime(NpgsqlConnection connection) => new("SET plan_cache_mode = force_custom_plan", connection);
    }
}

/// <summary>Lets the migration tool make the contexts without an app or a database.</summary>
internal sealed class DesignTimeUserDatabase : IDesignTimeDbContextFactory<UserDatabase>
{
    public UserDatabase CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<UserDatabase>().UseNpgsql("Host=design").Options);
}

/// <inheritdoc cref="DesignTimeUserDatabase"/>
internal sealed class DesignTimePlatformDatabase : IDesignTimeDbContextFactory<PlatformDatabase>
{
    public PlatformDatabase CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql("Host=design").Options);
}
