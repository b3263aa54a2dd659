using System.Globalization;
using System.Text.RegularExpressions;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training;

namespace VisionPlatform.Platform.Tests.Telemetry;

[CollectionDefinition(nameof(ObservedLab))]
public sealed class ObservedLabTests : ICollectionFixture<ObservedLab>;

/// <summary>
/// An app with all telemetry on that has done a small run: a person signed up, images were uploaded, a job was trained, the databases were backed
/// up and the backups tried.
/// </summary>
public sealed partial class ObservedLab(PlatformHost host) : TrainingLab(host)
{
    public const string MetricsToken = "the metrics token of the tests";

    private readonly PlatformHost _host = host;
    private readonly string _backups = $"test-backups-{Guid.CreateVersion7():n}";

    private IReadOnlySet<string>? _names;

    public Collector Collector { get; } = new();

    /// <summary>The address of the person who signed up.</summary>
    public string SignedUp { get; } = $"Ada.{Guid.CreateVersion7():n}@platform.test";

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await FireTimerAsync("RunDueBackups");
        await UntilStoredAsync("/manifest.json");
        await FireTimerAsync("RunDueBackups");
        await UntilStoredAsync("/last-drill.json");
        // The app looks at its backups every five minutes; after a start it looks at once.
        await App.StopAsync();
        await App.StartAsync();
        using (var person = App.NewClient())
        {
            (await person.PostAsync("auth/sign-up", new { email = SignedUp, password = ApiClient.Password, fullName = "Ada Lovelace" })).Expect(202);
            (await person.SignInAsync(SignedUp)).Expect(200);
            (await person.SignInAsync(SignedUp, "not the pass phrase")).Expect(401);
        }
        await WaitForStateAsync(await StartJobAsync(epochs: 2), "completed");
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        using var bucket = _host.OpenBucket(_backups);
        await bucket.DeleteAsync(await StoredAsync(), CancellationToken.None);
        await bucket.DeleteBucketAsync(CancellationToken.None);
        Collector.Dispose();
    }

    /// <summary>The names of all metrics after the run, including those that are there only while a job is trained.</summary>
    public async Task<IReadOnlySet<string>> MetricsAfterTheRunAsync()
    {
        if (_names is not null)
            return _names;
        await UntilMetricAsync("backup_drill_age_seconds", count: 3);
        var longJob = await StartJobAsync(epochs: 200);
        await UntilMetricAsync("training_eta_seconds");
        _names = NamesIn(await UntilMetricAsync("orchestrations"));
        (await Admin.PostAsync($"training/jobs/{longJob}/cancel")).Expect(202);
        await WaitForStateAsync(longJob, "cancelled");
        return _names;
    }

    /// <summary>What <c>/metrics</c> answers.</summary>
    public async Task<string> ScrapeAsync(PlatformApp? app = null)
    {
        using var prometheus = (app ?? App).NewClient().WithToken(MetricsToken);
        return (await prometheus.GetAsync("/metrics")).Expect(200).RawText;
    }

    /// <summary>Waits until a metric has as many series, and gives the whole answer.</summary>
    public async Task<string> UntilMetricAsync(string name, int count = 1, PlatformApp? app = null)
    {
        var text = "";
        await Waiting.UntilAsync(async () => SeriesOf(text = await ScrapeAsync(app), name).Count >= count, $"{count} series of {name}");
        return text;
    }

    /// <summary>The series of a metric: labels and value.</summary>
    public static IReadOnlyList<(IReadOnlyDictionary<string, string> Labels, double Value)> SeriesOf(string answer, string name) =>
    [
        .. Series().Matches(answer).Where(line => line.Groups["name"].Value == name).Select(line => (
            (IReadOnlyDictionary<string, string>)Label().Matches(line.Groups["labels"].Value).ToDictionary(label => label.Groups[1].Value, label => label.Groups[2].Value),
            double.Parse(line.Groups["value"].Value, CultureInfo.InvariantCulture))),
    ];

    /// <summary>The names of all metrics in an answer.</summary>
    public static IReadOnlySet<string> NamesIn(string answer) => Series().Matches(answer).Select(line => line.Groups["name"].Value).ToHashSet();

    private async Task UntilStoredAsync(string file) =>
        await Waiting.UntilAsync(async () => (await StoredAsync()).Count(key => key.EndsWith(file, StringComparison.Ordinal)) == 3, $"each database has its {file}");

    private async Task<List<string>> StoredAsync()
    {
        using var bucket = _host.OpenBucket(_backups);
        await bucket.CreateBucketAsync(CancellationToken.None);
        var keys = new List<string>();
        await foreach (var found in bucket.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }

    protected override Dictionary<string, string?> Settings() => new(base.Settings())
    {
        ["METRICS_TOKEN"] = MetricsToken,
        ["LOG_FORMAT"] = "json",
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Collector.Endpoint,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "100",
        ["OTEL_BLRP_SCHEDULE_DELAY"] = "100",
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        ["SENTRY_DSN"] = Collector.SentryDsn,
        ["BACKUP_BUCKET"] = _backups,
        ["BACKUP_SCHEDULE"] = "0 0 0 * * *",
        ["BACKUP_DRILL_SCHEDULE"] = "0 0 0 * * *",
    };

    // https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
    [GeneratedRegex(@"^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?<labels>(?:[^""}]|""(?:[^""\\]|\\.)*"")*)\})? (?<value>\S+)", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex(@"([a-zA-Z_][a-zA-Z0-9_]*)=""((?:[^""\\]|\\.)*)""")]
    private static partial Regex Label();
}
