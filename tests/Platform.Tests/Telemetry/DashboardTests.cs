using System.Text.Json;
using System.Text.RegularExpressions;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Telemetry;

/// <summary>Dashboards, alert rules and the documentation speak of metrics that the app has.</summary>
[Collection(nameof(ObservedLab))]
public sealed partial class DashboardTests(ObservedLab lab)
{
    private const string Page = "docs/operations/observe.md";

    // Only a trainer with a GPU reports the first two, and only an app with a cold bucket the last.
    private static readonly string[] NotInASmallRun = ["training_gpu_utilization", "training_memory_utilization", "dataset_backup_age_seconds"];
    private static readonly string[] OfPrometheus = ["up"];

    // Words of the query language that are followed by no bracket, and the names of labels.
    private static readonly string[] Words = ["by", "and", "or", "unless", "le", "on"];

    [Fact]
    public async Task Every_metric_of_the_dashboards_and_alerts_is_there_after_a_small_run()
    {
        var used = Queries().SelectMany(MetricsOf).Except(OfPrometheus).ToHashSet();
        var there = await lab.MetricsAfterTheRunAsync();

        Assert.True(used.Count > 25, $"Found only {used.Count} metrics in the dashboards and alerts.");
        Assert.Empty(used.Except(NotInASmallRun).Except(there));
        Assert.Empty(used.Intersect(NotInASmallRun).Except(Documented()));
    }

    [Fact]
    public async Task The_documentation_lists_every_metric_of_the_app_and_no_other()
    {
        var there = (await lab.MetricsAfterTheRunAsync()).Where(IsOurs).Select(Family).ToHashSet();

        Assert.Equal(there.Order(), Documented().Where(IsOurs).Except(NotInASmallRun).Order());
    }

    [Fact]
    public void Every_dashboard_can_be_read_and_has_an_id_of_its_own()
    {
        var boards = Boards().ToList();

        Assert.Equal(3, boards.Count);
        Assert.Equal(boards.Count, boards.Select(board => board.GetProperty("uid").GetString()).Distinct().Count());
        Assert.All(boards.SelectMany(board => board.GetProperty("panels").EnumerateArray()), panel => Assert.Equal("${datasource}", panel.GetProperty("datasource").GetProperty("uid").GetString()));
    }

    private static IEnumerable<JsonElement> Boards() =>
        Directory.GetFiles(Path.Combine(Repository.Root, "infra", "grafana", "dashboards"), "*.json").Select(file => JsonDocument.Parse(File.ReadAllText(file)).RootElement);

    private static IEnumerable<string> Queries() =>
    [
        .. Boards().SelectMany(board => board.GetProperty("panels").EnumerateArray()).SelectMany(panel => panel.GetProperty("targets").EnumerateArray()).Select(target => target.GetProperty("expr").GetString()!),
        .. Boards().SelectMany(board => board.GetProperty("templating").GetProperty("list").EnumerateArray()).Where(variable => variable.GetProperty("type").GetString() == "query")
            .Select(variable => LabelValues().Match(variable.GetProperty("query").GetProperty("query").GetString()!).Groups[1].Value),
        .. File.ReadLines(Path.Combine(Repository.Root, "infra", "grafana", "alerts", "rules.yml")).Where(line => line.TrimStart().StartsWith("expr:", StringComparison.Ordinal)).Select(line => line.Split("expr:", 2)[1]),
    ];

    /// <summary>The metrics that a query of Prometheus names: words outside of texts, selectors and lists of labels that are no functions.</summary>
    private static IEnumerable<string> MetricsOf(string query) =>
        Word().Matches(Labels().Replace(Grouping().Replace(query, " "), " ")).Select(word => word.Groups[1].Value).Where(word => !Words.Contains(word));

    /// <summary>The metrics in the tables of the page.</summary>
    private static HashSet<string> Documented() =>
        File.ReadLines(Path.Combine(Repository.Root, Page)).SelectMany(line => TableRow().Match(line) is { Success: true } row ? [row.Groups[1].Value] : Array.Empty<string>()).ToHashSet();

    // Npgsql's and .NET's own metrics are documented by them.
    private static bool IsOurs(string metric) => !metric.StartsWith("db_client_", StringComparison.Ordinal) && !metric.StartsWith("dotnet_", StringComparison.Ordinal) && metric != "target_info";

    private static string Family(string series) => HistogramSuffix().Replace(series, "");

    [GeneratedRegex(@"\b(?:by|without|on|ignoring)\s*\([^)]*\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"\{[^}]*\}(?:\[[^\]]*\])?|\[[^\]]*\]")]
    private static partial Regex Labels();

    [GeneratedRegex(@"(?<![\w.])([a-zA-Z_:][a-zA-Z0-9_:]*)(?!\w*\s*\()")]
    private static partial Regex Word();

    [GeneratedRegex(@"label_values\(([^,]+),")]
    private static partial Regex LabelValues();

    [GeneratedRegex(@"^\| `([a-z][a-z0-9_]*)` \|")]
    private static partial Regex TableRow();

    [GeneratedRegex(@"_(?:bucket|sum|count)$")]
    private static partial Regex HistogramSuffix();
}
