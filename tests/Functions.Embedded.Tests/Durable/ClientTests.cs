using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Embedded;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

public sealed class ClientTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static TestFunctions Functions => new TestFunctions()
        .Orchestrator("Wait", context => context.WaitForExternalEvent<string>("go"))
        .Orchestrator("Echo", context => Task.FromResult(context.GetInput<string>()))
        .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Wait", options: new SubOrchestrationOptions(instanceId: context.InstanceId + "-child")));

    [Fact]
    public async Task An_id_in_use_is_refused_until_its_instance_has_ended_and_then_replaced()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("one"), Cancellation);

        InvalidOperationException refused = await Assert.ThrowsAsync<InvalidOperationException>(
            () => engine.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "x", new StartOrchestrationOptions("one"), Cancellation));
        await engine.Client.RaiseEventAsync("one", "go", "first", Cancellation);
        OrchestrationMetadata first = await engine.EndOf("one");
        OrchestrationMetadata second = await engine.RunAsync("Echo", "second", "one");

        Assert.Contains("already exists", refused.Message);
        Assert.Equal("first", first.ReadOutputAs<string>());
        Assert.Equal("second", second.ReadOutputAs<string>());
        Assert.Equal("Echo", second.Name);
    }

    [Fact]
    public async Task A_start_may_refuse_ids_of_finished_instances_too()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        await engine.RunAsync("Echo", "x", "done");

        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", "y", new StartOrchestrationOptions("done").WithDedupeStatuses(OrchestrationRuntimeStatus.Completed), Cancellation));
    }

    [Fact]
    public async Task Of_many_starts_with_one_id_at_once_one_succeeds()
    {
        await using TestEngine engine = await database.StartAsync(Functions);

        Task<string>[] starts = [.. Enumerable.Range(0, 20).Select(_ =>
            engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("same"), Cancellation))];
        await Assert.ThrowsAsync<InvalidOperationException>(() => Task.WhenAll(starts));

        Assert.Equal(1, starts.Count(start => start.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Instances_are_listed_by_filter_and_page_by_page()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        DateTimeOffset begun = DateTimeOffset.UtcNow.AddSeconds(-1);
        for (int i = 0; i < 7; i++)
            await engine.RunAsync("Echo", $"{i}", $"list-{i}");
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("list-waiting"), Cancellation);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("other"), Cancellation);

        var query = new OrchestrationQuery(
            begun, Statuses: [OrchestrationRuntimeStatus.Completed], InstanceIdPrefix: "list-", PageSize: 3, FetchInputsAndOutputs: true);
        var pages = new List<Page<OrchestrationMetadata>>();
        await foreach (Page<OrchestrationMetadata> page in engine.Client.GetAllInstancesAsync(query).AsPages())
            pages.Add(page);

        Assert.Equal([3, 3, 1], pages.Select(page => page.Values.Count));
        Assert.Equal(["0", "1", "2", "3", "4", "5", "6"], pages.SelectMany(page => page.Values).Select(found => found.ReadOutputAs<string>()));
        Assert.Empty(await engine.Client.GetAllInstancesAsync(new OrchestrationQuery(CreatedTo: begun)).ToListAsync(Cancellation));
        Page<string> ids = await engine.Client.ListInstanceIdsAsync([OrchestrationRuntimeStatus.Completed], begun, null, 5, null, Cancellation);
        Assert.Equal(5, ids.Values.Count);
        Assert.Equal("list-4", ids.ContinuationToken);
    }

    [Fact]
    public async Task Terminating_ends_an_instance_at_once_with_an_output_and_tells_its_parent()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("p"), Cancellation);
        await TestEngine.UntilAsync(async () => await engine.Client.GetInstanceAsync("p-child", Cancellation) is not null);

        await engine.Client.TerminateInstanceAsync("p-child", (object)"enough", Cancellation);

        OrchestrationMetadata child = (await engine.Client.GetInstanceAsync("p-child", true, Cancellation))!;
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, child.RuntimeStatus);
        Assert.Equal("enough", child.ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.EndOf("p")).RuntimeStatus);
    }

    [Fact]
    public async Task Terminating_recursively_ends_sub_orchestrations_too()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("r"), Cancellation);
        await TestEngine.UntilAsync(async () => await engine.Client.GetInstanceAsync("r-child", Cancellation) is not null);

        await engine.Client.TerminateInstanceAsync("r", new TerminateInstanceOptions(Recursive: true), Cancellation);

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await engine.Client.GetInstanceAsync("r", Cancellation))!.RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await engine.Client.GetInstanceAsync("r-child", Cancellation))!.RuntimeStatus);
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.TerminateInstanceAsync("nobody", Cancellation));
    }

    [Fact]
    public async Task A_turn_that_was_under_way_when_its_instance_was_terminated_does_not_happen()
    {
        using var inTurn = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Slow", _ =>
        {
            inTurn.Release();
            goOn.Wait();
            return Task.FromResult("finished");
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Slow", Cancellation);
        await inTurn.WaitAsync(Cancellation);

        await engine.Client.TerminateInstanceAsync(id, (object)"stopped", Cancellation);
        goOn.Set();
        await TestEngine.UntilAsync(() => Task.FromResult(engine.Get<Sessions>().IsIdle));

        OrchestrationMetadata end = (await engine.Client.GetInstanceAsync(id, true, Cancellation))!;
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "stopped"), (end.RuntimeStatus, end.ReadOutputAs<string>()));
        Assert.DoesNotContain(await engine.HistoryOf(id), e => e.Kind == EventKind.OrchestratorStarted);
        Assert.DoesNotContain(engine.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_turn_of_an_instance_that_was_replaced_meanwhile_does_not_touch_the_new_one()
    {
        using var inTurn = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        await using TestEngine engine = await database.StartAsync(Functions.Orchestrator("Slow", context =>
        {
            inTurn.Release();
            goOn.Wait();
            return context.CallActivityAsync<string>("Never");
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Slow", new StartOrchestrationOptions("replaced"), Cancellation);
        await inTurn.WaitAsync(Cancellation);

        await engine.Client.TerminateInstanceAsync(id, Cancellation);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("replaced"), Cancellation);
        goOn.Set();
        await TestEngine.UntilAsync(() => Task.FromResult(engine.Get<Sessions>().IsIdle));
        await engine.Client.RaiseEventAsync(id, "go", "untouched", Cancellation);

        OrchestrationMetadata end = await engine.EndOf(id);
        Assert.Equal(("Wait", "untouched"), (end.Name, end.ReadOutputAs<string>()));
        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE hub = '{engine.Store.Hub}'"));
        Assert.Equal(1, await engine.QueryAsync<long>($"SELECT count(DISTINCT execution_id) FROM durable.history WHERE hub = '{engine.Store.Hub}'"));
    }

    [Fact]
    public async Task A_suspended_instance_keeps_events_until_it_is_resumed()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await engine.Client.SuspendInstanceAsync(id, "hold on", Cancellation);
        await TestEngine.UntilAsync(async () => (await engine.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus == OrchestrationRuntimeStatus.Suspended);

        await engine.Client.RaiseEventAsync(id, "go", "kept", Cancellation);
        await TestEngine.UntilAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == EventKind.EventRaised));
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await engine.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);
        await engine.Client.ResumeInstanceAsync(id, "go on", Cancellation);

        Assert.Equal("kept", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Purging_removes_a_finished_instance_and_spares_one_that_runs()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        OrchestrationMetadata done = await engine.RunAsync("Echo", "x");
        string waiting = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);

        Assert.Equal(1, (await engine.Client.PurgeInstanceAsync(done.InstanceId, Cancellation)).PurgedInstanceCount);
        Assert.Equal(0, (await engine.Client.PurgeInstanceAsync(waiting, Cancellation)).PurgedInstanceCount);

        Assert.Null(await engine.Client.GetInstanceAsync(done.InstanceId, Cancellation));
        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.history WHERE instance_id = '{done.InstanceId}'"));
        Assert.NotNull(await engine.Client.GetInstanceAsync(waiting, Cancellation));
    }

    [Fact]
    public async Task Purging_by_filter_takes_what_has_the_status_and_age_and_recursively_what_it_started()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        for (int i = 0; i < 3; i++)
            await engine.RunAsync("Echo", "x");
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("f"), Cancellation);
        await TestEngine.UntilAsync(async () => await engine.Client.GetInstanceAsync("f-child", Cancellation) is not null);
        await engine.Client.TerminateInstanceAsync("f", new TerminateInstanceOptions(Recursive: true), Cancellation);

        PurgeResult none = await engine.Client.PurgeInstancesAsync(null, DateTimeOffset.UtcNow.AddDays(-1), Cancellation);
        PurgeResult completed = await engine.Client.PurgeInstancesAsync(null, null, [OrchestrationRuntimeStatus.Completed], Cancellation);
        PurgeResult family = await engine.Client.PurgeInstanceAsync("f", new PurgeInstanceOptions(Recursive: true), Cancellation);

        Assert.Equal((0, 3, 2), (none.PurgedInstanceCount, completed.PurgedInstanceCount, family.PurgedInstanceCount));
    }

    [Fact]
    public async Task Restarting_runs_an_instance_again_with_its_input()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        OrchestrationMetadata first = await engine.RunAsync("Echo", "again");

        string same = await engine.Client.RestartAsync(first.InstanceId, cancellation: Cancellation);
        string other = await engine.Client.RestartAsync(first.InstanceId, restartWithNewInstanceId: true, Cancellation);

        Assert.Equal(first.InstanceId, same);
        Assert.NotEqual(first.InstanceId, other);
        Assert.Equal("again", (await engine.EndOf(other)).ReadOutputAs<string>());
        Assert.Equal("again", (await engine.EndOf(same)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Waiting_for_an_unknown_instance_fails_and_a_wait_for_a_start_ends_when_it_has_started()
    {
        await using TestEngine engine = await database.StartAsync(Functions);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);

        OrchestrationMetadata started = await engine.Client.WaitForInstanceStartAsync(id, Cancellation);

        Assert.Equal(OrchestrationRuntimeStatus.Running, started.RuntimeStatus);
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.WaitForInstanceCompletionAsync("nobody", Cancellation));
        Assert.Null(await engine.Client.GetInstanceAsync("nobody", Cancellation));
    }

    [Fact]
    public async Task Rewinding_makes_only_the_failed_calls_again_and_those_of_failed_sub_orchestrations()
    {
        var calls = new System.Collections.Concurrent.ConcurrentBag<string>();
        bool broken = true;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Work", name =>
            {
                calls.Add(name);
                return broken && name.StartsWith("bad", StringComparison.Ordinal) ? throw new IOException(name) : name;
            })
            .Orchestrator("Child", context => context.CallActivityAsync<string>("Work", "bad-child"))
            .Orchestrator("Parent", async context =>
            {
                string first = await context.CallActivityAsync<string>("Work", "first");
                string[] rest = await Task.WhenAll(
                    context.CallActivityAsync<string>("Work", "bad"),
                    context.CallActivityAsync<string>("Work", "good"),
                    context.CallSubOrchestratorAsync<string>("Child"));
                return first + string.Concat(rest);
            }));
        OrchestrationMetadata failed = await engine.RunAsync("Parent");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, failed.RuntimeStatus);
        broken = false;

        await engine.Client.RewindInstanceAsync(failed.InstanceId, "repaired", Cancellation);

        OrchestrationMetadata end = await engine.EndOf(failed.InstanceId);
        Assert.True(end.RuntimeStatus == OrchestrationRuntimeStatus.Completed, end.FailureDetails?.ToString());
        Assert.Equal("firstbadgoodbad-child", end.ReadOutputAs<string>());
        Assert.Equal(["bad", "bad", "bad-child", "bad-child", "first", "good"], calls.Order(StringComparer.Ordinal));
    }
}
