using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

public sealed class TimerAndEventTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_timer_of_milliseconds_fires_on_time_and_not_before_it_is_due()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Sleep", async context =>
        {
            DateTime begun = context.CurrentUtcDateTime;
            await context.CreateTimer(TimeSpan.FromMilliseconds(250), CancellationToken.None);
            return (context.CurrentUtcDateTime - begun).TotalMilliseconds;
        }));

        OrchestrationMetadata end = await engine.RunAsync("Sleep");

        Assert.InRange(end.ReadOutputAs<double>(), 250, 1500);
    }

    [Fact]
    public async Task A_timer_of_years_can_be_cancelled_and_leaves_nothing_behind()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Cancel", async context =>
        {
            using var cancel = new CancellationTokenSource();
            Task far = context.CreateTimer(DateTime.MaxValue, cancel.Token);
            await context.CreateTimer(TimeSpan.FromMilliseconds(20), CancellationToken.None);
            cancel.Cancel();
            try
            {
                await far;
                return "fired";
            }
            catch (OperationCanceledException)
            {
                await context.WaitForExternalEvent<string>("go");
                return "cancelled";
            }
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Cancel", Cancellation);
        await TestEngine.UntilAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == Microsoft.DurableTask.Embedded.EventKind.TimerFired));

        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE instance_id = '{id}'"));
        await engine.Client.RaiseEventAsync(id, "go", "now", Cancellation);
        Assert.Equal("cancelled", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Events_that_come_before_they_are_waited_for_are_kept_in_order_and_names_ignore_case()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Collect", async context =>
        {
            await context.WaitForExternalEvent<string>("start");
            var values = new List<int>();
            for (int i = 0; i < 5; i++)
                values.Add(await context.WaitForExternalEvent<int>("Value"));
            return values;
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Collect", Cancellation);

        for (int i = 0; i < 5; i++)
            await engine.Client.RaiseEventAsync(id, i % 2 == 0 ? "VALUE" : "value", i, Cancellation);
        await engine.Client.RaiseEventAsync(id, "START", "x", Cancellation);

        Assert.Equal((int[])[0, 1, 2, 3, 4], (await engine.EndOf(id)).ReadOutputAs<int[]>());
    }

    [Fact]
    public async Task Several_waits_for_one_event_are_served_in_the_order_they_began()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Waits", async context =>
        {
            Task<int> first = context.WaitForExternalEvent<int>("e");
            Task<int> second = context.WaitForExternalEvent<int>("e");
            return await Task.WhenAll(first, second);
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Waits", Cancellation);

        await engine.Client.RaiseEventAsync(id, "e", 1, Cancellation);
        await engine.Client.RaiseEventAsync(id, "e", 2, Cancellation);

        Assert.Equal((int[])[1, 2], (await engine.EndOf(id)).ReadOutputAs<int[]>());
    }

    [Fact]
    public async Task A_wait_with_a_timeout_is_cancelled_when_nothing_comes_and_the_event_goes_to_the_next_wait()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Timeout", async context =>
        {
            try
            {
                return await context.WaitForExternalEvent<string>("e", TimeSpan.FromMilliseconds(100));
            }
            catch (OperationCanceledException)
            {
                context.SetCustomStatus("timed out");
                return "late: " + await context.WaitForExternalEvent<string>("e");
            }
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Timeout", Cancellation);
        await TestEngine.UntilAsync(async () =>
            (await engine.Client.GetInstanceAsync(id, true, Cancellation))!.SerializedCustomStatus == "\"timed out\"");

        await engine.Client.RaiseEventAsync(id, "e", "hello", Cancellation);

        Assert.Equal("late: hello", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_with_a_timeout_gives_the_event_when_it_comes_in_time()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator(
            "InTime", context => context.WaitForExternalEvent<string>("e", TimeSpan.FromDays(400))));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("InTime", Cancellation);

        await engine.Client.RaiseEventAsync(id, "e", "hello", Cancellation);

        Assert.Equal("hello", (await engine.EndOf(id)).ReadOutputAs<string>());
        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE instance_id = '{id}'"));
    }

    [Fact]
    public async Task An_event_without_a_payload_completes_the_wait()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator(
            "Bare", async context => await context.WaitForExternalEvent<object?>("e") is null));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Bare", Cancellation);

        await engine.Client.RaiseEventAsync(id, "e", Cancellation);

        Assert.True((await engine.EndOf(id)).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task Events_for_an_instance_that_ended_or_never_was_are_discarded()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Done", _ => Task.FromResult(1)));
        OrchestrationMetadata end = await engine.RunAsync("Done");

        await engine.Client.RaiseEventAsync(end.InstanceId, "e", 1, Cancellation);
        await engine.Client.RaiseEventAsync("nobody", "e", 1, Cancellation);

        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE hub = '{engine.Store.Hub}'"));
    }

    [Fact]
    public async Task An_orchestrator_sends_events_to_another()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Receiver", context => context.WaitForExternalEvent<int>("number"))
            .Orchestrator("Sender", context =>
            {
                context.SendEvent(context.GetInput<string>()!, "Number", 7);
                return Task.CompletedTask;
            }));
        string receiver = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Receiver", Cancellation);

        await engine.RunAsync("Sender", receiver);

        Assert.Equal(7, (await engine.EndOf(receiver)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_start_in_the_future_waits_until_then_and_keeps_events_that_come_before()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Later", async context =>
            (await context.WaitForExternalEvent<string>("e"), context.CurrentUtcDateTime)));
        DateTimeOffset at = DateTimeOffset.UtcNow.AddSeconds(1.2);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Later", new StartOrchestrationOptions(StartAt: at), Cancellation);

        await engine.Client.RaiseEventAsync(id, "e", "early", Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await engine.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);

        (string Payload, DateTime Time) output = (await engine.EndOf(id)).ReadOutputAs<(string, DateTime)>();
        Assert.Equal("early", output.Payload);
        Assert.True(output.Time >= at.UtcDateTime.AddMilliseconds(-50), $"started {at.UtcDateTime - output.Time} early");
    }
}
