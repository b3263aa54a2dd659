using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.DurableTask;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>The engine's spans and metrics.</summary>
public sealed class TelemetryTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_instance_keeps_the_trace_of_its_start_in_another_engine_and_a_replay_makes_no_spans()
    {
        string hub = $"trace-{Guid.NewGuid():n}";
        var seen = new ConcurrentQueue<string?>();
        TestFunctions functions = new TestFunctions()
            .Activity<string, string>("Step", name =>
            {
                seen.Enqueue(Activity.Current?.TraceId.ToHexString());
                return name;
            })
            .Orchestrator("Child", context => context.CallActivityAsync<string>("Step", "in the child"))
            .Orchestrator("Parent", async context =>
            {
                await context.CallActivityAsync<string>("Step", "before the event");
                await context.WaitForExternalEvent<string>("Go");
                await context.CallSubOrchestratorAsync<string>("Child");
            });
        using var spans = new Spans();
        Activity caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C);
        string id;
        await using (TestEngine first = await database.StartAsync(functions, hub: hub))
        {
            using (caller.Start())
                id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Parent", Cancellation);
            await Eventually.TrueAsync(async () => (await first.HistoryOf(id)).Any(e => e.Kind == EventKind.TaskCompleted));
        }

        await using TestEngine second = await database.StartAsync(functions, hub: hub);
        await second.Client.RaiseEventAsync(id, "Go", "", Cancellation);
        await second.EndOf(id);
        await Eventually.TrueAsync(() => spans.Of(caller.TraceId).Any(span => span.DisplayName == "orchestration:Parent"));

        List<Activity> all = spans.Of(caller.TraceId);
        Assert.Equal(
            ["activity:Step", "activity:Step", "create_orchestration:Parent", "orchestration:Child", "orchestration:Parent"],
            all.Select(span => span.DisplayName).Order(StringComparer.Ordinal));
        ActivitySpanId start = all.Single(span => span.DisplayName == "create_orchestration:Parent").SpanId;
        Assert.All(all.Where(span => span.SpanId != start), span => Assert.Equal(start, span.ParentSpanId));
        Assert.All(seen, trace => Assert.Equal(caller.TraceId.ToHexString(), trace));
    }

    [Fact]
    public async Task Where_nobody_listens_activities_continue_the_trace_for_the_log_and_what_has_no_trace_gets_none()
    {
        TestFunctions functions = new TestFunctions()
            .Activity<int, string?>("Step", _ => Activity.Current?.TraceId.ToHexString())
            .Orchestrator("One", context => context.CallActivityAsync<string?>("Step", 1));
        await using TestEngine engine = await database.StartAsync(functions);

        Assert.Null((await engine.RunAsync("One")).ReadOutputAs<string?>());
        using Activity caller = new Activity("caller").SetIdFormat(ActivityIdFormat.W3C).Start();
        Assert.Equal(caller.TraceId.ToHexString(), (await engine.RunAsync("One")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task What_waits_and_runs_on_the_hub_is_counted_when_somebody_asks()
    {
        var gate = new TaskCompletionSource();
        TestFunctions functions = new TestFunctions()
            .Activity<int, int>("Held", async (_, cancellation) =>
            {
                await gate.Task.WaitAsync(cancellation);
                return 1;
            })
            .Orchestrator("Holding", context => context.CallActivityAsync<int>("Held", 1));
        await using TestEngine engine = await database.StartAsync(functions);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Holding", Cancellation);
        var reading = engine.Get<HubReading>();

        await Eventually.TrueAsync(() => reading.Latest() is { Waiting.ActivitiesRunning: 1 });

        Assert.Equal([new InstanceCount("Holding", "Running", 1)], reading.Latest().Instances);
        Assert.Equal((0, 0), (reading.Latest().Waiting!.ActivitiesWaiting, reading.Latest().Waiting!.InstancesReady));
        gate.SetResult();
        await engine.EndOf(id);
    }

    /// <summary>The ended spans of the engines of this process.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _ended = new();
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == EngineTraces.SourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _ended.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        public List<Activity> Of(ActivityTraceId trace) => [.. _ended.Where(span => span.TraceId == trace)];

        public void Dispose() => _listener.Dispose();
    }
}
