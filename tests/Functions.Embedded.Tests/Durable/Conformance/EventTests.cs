using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>External events, from clients and between orchestrations.</summary>
public sealed class EventTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_that_arrive_before_the_wait_are_kept_in_order_and_names_ignore_case()
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
    public async Task The_newest_of_several_waits_for_an_event_gets_it()
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

        Assert.Equal((int[])[2, 1], (await engine.EndOf(id)).ReadOutputAs<int[]>());
    }

    [Fact]
    public async Task Abandoned_waits_do_not_take_the_event_of_a_later_wait()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Polls", async context =>
        {
            for (int round = 0; round < 3; round++)
                await Task.WhenAny(context.WaitForExternalEvent<int>("e"), context.CreateTimer(TimeSpan.FromMilliseconds(1), CancellationToken.None));
            return await context.WaitForExternalEvent<int>("e");
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Polls", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Count(e => e.Kind == EventKind.TimerFired) == 3);

        await engine.Client.RaiseEventAsync(id, "e", 7, Cancellation);

        Assert.Equal(7, (await engine.EndOf(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_wait_that_times_out_leaves_the_event_to_the_next_wait()
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
        await Eventually.TrueAsync(async () =>
            (await engine.Client.GetInstanceAsync(id, true, Cancellation))!.SerializedCustomStatus == "\"timed out\"");

        await engine.Client.RaiseEventAsync(id, "e", "hello", Cancellation);

        Assert.Equal("late: hello", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_with_a_timeout_returns_an_event_that_arrives_in_time()
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
    public async Task Events_for_an_ended_or_unknown_instance_are_discarded()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Done", _ => Task.FromResult(1)));
        OrchestrationMetadata end = await engine.RunAsync("Done");

        await engine.Client.RaiseEventAsync(end.InstanceId, "e", 1, Cancellation);
        await engine.Client.RaiseEventAsync("nobody", "e", 1, Cancellation);

        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE hub = '{engine.Store.Hub}'"));
    }

    [Fact]
    public async Task An_orchestrator_sends_an_event_to_another_instance()
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
    public async Task A_cancelled_wait_leaves_the_event_to_an_earlier_wait()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Cancel", async context =>
        {
            using var cancel = new CancellationTokenSource();
            Task<string> first = context.WaitForExternalEvent<string>("e");
            // The newest wait gets an event, so this one stands before the first.
            Task<string> second = context.WaitForExternalEvent<string>("e", cancel.Token);
            await context.WaitForExternalEvent<bool>("cancel");
            cancel.Cancel();
            return $"{second.IsCanceled} {await first}";
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Cancel", Cancellation);

        await engine.Client.RaiseEventAsync(id, "cancel", true, Cancellation);
        await engine.Client.RaiseEventAsync(id, "e", "taken", Cancellation);

        Assert.Equal("True taken", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_with_a_timeout_that_is_cancelled_leaves_no_timer()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Both", async context =>
        {
            using var cancel = new CancellationTokenSource();
            Task<string> wait = context.WaitForExternalEvent<string>("e", TimeSpan.FromDays(1), cancel.Token);
            await context.WaitForExternalEvent<bool>("cancel");
            cancel.Cancel();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => wait);
            return await context.WaitForExternalEvent<string>("end");
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Both", Cancellation);
        await engine.Client.RaiseEventAsync(id, "cancel", true, Cancellation);
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == EventKind.EventRaised));

        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE instance_id = '{id}'"));
        await engine.Client.RaiseEventAsync(id, "end", "end", Cancellation);
        Assert.Equal("end", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Events_raised_in_parallel_are_each_delivered_once()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Sum", async context =>
        {
            int sum = 0;
            for (int i = 0; i < 100; i++)
                sum += await context.WaitForExternalEvent<int>("n");
            return sum;
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Sum", Cancellation);

        await Task.WhenAll(Enumerable.Range(1, 100).Select(n => engine.Client.RaiseEventAsync(id, "n", n, Cancellation)));

        Assert.Equal(5050, (await engine.EndOf(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_event_of_another_type_fails_the_wait()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator(
            "Typed", context => context.WaitForExternalEvent<int>("n")));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Typed", Cancellation);

        await engine.Client.RaiseEventAsync(id, "n", "not a number", Cancellation);

        Assert.True((await engine.EndOf(id)).FailureDetails!.IsCausedBy<System.Text.Json.JsonException>());
    }

    [Fact]
    public async Task An_orchestration_can_send_events_to_itself_and_to_an_unknown_instance()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Self", async context =>
        {
            context.SendEvent("nobody", "e", 1);
            context.SendEvent(context.InstanceId, "e", 2);
            return await context.WaitForExternalEvent<int>("e");
        }));

        Assert.Equal(2, (await engine.RunAsync("Self")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Ids_of_entities_are_refused_as_ids_of_orchestrations()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Send", context =>
        {
            context.SendEvent("@counter@1", "e", 1);
            return Task.CompletedTask;
        }));

        Assert.True((await engine.RunAsync("Send")).FailureDetails!.IsCausedBy<ArgumentException>());
        await Assert.ThrowsAsync<ArgumentException>(() => engine.Client.RaiseEventAsync("@counter@1", "e", 1, Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(
            () => engine.Client.ScheduleNewOrchestrationInstanceAsync("Send", new StartOrchestrationOptions("@counter@1"), Cancellation));
    }
}
