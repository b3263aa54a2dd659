using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Embedded;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>An orchestrator whose code changes between two engines, in the middle of an instance.</summary>
public sealed class DeterminismTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_call_of_another_activity_fails_the_instance_and_names_both() => AssertFoundAsync(
        async context =>
        {
            await context.CallActivityAsync("B");
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'A' as #0",
        "called the activity 'B' as #0");

    [Fact]
    public Task A_timer_in_place_of_an_activity_is_found() => AssertFoundAsync(
        async context =>
        {
            await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'A' as #0",
        "created a timer as #0");

    [Fact]
    public Task A_call_that_is_missing_at_replay_is_found() => AssertFoundAsync(
        context => context.WaitForExternalEvent<bool>("go"),
        "called the activity 'A' as #0",
        "has not done so");

    [Fact]
    public Task A_call_that_is_new_at_replay_is_found() => AssertFoundAsync(
        async context =>
        {
            Task one = context.CallActivityAsync("A");
            _ = context.CallActivityAsync("B");
            await one;
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'B' as #1",
        "the history has nothing there");

    [Fact]
    public Task A_call_that_is_new_in_the_last_turn_before_the_replay_is_found() => AssertFoundAsync(
        async context =>
        {
            await context.CallActivityAsync("A");
            _ = context.CallActivityAsync("B");
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'B' as #1",
        "the history has nothing there");

    [Fact]
    public async Task Code_that_goes_on_as_before_may_change_behind_the_point_reached()
    {
        OrchestrationMetadata end = await RunChangedAsync(async context =>
        {
            await context.CallActivityAsync("A");
            await context.WaitForExternalEvent<bool>("go");
            await context.CallActivityAsync("B");
        });

        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
    }

    [Fact]
    public async Task An_orchestrator_that_leaves_its_turn_fails_instead_of_going_on_differently()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("A", (string _) => 1)
            .Orchestrator("Leaves", async context =>
            {
                await context.CallActivityAsync("A").ConfigureAwait(false);
                await Task.Run(() => context.CallActivityAsync("A"), Cancellation);
            })
            .Orchestrator("Delays", async context =>
            {
                await Task.Delay(TimeSpan.FromHours(1), Cancellation);
                await context.CallActivityAsync("A");
            }));

        OrchestrationMetadata delays = await engine.RunAsync("Delays");
        OrchestrationMetadata leaves = await engine.RunAsync("Leaves");

        Assert.Contains("not durable", delays.FailureDetails!.ErrorMessage);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, leaves.RuntimeStatus);
        Assert.Contains("Non-deterministic", leaves.FailureDetails!.ErrorMessage);
    }

    private async Task AssertFoundAsync(Func<TaskOrchestrationContext, Task> changed, string expected, string actual)
    {
        OrchestrationMetadata end = await RunChangedAsync(changed);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("Non-deterministic", end.FailureDetails!.ErrorMessage);
        Assert.Contains(expected, end.FailureDetails.ErrorMessage);
        Assert.Contains(actual, end.FailureDetails.ErrorMessage);
    }

    /// <summary>Runs the original to its wait on one engine, then the changed code on another.</summary>
    private async Task<OrchestrationMetadata> RunChangedAsync(Func<TaskOrchestrationContext, Task> changed)
    {
        static TestFunctions With(Func<TaskOrchestrationContext, Task> code) => new TestFunctions()
            .Activity<string, int>("A", (string _) => 1)
            .Activity<string, int>("B", (string _) => 2)
            .Orchestrator("Code", code);

        string hub = $"change-{Guid.NewGuid():N}";
        string id;
        TestFunctions original = With(async context =>
        {
            await context.CallActivityAsync("A");
            await context.WaitForExternalEvent<bool>("go");
        });
        await using (TestEngine first = await database.StartAsync(original, hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Code", Cancellation);
            await TestEngine.UntilAsync(async () => (await first.HistoryOf(id)).Any(e => e.Kind == EventKind.TaskCompleted));
        }

        await using TestEngine second = await database.StartAsync(With(changed), hub: hub);
        await second.Client.RaiseEventAsync(id, "go", true, Cancellation);
        return await second.EndOf(id);
    }
}
