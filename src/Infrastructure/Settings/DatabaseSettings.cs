using Microsoft.Extensions.Configuration;
using Npgsql;

namespace VisionPlatform.Infrastructure.Settings;

/// <summary>Where the databases are, as Npgsql connection strings, and how many connections a process may hold.</summary>
public sealed record DatabaseSettings(string UserDatabase, string PlatformDatabase)
{
    public static DatabaseSettings From(IConfiguration configuration) => new(
        ConnectionString(configuration, "USER_DATABASE_URL"), ConnectionString(configuration, "DATABASE_URL"));

    /// <summary>
    /// Reads a <c>postgresql://user:password@host:port/database?sslmode=require</c> URL (the form Railway gives out) or a plain
    /// Npgsql connection string, and sets the pool: DB_POOL_SIZE kept open, DB_POOL_OVERFLOW more under load.
    /// </summary>
    public static string ConnectionString(IConfiguration configuration, string key)
    {
        var value = configuration[key];
        if (string.IsNullOrWhiteSpace(value))
            throw new InvalidOperationException($"{key} is not set. It names a PostgreSQL database: postgresql://user:password@host:5432/database");
        var builder = Parse(key, value);
        var size = configuration.GetValue("DB_POOL_SIZE", 5);
        builder.MinPoolSize = 0;
        builder.MaxPoolSize = size + configuration.GetValue("DB_POOL_OVERFLOW", 10);
        builder.Timeout = configuration.GetValue("DB_POOL_TIMEOUT", 30);
        builder.ConnectionLifetime = configuration.GetValue("DB_POOL_RECYCLE", 3600);
        builder.ApplicationName = "vision-platform";
        return builder.ConnectionString;
    }

    private static NpgsqlConnectionStringBuilder Parse(string key, string value)
    {
        if (!value.StartsWith("postgres://", StringComparison.Ordinal) && !value.StartsWith("postgresql://", StringComparison.Ordinal))
            return new NpgsqlConnectionStringBuilder(value);
        if (!Uri.TryCreate(value, UriKind.Absolute, out var uri) || uri.AbsolutePath.Length < 2)
            throw new InvalidOperationException($"{key} is not a PostgreSQL URL: postgresql://user:password@host:5432/database");
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
}
