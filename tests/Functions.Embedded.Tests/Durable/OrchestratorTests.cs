using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

public sealed class OrchestratorTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sub_orchestration_gets_a_chosen_id_knows_its_parent_and_gives_a_result()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Child", context => Task.FromResult($"{context.InstanceId} of {context.Parent!.Name} {context.Parent.InstanceId}: {context.GetInput<int>()}"))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Child", 3, new SubOrchestrationOptions(instanceId: "kid"))));

        OrchestrationMetadata end = await engine.RunAsync("Parent", id: "mum");

        Assert.Equal("kid of Parent mum: 3", end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_hundred_sub_orchestrations_run_side_by_side()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Add", value => value + 1)
            .Orchestrator("Child", context => context.CallActivityAsync<int>("Add", context.GetInput<int>()))
            .Orchestrator("Parent", async context => (await Task.WhenAll(
                Enumerable.Range(0, 100).Select(i => context.CallSubOrchestratorAsync<int>("Child", i)))).Sum()));

        Assert.Equal(5050, (await engine.RunAsync("Parent")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_failed_sub_orchestration_fails_the_call_and_a_retry_policy_runs_it_again_under_its_id()
    {
        int runs = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Child", context => ++runs < 3 ? throw new IOException("not yet") : Task.FromResult(context.InstanceId))
            .Orchestrator("Once", context => context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(instanceId: "once")))
            .Orchestrator("Retried", context => context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(
                new RetryPolicy(5, TimeSpan.FromMilliseconds(5)), "retried"))));

        OrchestrationMetadata once = await engine.RunAsync("Once");
        OrchestrationMetadata retried = await engine.RunAsync("Retried");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, once.RuntimeStatus);
        Assert.True(once.FailureDetails!.InnerFailure!.IsCausedBy<IOException>());
        Assert.Equal("retried", retried.ReadOutputAs<string>());
        Assert.Equal(3, runs);
    }

    [Fact]
    public async Task A_sub_orchestration_with_the_id_of_a_running_instance_fails_the_call()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Wait", context => context.WaitForExternalEvent<int>("e"))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<int>("Wait", options: new SubOrchestrationOptions(instanceId: "taken"))));
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("taken"), Cancellation);

        OrchestrationMetadata end = await engine.RunAsync("Parent");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("taken", end.FailureDetails!.ErrorMessage);
    }

    [Fact]
    public async Task Continue_as_new_starts_over_with_a_new_input_an_empty_history_and_the_events_nobody_took()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Counter", async context =>
        {
            int[] taken = context.GetInput<int[]>() ?? [];
            if (taken.Length == 5)
                return taken;
            if (taken.Length == 0)
                await context.WaitForExternalEvent<bool>("go");
            int next = await context.WaitForExternalEvent<int>("value");
            context.ContinueAsNew((int[])[.. taken, next]);
            return [];
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Counter", Cancellation);

        for (int i = 0; i < 5; i++)
            await engine.Client.RaiseEventAsync(id, "value", i, Cancellation);
        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.Equal((int[])[0, 1, 2, 3, 4], (await engine.EndOf(id)).ReadOutputAs<int[]>());
        Assert.Equal(1, await engine.QueryAsync<long>($"SELECT count(DISTINCT execution_id) FROM durable.history WHERE instance_id = '{id}'"));
    }

    [Fact]
    public async Task Continue_as_new_may_leave_the_events_nobody_took_behind()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Forget", async context =>
        {
            if (context.GetInput<bool>())
                return await context.WaitForExternalEvent<string>("value", TimeSpan.FromMilliseconds(50)) ;
            await context.WaitForExternalEvent<bool>("go");
            context.ContinueAsNew(true, preserveUnprocessedEvents: false);
            return "";
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Forget", Cancellation);
        await engine.Client.RaiseEventAsync(id, "value", "old", Cancellation);
        await TestEngine.UntilAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == EventKind.EventRaised));

        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.True((await engine.EndOf(id)).FailureDetails!.IsCausedBy<OperationCanceledException>());
    }

    [Fact]
    public async Task Ids_and_times_are_the_same_at_replay_and_ids_are_version_5()
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
            await TestEngine.UntilAsync(async () => (await first.HistoryOf(id)).Any(e => e.Kind == EventKind.TaskCompleted));
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
    public async Task Custom_status_version_and_tags_are_shown()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Shown", async context =>
        {
            context.SetCustomStatus(new { Step = 1, context.Version });
            await context.WaitForExternalEvent<bool>("go");
            return context.CompareVersionTo("1.10");
        }));
        var options = new StartOrchestrationOptions { Version = "1.9", Tags = new Dictionary<string, string> { ["team"] = "vision" } };
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Shown", options, Cancellation);
        await engine.Client.WaitForInstanceStartAsync(id, Cancellation);

        OrchestrationMetadata running = (await engine.Client.GetInstanceAsync(id, true, Cancellation))!;
        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.Equal("""{"Step":1,"Version":"1.9"}""", running.SerializedCustomStatus);
        Assert.Equal("vision", running.Tags["team"]);
        Assert.True((await engine.EndOf(id)).ReadOutputAs<int>() < 0);
    }

    [Fact]
    public async Task Activities_nobody_waits_for_still_run()
    {
        var ran = new TaskCompletionSource();
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, int>("Aside", (string _) =>
            {
                ran.SetResult();
                return 1;
            })
            .Orchestrator("Forgetful", context =>
            {
                _ = context.CallActivityAsync("Aside");
                return Task.FromResult("done");
            }));

        Assert.Equal("done", (await engine.RunAsync("Forgetful")).ReadOutputAs<string>());
        await ran.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        await TestEngine.UntilAsync(async () => await engine.QueryAsync<long>("SELECT count(*) FROM durable.activities") == 0);
    }

    [Fact]
    public async Task The_continuations_of_an_orchestrator_run_in_its_turn_whatever_it_awaits_of_tasks()
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
}
