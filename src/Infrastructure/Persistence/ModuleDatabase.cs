using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>A database of the product: the setting with its address, and the context with its tables and migrations.</summary>
/// <param name="Name">What people and health checks call it: <c>users</c>, <c>platform</c>.</param>
/// <param name="Setting">The setting with its address.</param>
/// <param name="Purpose">What is in it, for docs/settings.md.</param>
public abstract record ModuleDatabase(string Name, string Setting, string Purpose)
{
    /// <summary>Other names of the setting.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>
    /// The setting of another database. If this database's own setting is empty, the app uses the database called <see cref="Name"/> on the server
    /// of the other one. Null if the setting is required.
    /// </summary>
    public string? ServerOf { get; init; }

    /// <summary>
    /// Tables that are made anew by use, or whose loss costs people a repetition at most: caches, counters, sessions, logs. All others are critical
    /// (<see cref="CriticalTables"/>), so a table that nobody thought about is kept.
    /// </summary>
    public IReadOnlyList<string> DerivedTables { get; init; } = [];

    /// <summary>Name of its check in <c>/health/ready</c>.</summary>
    public string HealthCheck { get; init; } = $"{Name}_database";

    /// <summary>The type of its context.</summary>
    public abstract Type Context { get; }

    /// <summary>A context on a connection that the caller owns.</summary>
    public abstract DbContext Open(NpgsqlConnection connection);

    /// <summary>The tables that must never be lost, with their schema, and the list of applied migrations.</summary>
    public IReadOnlyList<string> CriticalTables()
    {
        using var connection = new NpgsqlConnection();
        using var context = Open(connection);
        return
        [
            "public.\"__EFMigrationsHistory\"",
            .. context.Model.GetEntityTypes().Select(entity => entity.GetTableName()!).Distinct().Except(DerivedTables).Order(StringComparer.Ordinal).Select(table => $"public.{table}"),
        ];
    }

    /// <summary>
    /// Registers its pooled context, and its <see cref="NpgsqlDataSource"/> for hand-written SQL under the key <see cref="Name"/>.
    /// </summary>
    public abstract void AddTo(IServiceCollection services, string connectionString);
}

/// <inheritdoc/>
public sealed record ModuleDatabase<TContext>(string Name, string Setting, string Purpose, Func<DbContextOptions<TContext>, TContext> New)
    : ModuleDatabase(Name, Setting, Purpose)
    where TContext : DbContext
{
    public override Type Context => typeof(TContext);

    public override TContext Open(NpgsqlConnection connection) => New(new DbContextOptionsBuilder<TContext>().UseNpgsql(connection).Options);

    public override void AddTo(IServiceCollection services, string connectionString)
    {
        services.AddKeyedSingleton(Name, (_, _) => DataSources.Open(connectionString, Name));
        services.AddDbContextPool<TContext>((provider, options) => options.UseNpgsql(provider.GetRequiredKeyedService<NpgsqlDataSource>(Name)));
    }
}
