using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Settings;

/// <summary>Addresses of the databases, with the sizes of the connection pools.</summary>
/// <param name="ConnectionStrings">Npgsql connection strings by the name of the database.</param>
public sealed record DatabaseSettings(IReadOnlyDictionary<string, string> ConnectionStrings)
{
    private const string UrlType = "PostgreSQL URL";

    /// <summary>Reads the address of each database.</summary>
    public static DatabaseSettings From(SettingsReader settings, IEnumerable<ModuleDatabase> databases)
    {
        var read = databases.Select(database => (database, url: Url(settings, database))).ToList();
        var pool = Pool.From(settings);
        settings.Inherited("DURABLE_DATABASE_URL", "DATABASE_URL", null, "where the embedded host keeps orchestrations, timers and keys (schema `durable`)", secret: true, type: UrlType);
        var strings = read.ToDictionary(pair => pair.database.Name, pair => ConnectionString(settings, pair.database.Setting, pair.url ?? "", pool));
        foreach (var (database, _) in read.Where(pair => pair.url is null))
            strings[database.Name] = Beside(strings[read.Single(other => other.database.Setting == database.ServerOf).database.Name], database.Name);
        return new DatabaseSettings(strings);
    }

    private static string? Url(SettingsReader settings, ModuleDatabase database) => database.ServerOf is { } server
        ? settings.Inherited(database.Setting, $"{server}, database {database.Name}", null, database.Purpose, secret: true, type: UrlType, aliases: [.. database.Aliases])
        : Needed(settings, database.Setting, database.Purpose, database.Name);

    private static string Beside(string connection, string name) =>
        connection.Length == 0 ? "" : new NpgsqlConnectionStringBuilder(connection) { Database = name }.ConnectionString;

    /// <summary>The connection string behind one setting.</summary>
    /// <exception cref="SettingsException">The setting is missing or is not a PostgreSQL URL.</exception>
    public static string ConnectionString(IConfiguration configuration, string key) =>
        SettingsReader.Read(configuration, settings => ConnectionString(settings, key, Needed(settings, key, "a PostgreSQL database", key), Pool.From(settings)));

    /// <summary>The settings without their passwords.</summary>
    public override string ToString() => string.Join(", ", ConnectionStrings.Select(pair => $"{pair.Key} {Describe(pair.Value)}"));

    private static string Describe(string connection) =>
        new NpgsqlConnectionStringBuilder(connection) is var builder ? $"{builder.Host}:{builder.Port}/{builder.Database}" : "";

    private static string Needed(SettingsReader settings, string name, string purpose, string example) => settings.Needed(
        name, purpose, secret: true, example: $"postgresql://platform:platform@127.0.0.1:5432/{example}", type: UrlType);

    /// <summary>
    /// Reads a <c>postgresql://user:password@host:port/database?sslmode=require</c> URL (the form that Railway uses) or an Npgsql connection string, and sets the pool: DB_POOL_SIZE kept open, DB_POOL_OVERFLOW more under load.
    /// </summary>
    private static string ConnectionString(SettingsReader settings, string key, string value, Pool pool)
    {
        if (value.Length == 0 || Parse(value) is not { } builder)
        {
            if (value.Length > 0)
                settings.Problem($"{key} is not a PostgreSQL URL: postgresql://user:password@host:5432/database");
            return "";
        }
        builder.MinPoolSize = 0;
        builder.MaxPoolSize = pool.Size + pool.Overflow;
        builder.Timeout = pool.TimeoutSeconds;
        builder.ConnectionLifetime = pool.RecycleSeconds;
        builder.ApplicationName = "vision-platform";
        return builder.ConnectionString;
    }

    /// <summary>A PostgreSQL URL or an Npgsql connection string; null if it is neither.</summary>
    public static NpgsqlConnectionStringBuilder? Parse(string value)
    {
        try
        {
            if (!value.StartsWith("postgres://", StringComparison.Ordinal) && !value.StartsWith("postgresql://", StringComparison.Ordinal))
                return new NpgsqlConnectionStringBuilder(value) is { Host.Length: > 0 } plain ? plain : null;
            return Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.AbsolutePath.Length >= 2 ? FromUrl(uri) : null;
        }
        // Do not pass on Npgsql's message: it may contain the value, which holds a password.
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static NpgsqlConnectionStringBuilder FromUrl(Uri uri)
    {
        var user = uri.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.Port > 0 ? uri.Port : 5432,
            Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]),
            Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
        };
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = pair.Split('=', 2);
            if (parts is ["sslmode", var mode])
                builder.SslMode = Enum.Parse<SslMode>(mode.Replace("-", "", StringComparison.Ordinal), ignoreCase: true);
        }

        return builder;
    }

    private sealed record Pool(int Size, int Overflow, int TimeoutSeconds, int RecycleSeconds)
    {
        public static Pool From(SettingsReader settings) => new(
            settings.Whole("DB_POOL_SIZE", 5, "connections a process keeps for each database"),
            settings.Whole("DB_POOL_OVERFLOW", 10, "further ones under load", minimum: 0),
            settings.Whole("DB_POOL_TIMEOUT", 30, "seconds to wait for a connection"),
            settings.Whole("DB_POOL_RECYCLE", 3600, "seconds after which a connection is replaced; 0: never", minimum: 0));
    }
}
