using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Domain.Training;

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
public sealed partial record TrainerSettings(
    IReadOnlyDictionary<string, Uri> Urls, string? ApiKey, Uri PublicUrl, TimeSpan Heartbeat, TimeSpan HeartbeatTimeout, int MaxAttempts, TimeSpan RetryDelay, int LooksPerHistory)
{
    private const string HttpLauncher = "http";
    private const string JobLauncher = "container-apps-job";

    /// <summary>Trainers whose jobs run as executions of an Azure Container Apps job, by framework. Their services describe them and predict.</summary>
    public IReadOnlyDictionary<string, TrainerJob> Jobs { get; init; } = new Dictionary<string, TrainerJob>();

    /// <summary>The management API of Azure.</summary>
    public Uri ManagementUrl { get; init; } = new("https://management.azure.com/");

    /// <summary>Time that an execution may take from its start to its first callback: a machine with a GPU and a large image take minutes.</summary>
    public TimeSpan ExecutionStart { get; init; } = TimeSpan.FromMinutes(20);

    /// <summary>How long logs and metrics of an ended job stay in the database. After that they are read from object storage.</summary>
    public TimeSpan RecordsInDatabase { get; init; } = TimeSpan.FromDays(30);

    /// <summary>How long checkpoints are kept.</summary>
    public CheckpointRetention Checkpoints { get; init; } = new(TimeSpan.FromDays(90), TimeSpan.FromDays(30), TimeSpan.FromDays(7), 0);

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
        settings.Whole("TRAINER_LOOKS_PER_HISTORY", 150, "looks at an attempt after which its orchestration begins a fresh history", minimum: 2))
    {
        Jobs = ReadJobs(settings),
        ManagementUrl = settings.Url("AZURE_MANAGEMENT_URL", "management API of Azure, which starts executions; another one in a sovereign cloud", "https://management.azure.com")!,
        ExecutionStart = TimeSpan.FromSeconds(settings.Number("TRAINER_EXECUTION_START_SECONDS", 1200, "time that an execution on Azure may take from its start to its first callback")),
        Checkpoints = new CheckpointRetention(
            TimeSpan.FromDays(settings.Number("CHECKPOINT_BEST_DAYS", 90, "days that the best checkpoint of a job is kept after its end; a model version has a copy of its own", minimum: 0)),
            TimeSpan.FromDays(settings.Number("CHECKPOINT_LAST_DAYS", 30, "days that the last checkpoint of a job is kept after its end", minimum: 0)),
            TimeSpan.FromDays(settings.Number("CHECKPOINT_OTHER_DAYS", 7, "days that the other checkpoints are kept, also while the job runs", minimum: 0)),
            settings.Whole("CHECKPOINT_KEEP_EVERY", 0, "checkpoints of every so many epochs are kept as long as the last one; 0 for none", minimum: 0)),
        RecordsInDatabase = TimeSpan.FromDays(settings.Number("TRAINING_RECORDS_DAYS", 30, "days that logs and metrics of an ended job stay in the database; after that they are read from object storage, more slowly", minimum: 0)),
    };

    /// <summary>The settings without their secrets.</summary>
    public override string ToString() => $"{string.Join(", ", Urls.Select(url => $"{url.Key} {url.Value}"))}, called back at {PublicUrl}";

    private static Dictionary<string, TrainerJob> ReadJobs(SettingsReader settings)
    {
        var launchers = settings.Family("TRAINER_<FRAMEWORK>_LAUNCHER", $"what runs the trainer's jobs: its service (`{HttpLauncher}`, unless set), or an execution for each of an Azure Container Apps job (`{JobLauncher}`); then the service only describes the trainer and predicts");
        var ids = settings.Family("TRAINER_<FRAMEWORK>_JOB", $"with `{JobLauncher}`: resource id of the job, `/subscriptions/…/resourceGroups/…/providers/Microsoft.App/jobs/…`");
        var numbers = settings.Family("TRAINER_<FRAMEWORK>_EXECUTIONS", $"with `{JobLauncher}`: executions at the same time; 1 unless set", "whole number");
        var jobs = new Dictionary<string, TrainerJob>(StringComparer.Ordinal);
        foreach (var (framework, launcher) in launchers.Where(pair => pair.Value != HttpLauncher))
        {
            var most = 1;
            if (launcher != JobLauncher)
                settings.Problem($"TRAINER_{framework}_LAUNCHER is {HttpLauncher} or {JobLauncher}, not '{launcher}'.");
            else if (!ids.TryGetValue(framework, out var id) || !JobId().IsMatch(id))
                settings.Problem($"TRAINER_{framework}_JOB has to be the resource id of a job, /subscriptions/…/resourceGroups/…/providers/Microsoft.App/jobs/…");
            else if (numbers.TryGetValue(framework, out var number) && !(int.TryParse(number, out most) && most > 0))
                settings.Problem($"TRAINER_{framework}_EXECUTIONS has to be a number from 1, not '{number}'.");
            else
                jobs[framework.ToLowerInvariant()] = new TrainerJob(id.TrimEnd('/'), most);
        }
        return jobs;
    }

    [GeneratedRegex("^/subscriptions/[^/?#]+/resourceGroups/[^/?#]+/providers/Microsoft\\.App/jobs/[^/?#]+/?$", RegexOptions.IgnoreCase)]
    private static partial Regex JobId();

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

/// <summary>An Azure Container Apps job whose executions do the jobs of a trainer.</summary>
/// <param name="ResourceId">Its resource id, without a slash at the end.</param>
/// <param name="Executions">Executions at the same time.</param>
public sealed record TrainerJob(string ResourceId, int Executions);
