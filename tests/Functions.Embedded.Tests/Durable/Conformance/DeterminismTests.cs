using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>What has to be the same at each replay, and how it is told when it is not.</summary>
public sealed class DeterminismTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ids_and_times_are_the_same_in_a_replay_and_ids_are_version_5()
    {
        var seen = new List<(Guid, DateTime, bool)>();
        TestFunctions functions = new TestFunctions()
            .Activity<string, int>("Step", (string _) => 1)
            .Orchestrator("Ids", async context =>
            {
                seen.Add((context.NewGuid(), context.CurrentUtcDateTime, context.IsReplaying));
                await context.CallActivityAsync("Step");
                await context.WaitForExternalEvent<bool>("go");
                return context.NewGuid();
            });
        string hub = $"ids-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine first = await database.StartAsync(functions, hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Ids", Cancellation);
            await Eventually.TrueAsync(async () => (await first.HistoryOf(id)).Any(e => e.Kind == EventKind.TaskCompleted));
        }

        await using TestEngine second = await database.StartAsync(functions, hub: hub);
        await second.Client.RaiseEventAsync(id, "go", true, Cancellation);
        Guid later = (await second.EndOf(id)).ReadOutputAs<Guid>();

        Assert.Equal(2, seen.Count);
        Assert.Equal((seen[0].Item1, seen[0].Item2), (seen[1].Item1, seen[1].Item2));
        Assert.Equal((false, true), (seen[0].Item3, seen[1].Item3));
        Assert.Equal(5, seen[0].Item1.Version);
        Assert.NotEqual(seen[0].Item1, later);
    }

    [Fact]
    public async Task A_replay_safe_logger_writes_each_line_once()
    {
        TestFunctions functions = new TestFunctions().Orchestrator("Log", async context =>
        {
            ILogger logger = context.CreateReplaySafeLogger("orchestrator");
            logger.LogInformation("before the wait");
            await context.WaitForExternalEvent<bool>("go");
            logger.LogInformation("after the wait");
        });
        string hub = $"log-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine first = await database.StartAsync(functions, hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Log", Cancellation);
            await first.Client.WaitForInstanceStartAsync(id, Cancellation);
            Assert.Single(first.Log, line => line.Contains("before the wait"));
        }

        await using TestEngine second = await database.StartAsync(functions, hub: hub);
        await second.Client.RaiseEventAsync(id, "go", true, Cancellation);
        await second.EndOf(id);

        Assert.DoesNotContain(second.Log, line => line.Contains("before the wait"));
        Assert.Single(second.Log, line => line.Contains("after the wait"));
    }

    [Fact]
    public async Task Continuations_run_in_the_turn_after_an_await_of_any_combination_of_tasks()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Id", value => value)
            .Orchestrator("Tasks", async context =>
            {
                Task<int>[] calls = [.. Enumerable.Range(0, 5).Select(i => context.CallActivityAsync<int>("Id", i))];
                int sum = 0;
                await Task.Yield();
                await calls[0].ContinueWith(_ => sum += (int)context.NewGuid().Version, TaskScheduler.Current);
                List<Task<int>> open = [.. calls];
                while (open.Count > 0)
                {
                    Task<int> next = await Task.WhenAny(open);
                    open.Remove(next);
                    sum += await next;
                }

                return sum;
            }));

        Assert.Equal(15, (await engine.RunAsync("Tasks")).ReadOutputAs<int>());
    }

    [Fact]
    public Task A_replay_that_calls_another_activity_fails_and_names_both() => AssertFoundAsync(
        async context =>
        {
            await context.CallActivityAsync("B");
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'A' as #0",
        "called the activity 'B' as #0");

    [Fact]
    public Task A_replay_that_creates_a_timer_in_place_of_a_call_fails() => AssertFoundAsync(
        async context =>
        {
            await context.CreateTimer(TimeSpan.FromSeconds(1), CancellationToken.None);
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'A' as #0",
        "created a timer as #0");

    [Fact]
    public Task A_replay_that_lacks_a_call_fails() => AssertFoundAsync(
        context => context.WaitForExternalEvent<bool>("go"),
        "called the activity 'A' as #0",
        "but the replay did not.");

    [Fact]
    public Task A_replay_with_an_additional_call_fails() => AssertFoundAsync(
        async context =>
        {
            Task one = context.CallActivityAsync("A");
            _ = context.CallActivityAsync("B");
            await one;
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'B' as #1",
        "which is not in its history");

    [Fact]
    public Task A_replay_with_an_additional_call_in_the_last_turn_fails() => AssertFoundAsync(
        async context =>
        {
            await context.CallActivityAsync("A");
            _ = context.CallActivityAsync("B");
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'B' as #1",
        "which is not in its history");

    [Fact]
    public async Task Code_may_change_after_the_point_that_the_history_has_reached()
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
    public async Task An_orchestrator_that_leaves_its_turn_fails()
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

    [Fact]
    public async Task An_orchestrator_that_is_replayed_at_every_turn_has_the_same_result()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions()
                .Activity<int, int>("Add", value => value + 1)
                .Activity<int, int>("Fail", (int _) => throw new IOException())
                .Orchestrator("Child", context => context.CallActivityAsync<int>("Add", context.GetInput<int>()))
                .Orchestrator("All", async context =>
                {
                    var ids = new List<Guid> { context.NewGuid() };
                    int value = await context.CallActivityAsync<int>("Add", 0);
                    value = (await Task.WhenAll(Enumerable.Range(0, 5).Select(i => context.CallSubOrchestratorAsync<int>("Child", value + i)))).Max();
                    ids.Add(context.NewGuid());
                    using var cancel = new CancellationTokenSource();
                    Task timer = context.CreateTimer(TimeSpan.FromMilliseconds(20), cancel.Token);
                    Task<int> call = context.CallActivityAsync<int>("Add", value);
                    await Task.WhenAny(timer, call);
                    value = await call;
                    cancel.Cancel();
                    try
                    {
                        await context.CallActivityAsync<int>("Fail", value, new TaskOptions(new RetryPolicy(3, TimeSpan.FromMilliseconds(1))));
                    }
                    catch (TaskFailedException)
                    {
                        value *= 10;
                    }

                    context.SendEvent(context.InstanceId, "own", value);
                    value += await context.WaitForExternalEvent<int>("own", TimeSpan.FromSeconds(30));
                    return (value, ids.Concat([context.NewGuid()]).Distinct().Count());
                }),
            options => options.MaxLiveInstances = -1);

        Assert.Equal((140, 3), (await engine.RunAsync("All")).ReadOutputAs<(int, int)>());
    }

    [Fact]
    public Task A_replay_that_calls_a_sub_orchestration_in_place_of_an_activity_fails() => AssertFoundAsync(
        async context =>
        {
            await context.CallSubOrchestratorAsync("A");
            await context.WaitForExternalEvent<bool>("go");
        },
        "called the activity 'A' as #0",
        "called the sub-orchestrator 'A' as #0");

    [Fact]
    public Task A_replay_that_ends_before_its_history_fails() => AssertFoundAsync(
        _ => Task.CompletedTask,
        "called the activity 'A' as #0",
        "but the replay did not.");

    [Fact]
    public async Task A_wait_that_is_cancelled_outside_of_the_orchestrator_fails_the_instance()
    {
        using var outside = new CancellationTokenSource();
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Outside", async context =>
        {
            Task<string> wait = context.WaitForExternalEvent<string>("e", outside.Token);
            context.SetCustomStatus("waits");
            await context.WaitForExternalEvent<string>("go");
            return await wait;
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Outside", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.Client.GetInstanceAsync(id, getInputsAndOutputs: true, Cancellation))?.SerializedCustomStatus == "\"waits\"");

        await outside.CancelAsync();
        await engine.Client.RaiseEventAsync(id, "go", "", Cancellation);

        OrchestrationMetadata end = await engine.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Cancellation);
        Assert.Contains("Non-deterministic", end.FailureDetails!.ErrorMessage);
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
            await Eventually.TrueAsync(async () => (await first.HistoryOf(id)).Any(e => e.Kind == EventKind.TaskCompleted));
        }

        await using TestEngine second = await database.StartAsync(With(changed), hub: hub);
        await second.Client.RaiseEventAsync(id, "go", true, Cancellation);
        return await second.EndOf(id);
    }
}
