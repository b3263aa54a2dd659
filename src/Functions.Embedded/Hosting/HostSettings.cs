using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Functions.Embedded;

/// <summary>Settings of host.json, with the official defaults. An environment variable <c>AzureFunctionsJobHost__…</c> overrides a value.</summary>
internal sealed record HostSettings(string RoutePrefix, string HubName, TimeSpan? FunctionTimeout)
{
    public const string Section = "AzureFunctionsJobHost";
    public const string DefaultUrl = "http://127.0.0.1:7071";

    /// <summary>Origins of <c>Host:CORS</c>, which Core Tools read too: separated by commas, <c>*</c> for all. Empty when no other origin is allowed.</summary>
    public static string[] CorsOrigins(IConfiguration configuration) =>
    [
        .. (configuration["Host:CORS"] ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(origin => origin.TrimEnd('/')),
    ];

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="InvalidOperationException">A setting is invalid; the message names it, its value and what it must be.</exception>
    public static HostSettings From(IConfiguration configuration)
    {
        IConfigurationSection host = configuration.GetSection(Section);
        if (host["version"] is { } version && version != "2.0")
            throw Invalid("version", version, "\"2.0\"");

        IConfigurationSection durable = host.GetSection("extensions:durableTask");
        foreach (string limit in (string[])["maxConcurrentActivityFunctions", "maxConcurrentOrchestratorFunctions"])
        {
            if (durable[limit] is { } text && !(int.TryParse(text, CultureInfo.InvariantCulture, out int number) && number > 0))
                throw Invalid($"extensions.durableTask.{limit}", text, "a positive number");
        }

        if (durable["retentionDays"] is { } kept && !(double.TryParse(kept, CultureInfo.InvariantCulture, out double days) && days is >= 0 and <= 36_500))
            throw Invalid("extensions.durableTask.retentionDays", kept, "a number of days, or 0 to keep finished orchestrations forever");

        string prefix = (host["extensions:http:routePrefix"] ?? "api").Trim('/');
        string hub = durable["hubName"] is { Length: > 0 } name ? name : "default";
        return new HostSettings(prefix, hub, Timeout(host["functionTimeout"]));
    }

    /// <summary>Thirty minutes by default, as on the official host outside of the consumption plan; -1 means no limit.</summary>
    private static TimeSpan? Timeout(string? text)
    {
        if (text is null)
            return TimeSpan.FromMinutes(30);
        if (text is "-1" or "-00:00:00.0010000")
            return null;
        return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan limit) && limit > TimeSpan.Zero
            ? limit
            : throw Invalid("functionTimeout", text, "a time such as \"00:10:00\", or -1 for none");
    }

    private static InvalidOperationException Invalid(string name, string value, string expected)
        => new($"host.json: '{name}' is \"{value}\" but must be {expected}.");
}
