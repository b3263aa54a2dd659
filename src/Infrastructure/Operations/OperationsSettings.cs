using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Operations;

/// <summary>Databases and buckets, besides the app's own, that operations may be started with.</summary>
/// <param name="Databases">Connection strings by name.</param>
/// <param name="Buckets">Buckets by name.</param>
public sealed record OperationsSettings(IReadOnlyDictionary<string, string> Databases, IReadOnlyDictionary<string, BucketSettings> Buckets)
{
    /// <summary>Reads <c>OPERATIONS_DATABASE_*</c> and <c>OPERATIONS_BUCKET_*</c>. The name of a location is written in lower case.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="taken">Names of the app's own databases and buckets.</param>
    public static OperationsSettings From(SettingsReader settings, IReadOnlyCollection<string> taken)
    {
        var databases = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, url) in settings.Family("OPERATIONS_DATABASE_<NAME>_URL", "a database that operations know as NAME, in lower case", type: "PostgreSQL URL", secret: true))
            if (DatabaseSettings.Parse(url) is { } parsed)
                databases[Named(settings, "OPERATIONS_DATABASE_", name, taken)] = parsed.ConnectionString;
            else
                settings.Problem($"OPERATIONS_DATABASE_{name}_URL is not a PostgreSQL URL: postgresql://user:password@host:5432/database");
        var buckets = BucketsFrom(settings, taken);
        if (BackupSettings.From(settings).ColdBucket is { } cold && !buckets.ContainsKey(cold))
            settings.Problem($"BACKUP_COLD_BUCKET: there is no bucket '{cold}': set OPERATIONS_BUCKET_{cold.ToUpperInvariant()}_ENDPOINT and the others.");
        return new OperationsSettings(databases, buckets);
    }

    /// <summary>The names without addresses.</summary>
    public override string ToString() => $"databases {string.Join(", ", Databases.Keys)}; buckets {string.Join(", ", Buckets.Keys)}";

    private static Dictionary<string, BucketSettings> BucketsFrom(SettingsReader settings, IReadOnlyCollection<string> taken)
    {
        var endpoints = settings.Family("OPERATIONS_BUCKET_<NAME>_ENDPOINT", "S3 endpoint of a bucket that operations know as NAME, in lower case", type: "URL");
        var parts = new (string Part, string Purpose, bool IsSecret, string? Fallback)[]
        {
            ("BUCKET", "the bucket", false, null), ("ACCESS_KEY", "its access key id", false, null), ("SECRET_KEY", "its secret access key", true, null),
            ("REGION", "region of its signature; `auto` unless set", false, "auto"),
        }.ToDictionary(part => part.Part, part => (part.Fallback, Values: settings.Family($"OPERATIONS_BUCKET_<NAME>_{part.Part}", part.Purpose, secret: part.IsSecret)));
        var buckets = new Dictionary<string, BucketSettings>(StringComparer.Ordinal);
        foreach (var (name, text) in endpoints)
        {
            string Part(string part)
            {
                if ((parts[part].Values.GetValueOrDefault(name) ?? parts[part].Fallback) is { } value)
                    return value;
                settings.Problem($"OPERATIONS_BUCKET_{name}_{part} is not set.");
                return "";
            }

            if (settings.AbsoluteUrl($"OPERATIONS_BUCKET_{name}_ENDPOINT", text) is { } endpoint)
                buckets[Named(settings, "OPERATIONS_BUCKET_", name, taken)] = new BucketSettings(endpoint, Part("ACCESS_KEY"), Part("SECRET_KEY"), Part("REGION"), Part("BUCKET"));
        }
        return buckets;
    }

    private static string Named(SettingsReader settings, string prefix, string name, IReadOnlyCollection<string> taken)
    {
        var location = name.ToLowerInvariant();
        if (taken.Contains(location))
            settings.Problem($"{prefix}{name}: '{location}' is the name of one of the app's own.");
        return location;
    }
}
