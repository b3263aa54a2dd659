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
        services.AddSingleton(_ => NpgsqlDataSource.Create(settings.PlatformDatabase));
        services.AddKeyedSingleton(Users, (_, _) => NpgsqlDataSource.Create(settings.UserDatabase));
        services.AddDbContextPool<UserDatabase>((provider, options) => options.UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(Users)));
        services.AddDbContextPool<PlatformDatabase>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));
        return services;
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
