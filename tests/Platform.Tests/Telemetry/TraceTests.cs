using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training;

namespace VisionPlatform.Platform.Tests.Telemetry;

[Collection(nameof(ObservedLab))]
public sealed class TraceTests(ObservedLab lab)
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Fact]
    public async Task One_trace_leads_from_the_request_through_the_orchestrations_to_the_callbacks_of_the_trainer()
    {
        var id = await lab.NewJobAsync(epochs: 2);
        (await lab.Admin.SendAsync(HttpMethod.Post, $"training/jobs/{id}/start", (object?)null, ("traceparent", $"00-{Trace}-00f067aa0ba902b7-01"))).Expect(202);
        await lab.WaitForStateAsync(id, "completed");
        await Waiting.UntilAsync(() => InTrace().Any(span => span.Name == "orchestration:TrainModel"), "the orchestration's span arrives");

        var spans = InTrace();
        var request = spans.Single(span => span.Name == "POST api/v1/training/jobs/{id:guid}/start");
        Assert.Equal("00f067aa0ba902b7", request.ParentId);
        Assert.Single(spans, span => span.Name == "create_orchestration:TrainModel");
        // TRAINER_LOOKS_PER_HISTORY makes the run continue as new several times, which opens and starts its attempt again. It ends once all the same.
        Assert.Single(spans, span => span.Name == "orchestration:TrainModel");
        Assert.Single(spans, span => span.Name == "orchestration:RunOnTrainer");
        var sent = spans.Single(span => span.Attributes.GetValueOrDefault("url.full", "").EndsWith("/v1/jobs", StringComparison.Ordinal));
        var start = spans.Single(span => span.SpanId == sent.ParentId);
        Assert.Equal("activity:StartAttempt", start.Name);
        Assert.Contains(spans, span => span.Name == "POST api/v1/trainer/attempts/{attemptId:guid}/events" && span.ParentId == start.SpanId);
        Assert.Contains(spans, span => span.Attributes.GetValueOrDefault("db.system.name", span.Attributes.GetValueOrDefault("db.system", "")) == "postgresql");
        // Every span hangs below another one of the trace. A parent may end, and so arrive, after its children.
        await Waiting.UntilAsync(() =>
        {
            var known = InTrace().Select(span => span.SpanId).Append(request.ParentId).ToHashSet();
            return InTrace().All(span => known.Contains(span.ParentId));
        }, "the parent of every span arrives");
    }

    [Fact]
    public async Task Spans_have_no_paths_no_signatures_and_no_persons()
    {
        await Waiting.UntilAsync(() => lab.Collector.Spans.Any(span => span.Name == "orchestration:TrainModel"), "spans arrive");

        Assert.All(lab.Collector.Spans.SelectMany(span => span.Attributes), attribute =>
        {
            Assert.NotEqual("url.path", attribute.Key);
            Assert.DoesNotContain("X-Amz-Signature=", attribute.Value.Replace("X-Amz-Signature=Redacted", "", StringComparison.Ordinal), StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("@platform.test", attribute.Value, StringComparison.OrdinalIgnoreCase);
        });
    }

    [Fact]
    public async Task Probes_and_background_loops_make_no_traces()
    {
        await lab.ScrapeAsync();
        await Waiting.UntilAsync(() => lab.Collector.Spans.Any(span => span.Name == "orchestration:TrainModel"), "spans arrive");

        var roots = lab.Collector.Spans.Where(span => span.ParentId.Length == 0).ToList();
        Assert.DoesNotContain(lab.Collector.Spans, span => span.Name.EndsWith("/ready", StringComparison.Ordinal) || span.Name.EndsWith("metrics", StringComparison.Ordinal));
        Assert.All(roots, root => Assert.True(
            root.Attributes.ContainsKey("http.route") || root.Name.StartsWith("create_orchestration:", StringComparison.Ordinal), root.Name));
    }

    private List<ReceivedSpan> InTrace() => [.. lab.Collector.Spans.Where(span => span.TraceId == Trace)];
}
