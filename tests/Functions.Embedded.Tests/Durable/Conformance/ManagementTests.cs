using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using CoreHistory = DurableTask.Core.History;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Terminate, suspend, resume, purge, restart, rewind, history.</summary>
public sealed class ManagementTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Termination_ends_an_instance_at_once_with_an_output_and_fails_the_call_of_its_parent()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("p"), Cancellation);
        await Eventually.TrueAsync(async () => await engine.Client.GetInstanceAsync("p-child", Cancellation) is not null);

        await engine.Client.TerminateInstanceAsync("p-child", (object)"enough", Cancellation);

        OrchestrationMetadata child = (await engine.Client.GetInstanceAsync("p-child", true, Cancellation))!;
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, child.RuntimeStatus);
        Assert.Equal("enough", child.ReadOutputAs<string>());
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await engine.EndOf("p")).RuntimeStatus);
    }

    [Fact]
    public async Task Recursive_termination_ends_sub_orchestrations()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("r"), Cancellation);
        await Eventually.TrueAsync(async () => await engine.Client.GetInstanceAsync("r-child", Cancellation) is not null);

        await engine.Client.TerminateInstanceAsync("r", new TerminateInstanceOptions(Recursive: true), Cancellation);

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await engine.Client.GetInstanceAsync("r", Cancellation))!.RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await engine.Client.GetInstanceAsync("r-child", Cancellation))!.RuntimeStatus);
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.TerminateInstanceAsync("nobody", Cancellation));
    }

    [Fact]
    public async Task A_turn_is_refused_when_its_instance_was_terminated_meanwhile()
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
        await Eventually.TrueAsync(() => engine.Get<LiveInstances>().IsIdle);

        OrchestrationMetadata end = (await engine.Client.GetInstanceAsync(id, true, Cancellation))!;
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "stopped"), (end.RuntimeStatus, end.ReadOutputAs<string>()));
        Assert.DoesNotContain(await engine.HistoryOf(id), e => e.Kind == EventKind.OrchestratorStarted);
        Assert.DoesNotContain(engine.Log, line => line.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_turn_is_refused_when_its_instance_was_replaced_meanwhile()
    {
        using var inTurn = new SemaphoreSlim(0);
        using var goOn = new ManualResetEventSlim();
        await using TestEngine engine = await database.StartAsync(Samples.Functions.Orchestrator("Slow", context =>
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
        await Eventually.TrueAsync(() => engine.Get<LiveInstances>().IsIdle);
        await engine.Client.RaiseEventAsync(id, "go", "untouched", Cancellation);

        OrchestrationMetadata end = await engine.EndOf(id);
        Assert.Equal(("Wait", "untouched"), (end.Name, end.ReadOutputAs<string>()));
        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE hub = '{engine.Store.Hub}'"));
        Assert.Equal(1, await engine.QueryAsync<long>($"SELECT count(DISTINCT execution_id) FROM durable.history WHERE hub = '{engine.Store.Hub}'"));
    }

    [Fact]
    public async Task A_suspended_instance_keeps_events_until_it_is_resumed()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
        await engine.Client.SuspendInstanceAsync(id, "hold on", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus == OrchestrationRuntimeStatus.Suspended);

        await engine.Client.RaiseEventAsync(id, "go", "kept", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == EventKind.EventRaised));
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await engine.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);
        await engine.Client.ResumeInstanceAsync(id, "go on", Cancellation);

        Assert.Equal("kept", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_purge_removes_an_ended_instance_but_not_a_running_one()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        OrchestrationMetadata done = await engine.RunAsync("Echo", "x");
        string waiting = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);

        Assert.Equal(1, (await engine.Client.PurgeInstanceAsync(done.InstanceId, Cancellation)).PurgedInstanceCount);
        Assert.Equal(0, (await engine.Client.PurgeInstanceAsync(waiting, Cancellation)).PurgedInstanceCount);

        Assert.Null(await engine.Client.GetInstanceAsync(done.InstanceId, Cancellation));
        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.history WHERE instance_id = '{done.InstanceId}'"));
        Assert.NotNull(await engine.Client.GetInstanceAsync(waiting, Cancellation));
    }

    [Fact]
    public async Task A_purge_by_filter_removes_instances_by_status_and_age_and_recursively_their_children()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        for (int i = 0; i < 3; i++)
            await engine.RunAsync("Echo", "x");
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("f"), Cancellation);
        await Eventually.TrueAsync(async () => await engine.Client.GetInstanceAsync("f-child", Cancellation) is not null);
        await engine.Client.TerminateInstanceAsync("f", new TerminateInstanceOptions(Recursive: true), Cancellation);

        PurgeResult none = await engine.Client.PurgeInstancesAsync(null, DateTimeOffset.UtcNow.AddDays(-1), Cancellation);
        PurgeResult completed = await engine.Client.PurgeInstancesAsync(null, null, [OrchestrationRuntimeStatus.Completed], Cancellation);
        PurgeResult family = await engine.Client.PurgeInstanceAsync("f", new PurgeInstanceOptions(Recursive: true), Cancellation);

        Assert.Equal((0, 3, 2), (none.PurgedInstanceCount, completed.PurgedInstanceCount, family.PurgedInstanceCount));
    }

    [Fact]
    public async Task A_restart_runs_an_instance_again_with_its_input()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        OrchestrationMetadata first = await engine.RunAsync("Echo", "again");

        string same = await engine.Client.RestartAsync(first.InstanceId, cancellation: Cancellation);
        string other = await engine.Client.RestartAsync(first.InstanceId, restartWithNewInstanceId: true, Cancellation);

        Assert.Equal(first.InstanceId, same);
        Assert.NotEqual(first.InstanceId, other);
        Assert.Equal("again", (await engine.EndOf(other)).ReadOutputAs<string>());
        Assert.Equal("again", (await engine.EndOf(same)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Rewinding_repeats_only_failed_calls_also_in_failed_sub_orchestrations()
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

    [Fact]
    public async Task Termination_of_an_ended_instance_changes_nothing_and_an_unknown_id_is_refused()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.RunAsync("Echo", "x", "done");

        await engine.Client.TerminateInstanceAsync("done", (object)"late", Cancellation);

        OrchestrationMetadata end = (await engine.Client.GetInstanceAsync("done", true, Cancellation))!;
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "x"), (end.RuntimeStatus, end.ReadOutputAs<string>()));
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.TerminateInstanceAsync("nobody", Cancellation));
    }

    [Fact]
    public async Task A_suspended_instance_keeps_results_and_timers_until_it_is_resumed()
    {
        using var gate = new SemaphoreSlim(0);
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Slow", async (_, cancellation) =>
            {
                await gate.WaitAsync(cancellation);
                return "result";
            })
            .Orchestrator("Steps", async context =>
            {
                Task timer = context.CreateTimer(TimeSpan.FromMilliseconds(50), CancellationToken.None);
                string result = await context.CallActivityAsync<string>("Slow");
                await timer;
                context.SetCustomStatus("went on");
                return result + await context.WaitForExternalEvent<string>("e");
            }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Steps", Cancellation);
        await engine.Client.WaitForInstanceStartAsync(id, Cancellation);
        await engine.Client.SuspendInstanceAsync(id, "pause", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == EventKind.ExecutionSuspended));

        gate.Release();
        await engine.Client.RaiseEventAsync(id, "e", "+event", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Select(e => e.Kind).ToHashSet()
            .IsSupersetOf([EventKind.TaskCompleted, EventKind.TimerFired, EventKind.EventRaised]));
        OrchestrationMetadata paused = (await engine.Client.GetInstanceAsync(id, true, Cancellation))!;
        await engine.Client.ResumeInstanceAsync(id, "go", Cancellation);

        Assert.Equal((OrchestrationRuntimeStatus.Suspended, null), (paused.RuntimeStatus, paused.SerializedCustomStatus));
        Assert.Equal("result+event", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_suspended_instance_stays_suspended_in_another_process_and_can_be_terminated()
    {
        string hub = $"suspended-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine first = await database.StartAsync(Samples.Functions, hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
            await first.Client.SuspendInstanceAsync(id, null, Cancellation);
            await Eventually.TrueAsync(async () => (await first.HistoryOf(id)).Any(e => e.Kind == EventKind.ExecutionSuspended));
        }

        await using TestEngine second = await database.StartAsync(Samples.Functions, hub: hub);
        await second.Client.RaiseEventAsync(id, "go", "x", Cancellation);
        await Eventually.TrueAsync(async () => (await second.HistoryOf(id)).Any(e => e.Kind == EventKind.EventRaised));

        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await second.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);
        await second.Client.TerminateInstanceAsync(id, Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await second.EndOf(id)).RuntimeStatus);
    }

    [Fact]
    public async Task A_recursive_purge_of_a_running_instance_removes_nothing()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("f"), Cancellation);
        await Eventually.TrueAsync(async () => await engine.Client.GetInstanceAsync("f-child", Cancellation) is not null);

        PurgeResult result = await engine.Client.PurgeInstanceAsync("f", new PurgeInstanceOptions(Recursive: true), Cancellation);

        Assert.Equal(0, result.PurgedInstanceCount);
        Assert.NotNull(await engine.Client.GetInstanceAsync("f-child", Cancellation));
        Assert.Equal(0, (await engine.Client.PurgeInstanceAsync("nobody", Cancellation)).PurgedInstanceCount);
    }

    [Fact]
    public async Task A_purge_by_filter_stops_after_its_time_limit_and_reports_it()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await Task.WhenAll(Enumerable.Range(0, 520).Select(i => engine.RunAsync("Echo", "x", $"many-{i:000}")));

        PurgeResult part = await engine.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter { Timeout = TimeSpan.Zero }, Cancellation);
        PurgeResult rest = await engine.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), Cancellation);

        Assert.False(part.IsComplete);
        Assert.True(rest.IsComplete);
        Assert.Equal(520, part.PurgedInstanceCount + rest.PurgedInstanceCount);
    }

    [Fact]
    public async Task A_restart_keeps_name_input_version_and_tags_and_refuses_running_and_unknown_instances()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        var options = new StartOrchestrationOptions("old") { Version = "1.2", Tags = new Dictionary<string, string> { ["k"] = "v" } };
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", options, Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.RestartAsync("old", cancellation: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.RestartAsync("nobody", cancellation: Cancellation));
        string copy = await engine.Client.RestartAsync("old", restartWithNewInstanceId: true, Cancellation);

        OrchestrationMetadata restarted = (await engine.Client.GetInstanceAsync(copy, true, Cancellation))!;
        Assert.Equal(("Wait", "v"), (restarted.Name, restarted.Tags["k"]));
        await engine.Client.TerminateInstanceAsync("old", Cancellation);
        Assert.Equal("old", await engine.Client.RestartAsync("old", cancellation: Cancellation));
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await engine.Client.WaitForInstanceStartAsync("old", Cancellation)).RuntimeStatus);
    }

    [Fact]
    public async Task A_rewound_history_has_no_gaps_and_can_be_replayed_by_another_process()
    {
        bool broken = true;
        using var gate = new SemaphoreSlim(0);
        TestFunctions functions = new TestFunctions()
            .Activity<string, string>("Work", async (name, cancellation) =>
            {
                if (name == "good")
                    await gate.WaitAsync(cancellation);
                return name == "bad" && Volatile.Read(ref broken) ? throw new IOException(name) : name;
            })
            .Orchestrator("Both", async context => string.Concat(await Task.WhenAll(
                context.CallActivityAsync<string>("Work", "bad"), context.CallActivityAsync<string>("Work", "good"))));
        string hub = $"gaps-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine first = await database.StartAsync(functions, hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Both", Cancellation);
            // The failure comes in a turn of its own, in which the orchestrator does nothing.
            await Eventually.TrueAsync(async () => (await first.HistoryOf(id)).Any(e => e.Kind == EventKind.TaskFailed));
            gate.Release();
            Assert.Equal(OrchestrationRuntimeStatus.Failed, (await first.EndOf(id)).RuntimeStatus);
        }

        Volatile.Write(ref broken, false);
        await using TestEngine second = await database.StartAsync(functions, hub: hub);
        await second.Client.RewindInstanceAsync(id, "repaired", Cancellation);

        Assert.Equal("badgood", (await second.EndOf(id)).ReadOutputAs<string>());
        Assert.True(await second.QueryAsync<bool>(
            $"SELECT count(*) = max(seq) + 1 FROM durable.history WHERE instance_id = '{id}'"));
    }

    [Fact]
    public async Task Only_a_failed_instance_can_be_rewound()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.RunAsync("Echo", "x", "done");

        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.RewindInstanceAsync("done", "why", Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.RewindInstanceAsync("nobody", "why", Cancellation));
    }

    [Fact]
    public async Task The_official_history_shows_all_events_in_order()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Work", name => name == "bad" ? throw new IOException("bad luck") : name)
            .Orchestrator("Child", _ => Task.FromResult(1))
            .Orchestrator("All", async context =>
            {
                await context.CallActivityAsync("Work", "good");
                await context.CallSubOrchestratorAsync<int>("Child", options: new SubOrchestrationOptions(instanceId: context.InstanceId + ":c"));
                await context.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None);
                context.SendEvent(context.InstanceId, "own", 5);
                await context.WaitForExternalEvent<int>("own");
                await context.CallActivityAsync("Work", "bad");
            }));
        OrchestrationMetadata end = await engine.RunAsync("All", "in", "h");

        List<CoreHistory.HistoryEvent> history = [.. await engine.Client.GetOrchestrationHistoryAsync("h", Cancellation)];

        Assert.Equal(
            [
                "ExecutionStarted", "TaskScheduled", "TaskCompleted", "SubOrchestrationInstanceCreated", "SubOrchestrationInstanceCompleted",
                "TimerCreated", "TimerFired", "EventSent", "EventRaised", "TaskScheduled", "TaskFailed", "ExecutionCompleted",
            ],
            history.Select(e => e.EventType.ToString()).Where(type => !type.StartsWith("Orchestrator", StringComparison.Ordinal)));
        Assert.Equal(history.Count(e => e is CoreHistory.OrchestratorStartedEvent), history.Count(e => e is CoreHistory.OrchestratorCompletedEvent));
        Assert.Equal(("All", "\"in\""), history.OfType<CoreHistory.ExecutionStartedEvent>().Select(e => (e.Name, e.Input)).Single());
        CoreHistory.TaskScheduledEvent called = history.OfType<CoreHistory.TaskScheduledEvent>().First();
        Assert.Equal(("Work", "\"good\"", 0), (called.Name, called.Input, called.EventId));
        Assert.Equal("h:c", history.OfType<CoreHistory.SubOrchestrationInstanceCreatedEvent>().Single().InstanceId);
        CoreHistory.TaskFailedEvent failed = history.OfType<CoreHistory.TaskFailedEvent>().Single();
        Assert.Equal(("bad luck", typeof(IOException).FullName), (failed.Reason, failed.FailureDetails!.ErrorType));
        Assert.Equal(global::DurableTask.Core.OrchestrationStatus.Failed, history.OfType<CoreHistory.ExecutionCompletedEvent>().Single().OrchestrationStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.GetOrchestrationHistoryAsync("nobody", Cancellation));
    }
}
