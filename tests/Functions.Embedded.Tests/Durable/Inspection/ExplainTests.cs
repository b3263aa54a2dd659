using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Inspection;

/// <summary>What an orchestration waits for, in words.</summary>
public sealed class ExplainTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_orchestration_waits_for_an_event_or_a_timer()
    {
        DateTime due = DateTime.UtcNow.AddHours(3);
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Approve", context =>
            Task.WhenAny(context.WaitForExternalEvent<bool>("approval"), context.CreateTimer(due, CancellationToken.None))));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Approve", Cancellation);

        // The process may run the first turn before it has registered.
        InstanceExplanation explained = await ExplainWhenAsync(engine, id, e => e.WaitsFor.Count == 2 && e.CanRun.Count == 1);

        Assert.Equal(("event", "approval"), (explained.WaitsFor.Single(wait => wait.Until is null).Kind, explained.WaitsFor.Single(wait => wait.Until is null).Name));
        OpenWait timer = explained.WaitsFor.Single(wait => wait.Kind == "timer");
        Assert.Equal(due, timer.Until!.Value.UtcDateTime, TimeSpan.FromMilliseconds(1));
        Assert.Equal(timer.Until, explained.NextWakeUp);
        Assert.Contains("the event 'approval', which nobody has raised", explained.Summary);
        Assert.Single(explained.CanRun);
        Assert.Equal("Running", explained.Status);
    }

    [Fact]
    public async Task A_running_activity_names_the_process_that_has_it()
    {
        var go = new TaskCompletionSource();
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Train", async (_, _) => { await go.Task; return 1; })
            .Orchestrator("Job", context => context.CallActivityAsync<int>("Train", "")));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);

        InstanceExplanation explained = await ExplainWhenAsync(engine, id, e => e.WaitsFor is [{ Until: not null }]);
        go.SetResult();

        Assert.Equal(("activity", "Train"), (explained.WaitsFor[0].Kind, explained.WaitsFor[0].Name));
        Assert.Contains($"process {engine.Store.Owner.ToString("N")[..8]} has it", explained.Summary);
        await engine.EndOf(id);
        Assert.Equal("Completed", (await ExplainAsync(engine, id))!.Status);
    }

    [Fact]
    public async Task A_queued_activity_that_no_process_has_says_so()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Job", context => context.CallActivityAsync<int>("Gone", "")));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);

        // The process may have it for a moment, until it sees that it lacks the function.
        InstanceExplanation explained = await ExplainWhenAsync(engine, id, e => e.CanRun.Count == 1 && e.Summary.Contains("queued", StringComparison.Ordinal));

        Assert.Contains("it is queued. None of the 1 living process has the activity 'Gone', and none ever had the activity 'Gone'.", explained.Summary);
    }

    [Fact]
    public async Task A_sub_orchestration_is_named_with_its_state()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Child", context => context.WaitForExternalEvent<bool>("go"))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<bool>("Child", options: new SubOrchestrationOptions { InstanceId = "the-child" })));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", Cancellation);

        InstanceExplanation explained = await ExplainWhenAsync(engine, id, e => e.Summary.Contains("which is running", StringComparison.Ordinal));

        Assert.StartsWith("It waits for the orchestration 'Child' (the-child), which is running", explained.Summary);
        Assert.StartsWith("It waits for the event 'go'", (await ExplainWhenAsync(engine, "the-child", e => e.WaitsFor.Count == 1)).Summary);
    }

    [Fact]
    public async Task A_suspended_orchestration_and_one_that_starts_later_say_so()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Wait", context => context.WaitForExternalEvent<bool>("go")));
        string suspended = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await engine.Client.SuspendInstanceAsync(suspended, "maintenance", Cancellation);
        string later = await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Wait", null, new StartOrchestrationOptions(StartAt: DateTimeOffset.UtcNow.AddDays(1)), Cancellation);

        Assert.Equal("It is suspended. It goes on when somebody resumes it.", (await ExplainWhenAsync(engine, suspended, e => e.Status == "Suspended")).Summary);
        Assert.StartsWith("It starts at ", (await ExplainWhenAsync(engine, later, e => e.CanRun.Count == 1)).Summary);
    }

    [Fact]
    public async Task An_orchestration_whose_process_is_gone_says_when_it_was_last_alive()
    {
        string hub = $"gone-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine first = await database.StartAsync(new TestFunctions().Orchestrator("Old", context => context.WaitForExternalEvent<bool>("go")), hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Old", Cancellation);
            await ExplainWhenAsync(first, id, e => e.WaitsFor.Count == 1 && e.CanRun.Count == 1);
        }
        await using TestEngine second = await database.StartAsync(new TestFunctions().Orchestrator("New", _ => Task.FromResult(1)), hub: hub);

        InstanceExplanation explained = await ExplainWhenAsync(second, id, e => e.Summary.Contains("None of", StringComparison.Ordinal));

        Assert.Contains("has the orchestrator 'Old'; the last one that had the orchestrator was alive until ", explained.Summary);
        Assert.Equal("This build has no orchestrator 'Old'.", explained.ReplayError);
    }

    [Fact]
    public async Task A_failed_orchestration_gives_its_error_and_an_unknown_id_gives_nothing()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator<int>("Fail", _ => throw new InvalidOperationException("no such dataset")));
        string id = (await engine.RunAsync("Fail")).InstanceId;

        InstanceExplanation explained = (await ExplainAsync(engine, id))!;

        Assert.StartsWith("It failed at ", explained.Summary);
        Assert.EndsWith("System.InvalidOperationException: no such dataset", explained.Summary);
        Assert.Empty(explained.WaitsFor);
        Assert.Null(await ExplainAsync(engine, "nothing"));
    }

    private static Task<InstanceExplanation?> ExplainAsync(TestEngine engine, string id) => engine.Get<HubInspector>().ExplainAsync(id, Cancellation);

    private static async Task<InstanceExplanation> ExplainWhenAsync(TestEngine engine, string id, Func<InstanceExplanation, bool> condition)
    {
        InstanceExplanation? explained = null;
        await Eventually.TrueAsync(async () => (explained = await ExplainAsync(engine, id)) is not null && condition(explained));
        return explained!;
    }
}
