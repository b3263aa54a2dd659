using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Starting instances: ids, start times.</summary>
public sealed class StartTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_id_in_use_is_refused_until_its_instance_has_ended()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
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
    public async Task A_start_can_refuse_ids_of_ended_instances()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.RunAsync("Echo", "x", "done");

        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", "y", new StartOrchestrationOptions("done").WithDedupeStatuses(OrchestrationRuntimeStatus.Completed), Cancellation));
    }

    [Fact]
    public async Task One_of_many_parallel_starts_with_the_same_id_succeeds()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);

        Task<string>[] starts = [.. Enumerable.Range(0, 20).Select(_ =>
            engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("same"), Cancellation))];
        await Assert.ThrowsAsync<InvalidOperationException>(() => Task.WhenAll(starts));

        Assert.Equal(1, starts.Count(start => start.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task A_caller_whose_start_lost_to_another_finds_the_others_instance()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        for (var round = 0; round < 30; round++)
        {
            string id = $"contended-{round}";
            Task[] starts = [.. Enumerable.Range(0, 8).Select(async _ =>
            {
                try
                {
                    await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions(id), Cancellation);
                }
                catch (InvalidOperationException)
                {
                    Assert.NotNull(await engine.Client.GetInstanceAsync(id, Cancellation));
                }
            })];
            await Task.WhenAll(starts);
        }
    }

    [Fact]
    public async Task A_start_in_the_future_keeps_events_that_arrive_before()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Later", async context =>
            (await context.WaitForExternalEvent<string>("e"), context.CurrentUtcDateTime)));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Later", new StartOrchestrationOptions(StartAt: DateTimeOffset.UtcNow.AddDays(1)), Cancellation);

        await engine.Client.RaiseEventAsync(id, "e", "early", Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await engine.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);

        // The day is over in half a second.
        DateTime at = await engine.QueryAsync<DateTime>(
            $"UPDATE durable.instances SET start_at = now() + interval '0.5 s', ready_at = now() + interval '0.5 s' WHERE instance_id = '{id}' RETURNING start_at");
        (string Payload, DateTime Time) output = (await engine.EndOf(id)).ReadOutputAs<(string, DateTime)>();
        Assert.Equal("early", output.Payload);
        Assert.True(output.Time >= at, $"started {at - output.Time} early");
    }

    [Fact]
    public async Task A_wait_for_a_start_ends_when_the_instance_has_started_and_fails_for_an_unknown_one()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);

        OrchestrationMetadata started = await engine.Client.WaitForInstanceStartAsync(id, Cancellation);

        Assert.Equal(OrchestrationRuntimeStatus.Running, started.RuntimeStatus);
        await Assert.ThrowsAsync<InvalidOperationException>(() => engine.Client.WaitForInstanceCompletionAsync("nobody", Cancellation));
        Assert.Null(await engine.Client.GetInstanceAsync("nobody", Cancellation));
    }

    [Fact]
    public async Task A_start_without_an_id_gets_a_new_one()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);

        string one = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "x", Cancellation);
        string two = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "x", Cancellation);

        Assert.NotEqual(one, two);
        Assert.Equal("x", (await engine.EndOf(two)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_start_can_replace_a_running_instance_which_is_terminated_first()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", new StartOrchestrationOptions("p"), Cancellation);
        await Eventually.TrueAsync(async () => await engine.Client.GetInstanceAsync("p-child", Cancellation) is not null);

        await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", "new", new StartOrchestrationOptions("p-child").WithDedupeStatuses(), Cancellation);

        Assert.Equal("new", (await engine.EndOf("p-child")).ReadOutputAs<string>());
        OrchestrationMetadata parent = await engine.EndOf("p");
        Assert.Equal(OrchestrationRuntimeStatus.Failed, parent.RuntimeStatus);
        Assert.Contains("terminated", parent.FailureDetails!.ErrorMessage);
    }

    [Fact]
    public async Task A_start_time_in_the_past_starts_at_once()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);

        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", "x", new StartOrchestrationOptions(StartAt: DateTimeOffset.UtcNow.AddDays(-1)), Cancellation);

        Assert.Equal("x", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_instance_with_a_start_time_can_be_terminated_before_it_starts()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", "x", new StartOrchestrationOptions(StartAt: DateTimeOffset.UtcNow.AddYears(5)), Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await engine.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);

        await engine.Client.TerminateInstanceAsync(id, Cancellation);

        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await engine.EndOf(id)).RuntimeStatus);
    }

    [Fact]
    public async Task The_client_is_found_by_the_name_of_its_hub()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        var provider = engine.Get<IDurableTaskClientProvider>();

        Assert.Same(engine.Client, provider.GetClient());
        Assert.Same(engine.Client, provider.GetClient(engine.Store.Hub));
        Assert.Equal(engine.Store.Hub, engine.Client.Name);
        Assert.Throws<ArgumentOutOfRangeException>(() => provider.GetClient("another"));
    }
}
