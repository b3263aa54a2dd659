using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Telemetry;

[Collection(nameof(ObservedLab))]
public sealed class MetricsTests(ObservedLab lab, PlatformHost host)
{
    [Theory]
    [InlineData("/metrics")]
    [InlineData("/api/v1/metrics")]
    public async Task Only_the_metrics_token_and_operators_may_read_metrics(string path)
    {
        using var anybody = lab.App.NewClient();
        (await anybody.GetAsync(path)).Expect(401, "UNAUTHENTICATED");
        (await anybody.WithToken(ObservedLab.MetricsToken + "x").GetAsync(path)).Expect(401, "UNAUTHENTICATED");
        using var engineer = await lab.NewUserAsync(SystemRole.AdvancedEngineer);
        (await engineer.GetAsync(path)).Expect(403, "FORBIDDEN");

        Assert.StartsWith("text/plain", (await lab.Admin.GetAsync(path)).Expect(200).ContentHeaders.ContentType!.ToString(), StringComparison.Ordinal);
        (await anybody.WithToken(ObservedLab.MetricsToken).GetAsync(path)).Expect(200);
        (await anybody.SendAsync(HttpMethod.Head, path)).Expect(200);
        // The token opens nothing else.
        (await anybody.GetAsync("projects")).Expect(401, "UNAUTHENTICATED");
    }

    [Fact]
    public async Task Without_a_metrics_token_an_empty_one_opens_nothing()
    {
        using var anybody = host.App.NewClient();
        foreach (var token in (string[])["", " ", "null"])
            (await anybody.SendAsync(HttpMethod.Get, "/metrics", null, ("Authorization", $"Bearer {token}"))).Expect(401, "UNAUTHENTICATED");
        (await host.Admin.GetAsync("/metrics")).Expect(200);
    }

    [Fact]
    public async Task A_job_is_measured_until_after_its_end()
    {
        var id = await lab.StartJobAsync(epochs: 2);
        var ended = await lab.WaitForStateAsync(id, "completed");
        var job = id.ToString();
        var answer = "";
        await Waiting.UntilAsync(async () => ObservedLab.SeriesOf(answer = await lab.ScrapeAsync(), "training_status").Any(series => series.Labels["job_id"] == job && series.Labels["status"] == "completed"), "the end of the job is reported");
        double? Of(string name) => ObservedLab.SeriesOf(answer, name).Where(series => series.Labels["job_id"] == job).Select(series => (double?)series.Value).SingleOrDefault();

        Assert.Single(ObservedLab.SeriesOf(answer, "training_status"), series => series.Labels["job_id"] == job);
        var latest = ended.GetProperty("latestMetrics");
        Assert.Equal(latest.GetProperty("loss").GetDouble(), Of("training_loss")!.Value, 1e-9);
        Assert.Equal(latest.GetProperty("accuracy").GetDouble(), Of("training_accuracy")!.Value, 1e-9);
        Assert.Equal(2, Of("training_epoch"));
        Assert.True(Of("training_samples_per_second") > 0);
        Assert.True(ObservedLab.SeriesOf(answer, "total_training_jobs").Single(series => series.Labels["status"] == "completed").Value >= 1);
        Assert.Equal(0, Assert.Single(ObservedLab.SeriesOf(answer, "active_training_jobs")).Value);
        Assert.Equal(0, Assert.Single(ObservedLab.SeriesOf(answer, "trainer_slots_in_use")).Value);
        Assert.True(Assert.Single(ObservedLab.SeriesOf(answer, "trainer_slots")).Value > 0);
    }

    [Fact]
    public async Task Requests_are_counted_by_route_and_orchestrations_by_name()
    {
        var answer = "";
        // A job is completed a moment before its orchestration ends.
        await Waiting.UntilAsync(async () => Ended(answer = await lab.ScrapeAsync()).Any(series => series.Value >= 1) && ObservedLab.NamesIn(answer).Contains("orchestrations_ready"), "the end of the training is counted");

        var started = ObservedLab.SeriesOf(answer, "api_requests_total").Single(series => series.Labels["route"] == "/api/v1/training/jobs/{id:guid}/start");
        Assert.Equal(("POST", "202"), (started.Labels["method"], started.Labels["status"]));
        Assert.True(started.Value >= 1);
        Assert.True(ObservedLab.SeriesOf(answer, "api_request_duration_seconds_bucket").Count > 0);
        Assert.Single(Ended(answer));
        Assert.Contains(ObservedLab.SeriesOf(answer, "activity_duration_seconds_count"), series => series.Labels["activity"] == "StartAttempt" && series.Labels["outcome"] == "completed");

        static IEnumerable<(IReadOnlyDictionary<string, string> Labels, double Value)> Ended(string answer) =>
            ObservedLab.SeriesOf(answer, "orchestrations_ended_total").Where(series => series.Labels["orchestrator"] == "TrainModel" && series.Labels["status"] == "Completed");
    }

    [Fact]
    public async Task Nothing_in_the_metrics_names_a_person_or_a_secret()
    {
        var answer = await lab.ScrapeAsync();

        Assert.DoesNotContain("@", answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Password=", answer, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(ObservedLab.MetricsToken, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("Host=", answer, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Metrics_are_pushed_to_a_collector() => await Waiting.UntilAsync(() => lab.Collector.Metrics > 0, "metrics reach the collector");

    [Fact]
    public async Task Without_a_database_its_metrics_are_left_out_and_the_others_stay()
    {
        await using var app = await host.StartAppAsync(settings: new Dictionary<string, string?> { ["METRICS_TOKEN"] = ObservedLab.MetricsToken });
        await lab.UntilMetricAsync("work_under_way", app: app);
        await host.DropDatabaseAsync(app.Databases.Platform);

        string answer = "";
        await Waiting.UntilAsync(async () => Up(answer = await lab.ScrapeAsync(app), "platform_database") == 0, "the database is reported as away");

        Assert.Equal(1, Up(answer, "user_database"));
        Assert.Empty(ObservedLab.SeriesOf(answer, "total_training_jobs"));
        Assert.NotEmpty(ObservedLab.SeriesOf(answer, "api_requests_total"));

        static double Up(string answer, string dependency) => ObservedLab.SeriesOf(answer, "dependency_up").Single(series => series.Labels["dependency"] == dependency).Value;
    }
}
