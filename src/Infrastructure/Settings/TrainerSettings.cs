using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Infrastructure.Settings;

/// <summary>The trainers, and how long the platform waits for them.</summary>
/// <param name="Urls">Base URL by framework; from TRAINER_{FRAMEWORK}_URL.</param>
/// <param name="ApiKey">Sent to trainers as a bearer token, when set.</param>
/// <param name="PublicUrl">Where trainers reach this platform.</param>
/// <param name="Heartbeat">How often a trainer reports.</param>
/// <param name="HeartbeatTimeout">Silence after which an attempt counts as failed.</param>
/// <param name="MaxAttempts">Attempts of a job, including the first.</param>
/// <param name="RetryDelay">Wait before the second attempt. It doubles before each further one.</param>
/// <param name="LooksPerHistory">Number of checks of an attempt after which its orchestration starts a new history, so that the history of a long run stays small. Each check adds about six events. At least 2.</param>
public sealed record TrainerSettings(
    IReadOnlyDictionary<string, Uri> Urls, string? ApiKey, Uri PublicUrl, TimeSpan Heartbeat, TimeSpan HeartbeatTimeout, int MaxAttempts, TimeSpan RetryDelay, int LooksPerHistory)
{
    private static readonly TimeSpan LongestWaitOfAll = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The longest pause of a trainer between tries of a callback: six heartbeats, at most 30 s (trainers/protocol.md, Retry). After an outage of the
    /// platform a trainer may need this time to be heard, however short the timeout is.
    /// </summary>
    public TimeSpan LongestCallbackWait => 6 * Heartbeat < LongestWaitOfAll ? 6 * Heartbeat : LongestWaitOfAll;

    /// <exception cref="SettingsException">Names every problem.</exception>
    public static TrainerSettings From(IConfiguration configuration) => SettingsReader.Read(configuration, From);

    public static TrainerSettings From(SettingsReader settings) => new(
        ReadUrls(settings),
        settings.Text("TRAINER_API_KEY", "sent to trainers as a bearer token", secret: true),
        HostingSettings.ReadPublicUrl(settings),
        TimeSpan.FromSeconds(settings.Number("TRAINER_HEARTBEAT_SECONDS", 5, "how often a trainer reports at least")),
        TimeSpan.FromSeconds(settings.Number("TRAINER_HEARTBEAT_TIMEOUT_SECONDS", 60,
            "silence after which the trainer is given up to 35 s more, and then the next attempt starts from the last checkpoint")),
        settings.Whole("TRAINER_MAX_ATTEMPTS", 3, "attempts of one job"),
        TimeSpan.FromSeconds(settings.Number("TRAINER_RETRY_SECONDS", 5, "pause before the second attempt, doubled before each further one", minimum: 0)),
        settings.Whole("TRAINER_LOOKS_PER_HISTORY", 150, "looks at an attempt after which its orchestration begins a fresh history", minimum: 2));

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => $"{string.Join(", ", Urls.Select(url => $"{url.Key} {url.Value}"))}, called back at {PublicUrl}";

    private static Dictionary<string, Uri> ReadUrls(SettingsReader settings)
    {
        var urls = new Dictionary<string, Uri>(StringComparer.Ordinal);
        var found = settings.Family("TRAINER_<FRAMEWORK>_URL", "a trainer service, one setting a framework: `TRAINER_TORCHVISION_URL`", "URL", "TORCHVISION", "http://127.0.0.1:7301");
        foreach (var (framework, value) in found)
            if (settings.AbsoluteUrl($"TRAINER_{framework}_URL", value.TrimEnd('/') + "/") is { } url)
                urls[framework.ToLowerInvariant()] = url;
        return urls;
    }
}
