using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Infrastructure.Settings;

/// <summary>The trainers this platform knows and how patient it is with them.</summary>
/// <param name="Urls">Base URL by framework; from TRAINER_{FRAMEWORK}_URL.</param>
/// <param name="ApiKey">Sent to trainers as a bearer token, when set.</param>
/// <param name="PublicUrl">Where trainers reach this platform.</param>
/// <param name="Heartbeat">How often a trainer reports.</param>
/// <param name="HeartbeatTimeout">After how long a silent trainer's attempt is given up.</param>
/// <param name="MaxAttempts">Tries per job, the first included.</param>
/// <param name="RetryDelay">Wait before the second attempt; it doubles.</param>
/// <param name="LooksPerHistory">Looks at an attempt (some six history events each) after which its orchestration begins a fresh history, so that a run of days stays small. At least 2.</param>
public sealed record TrainerSettings(
    IReadOnlyDictionary<string, Uri> Urls, string? ApiKey, Uri PublicUrl, TimeSpan Heartbeat, TimeSpan HeartbeatTimeout, int MaxAttempts, TimeSpan RetryDelay, int LooksPerHistory)
{
    public static TrainerSettings From(IConfiguration configuration) => new(
        configuration.AsEnumerable()
            .Where(pair => pair.Key.Length > "TRAINER__URL".Length && pair.Key.StartsWith("TRAINER_", StringComparison.OrdinalIgnoreCase)
                && pair.Key.EndsWith("_URL", StringComparison.OrdinalIgnoreCase) && !string.IsNullOrWhiteSpace(pair.Value))
            .ToDictionary(pair => pair.Key[8..^4].ToLowerInvariant(), pair => AbsoluteUrl(pair.Key, pair.Value!), StringComparer.Ordinal),
        configuration["TRAINER_API_KEY"] is { Length: > 0 } key ? key : null,
        AbsoluteUrl("PUBLIC_URL", configuration["PUBLIC_URL"] ?? "http://127.0.0.1:7071"),
        TimeSpan.FromSeconds(configuration.GetValue("TRAINER_HEARTBEAT_SECONDS", 5.0)),
        TimeSpan.FromSeconds(configuration.GetValue("TRAINER_HEARTBEAT_TIMEOUT_SECONDS", 60.0)),
        configuration.GetValue("TRAINER_MAX_ATTEMPTS", 3),
        TimeSpan.FromSeconds(configuration.GetValue("TRAINER_RETRY_SECONDS", 5.0)),
        Math.Max(2, configuration.GetValue("TRAINER_LOOKS_PER_HISTORY", 150)));

    private static Uri AbsoluteUrl(string key, string value) =>
        Uri.TryCreate(value.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new InvalidOperationException($"{key} is not an http(s) URL: {value}");
}
