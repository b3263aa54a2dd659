using Microsoft.Extensions.Configuration;
using Npgsql;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Settings of the engine. Only the connection string has no default.</summary>
internal sealed class DurableEngineOptions
{
    /// <summary>Npgsql connection string of the database that holds the schema <c>durable</c>.</summary>
    public string ConnectionString { get; set; } = "";

    /// <summary>Processes that use the same hub name on the same database share its instances.</summary>
    public string HubName { get; set; } = "default";

    public int MaxConcurrentActivities { get; set; } = 10 * Environment.ProcessorCount;

    public int MaxConcurrentOrchestrators { get; set; } = 4 * Environment.ProcessorCount;

    public int MaxConcurrentEntities { get; set; } = 10 * Environment.ProcessorCount;

    /// <summary>How long a lease lasts without renewal, and so how long the work of a dead process waits.</summary>
    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(12);

    /// <summary>The longest time between two queries for work. Notifications usually trigger one earlier.</summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1.5);

    /// <summary>How long an instance stays live in memory while it waits.</summary>
    public TimeSpan LiveInstanceIdleTime { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How many instances stay live in memory while they wait. Above this number an instance leaves memory as soon as it waits.</summary>
    public int MaxLiveInstances { get; set; } = 2_000;

    /// <summary>How long instances are kept after they have ended; null keeps them forever.</summary>
    public TimeSpan? Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Time between two searches for instances older than <see cref="Retention"/>.</summary>
    public TimeSpan RetentionInterval { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long running activities may take to finish when the host stops.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a call of a function that no process of the hub has ever had waits for such a process before it fails.</summary>
    public TimeSpan UnknownNameGrace { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The same for a function that a process once had: long enough to repair a failed deployment.</summary>
    public TimeSpan LostNameGrace { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Reads the settings from host.json (<c>extensions:durableTask</c>) and the connection string from <c>DURABLE_DATABASE_URL</c> or
    /// <c>DATABASE_URL</c>.</summary>
    public static void Read(IConfiguration configuration, DurableEngineOptions options)
    {
        string? url = configuration["DURABLE_DATABASE_URL"] is { Length: > 0 } own ? own : configuration["DATABASE_URL"];
        if (url is { Length: > 0 })
            options.ConnectionString = ParseConnectionString(url);

        IConfigurationSection section = configuration.GetSection("AzureFunctionsJobHost:extensions:durableTask");
        if (section["hubName"] is { Length: > 0 } hub)
            options.HubName = hub;
        options.MaxConcurrentActivities = PositiveOr(section, "maxConcurrentActivityFunctions", options.MaxConcurrentActivities);
        options.MaxConcurrentOrchestrators = PositiveOr(section, "maxConcurrentOrchestratorFunctions", options.MaxConcurrentOrchestrators);
        options.MaxConcurrentEntities = PositiveOr(section, "maxConcurrentEntityFunctions", options.MaxConcurrentEntities);
        options.LeaseDuration = SecondsOr(section, "leaseSeconds", options.LeaseDuration);
        options.PollInterval = SecondsOr(section, "pollSeconds", options.PollInterval);
        if (double.TryParse(section["retentionDays"], System.Globalization.CultureInfo.InvariantCulture, out double days))
            options.Retention = days > 0 ? TimeSpan.FromDays(days) : null;
        options.LiveInstanceIdleTime = SecondsOr(section, "extendedSessionIdleTimeoutInSeconds", options.LiveInstanceIdleTime);
        options.UnknownNameGrace = SecondsOr(section, "unknownNameGraceSeconds", options.UnknownNameGrace);
        options.LostNameGrace = SecondsOr(section, "lostNameGraceSeconds", options.LostNameGrace);
    }

    /// <summary>Converts <c>postgresql://user:password@host:port/database?sslmode=…</c> to an Npgsql connection string. Returns other text unchanged.</summary>
    /// <exception cref="FormatException">The URL has a parameter that Npgsql does not know.</exception>
    public static string ParseConnectionString(string text)
    {
        if (!text.StartsWith("postgres://", StringComparison.OrdinalIgnoreCase) && !text.StartsWith("postgresql://", StringComparison.OrdinalIgnoreCase))
            return text;

        var url = new Uri(text);
        string[] user = url.UserInfo.Split(':', 2);
        var builder = new NpgsqlConnectionStringBuilder
        {
            Host = Uri.UnescapeDataString(url.Host),
            Port = url.Port > 0 ? url.Port : 5432,
            Database = Uri.UnescapeDataString(url.AbsolutePath.TrimStart('/')),
        };
        if (user[0].Length > 0)
            builder.Username = Uri.UnescapeDataString(user[0]);
        if (user.Length > 1)
            builder.Password = Uri.UnescapeDataString(user[1]);
        foreach (string pair in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = pair.Split('=', 2);
            SetParameter(builder, Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        }

        return builder.ConnectionString;
    }

    private static void SetParameter(NpgsqlConnectionStringBuilder builder, string name, string value)
    {
        // Names of libpq that differ from Npgsql's.
        string keyword = name switch
        {
            "sslmode" => "SSL Mode",
            "sslrootcert" => "Root Certificate",
            "application_name" => "Application Name",
            "connect_timeout" => "Timeout",
            "options" => "Options",
            "host" => "Host",
            _ => name,
        };
        try
        {
            builder[keyword] = keyword == "SSL Mode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        catch (Exception error) when (error is ArgumentException or KeyNotFoundException or NotSupportedException)
        {
            throw new FormatException($"The database URL has an unknown parameter: {name}.", error);
        }
    }

    private static int PositiveOr(IConfigurationSection section, string key, int otherwise) =>
        int.TryParse(section[key], out int value) && value > 0 ? value : otherwise;

    private static TimeSpan SecondsOr(IConfigurationSection section, string key, TimeSpan otherwise) =>
        double.TryParse(section[key], System.Globalization.CultureInfo.InvariantCulture, out double value) && value > 0
            ? TimeSpan.FromSeconds(value)
            : otherwise;
}
