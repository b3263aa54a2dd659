using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Durable timers.</summary>
public sealed class TimerTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_timer_of_milliseconds_does_not_fire_before_it_is_due()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Sleep", async context =>
        {
            DateTime begun = context.CurrentUtcDateTime;
            await context.CreateTimer(TimeSpan.FromMilliseconds(250), CancellationToken.None);
            return (context.CurrentUtcDateTime - begun).TotalMilliseconds;
        }));

        OrchestrationMetadata end = await engine.RunAsync("Sleep");

        Assert.True(end.ReadOutputAs<double>() >= 250, $"fired after {end.SerializedOutput} ms");
    }

    [Fact]
    public async Task An_event_that_wakes_the_instance_does_not_fire_a_timer_before_it_is_due()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Early", async context =>
        {
            Task timer = context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            await context.WaitForExternalEvent<bool>("go");
            return timer.IsCompleted;
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Early", Cancellation);
        await Eventually.TrueAsync(async () => await engine.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE instance_id = '{id}'") == 1, "the timer is stored");

        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.False((await engine.EndOf(id)).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task A_cancelled_timer_leaves_nothing_in_the_database()
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
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == EventKind.TimerFired));

        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE instance_id = '{id}'"));
        await engine.Client.RaiseEventAsync(id, "go", "now", Cancellation);
        Assert.Equal("cancelled", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_timer_for_the_year_9999_is_one_timer()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Far", async context =>
        {
            using var cancel = new CancellationTokenSource();
            _ = context.CreateTimer(TimeSpan.FromDays(3650), cancel.Token);
            _ = context.CreateTimer(DateTime.MaxValue, cancel.Token);
            await context.WaitForExternalEvent<bool>("go");
            cancel.Cancel();
            return "done";
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Far", Cancellation);
        await engine.Client.WaitForInstanceStartAsync(id, Cancellation);

        Assert.Equal(2, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.messages WHERE instance_id = '{id}' AND kind = 'TimerFired'"));
        Assert.Equal(2, (await engine.HistoryOf(id)).Count(e => e.Kind == EventKind.TimerCreated));
        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);
        Assert.Equal("done", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_timer_that_is_already_due_fires_at_once()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Past", async context =>
        {
            await context.CreateTimer(context.CurrentUtcDateTime.AddYears(-1), CancellationToken.None);
            await context.CreateTimer(TimeSpan.Zero, CancellationToken.None);
            return "fired";
        }));

        Assert.Equal("fired", (await engine.RunAsync("Past")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Timers_that_are_already_due_fire_in_the_order_of_their_times()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Past", async context =>
        {
            var fired = new List<int>();
            DateTime begun = context.CurrentUtcDateTime;
            async Task At(int second)
            {
                await context.CreateTimer(begun.AddSeconds(second), CancellationToken.None);
                fired.Add(second);
            }

            await Task.WhenAll(At(-1), At(-3), At(-2));
            return fired;
        }));

        Assert.Equal((int[])[-3, -2, -1], (await engine.RunAsync("Past")).ReadOutputAs<int[]>());
    }

    [Fact]
    public async Task Timers_fire_in_the_order_of_their_times_and_not_before()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Order", async context =>
        {
            var fired = new List<int>();
            DateTime begun = context.CurrentUtcDateTime;
            async Task After(int milliseconds)
            {
                await context.CreateTimer(begun.AddMilliseconds(milliseconds), CancellationToken.None);
                if (context.CurrentUtcDateTime >= begun.AddMilliseconds(milliseconds))
                    fired.Add(milliseconds);
            }

            await Task.WhenAll(After(300), After(100), After(200));
            return fired;
        }));

        Assert.Equal((int[])[100, 200, 300], (await engine.RunAsync("Order")).ReadOutputAs<int[]>());
    }

    [Fact]
    public async Task A_timer_with_a_cancelled_token_is_not_created()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Never", async context =>
        {
            Task timer = context.CreateTimer(TimeSpan.FromDays(1), new CancellationToken(canceled: true));
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => timer);
            return timer.IsCanceled;
        }));

        OrchestrationMetadata end = await engine.RunAsync("Never");

        Assert.True(end.ReadOutputAs<bool>());
        Assert.DoesNotContain(await engine.HistoryOf(end.InstanceId), e => e.Kind == EventKind.TimerCreated);
    }

    [Fact]
    public async Task A_timer_that_came_due_while_no_engine_ran_fires_when_one_starts()
    {
        TestFunctions functions = new TestFunctions().Orchestrator("Sleep", async context =>
        {
            await context.CreateTimer(TimeSpan.FromMilliseconds(200), CancellationToken.None);
            return "awake";
        });
        string hub = $"sleep-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine first = await database.StartAsync(functions, hub: hub))
        {
            id = await first.Client.ScheduleNewOrchestrationInstanceAsync("Sleep", Cancellation);
            await first.Client.WaitForInstanceStartAsync(id, Cancellation);
        }

        await using TestEngine second = await database.StartAsync(functions, hub: hub);

        Assert.Equal("awake", (await second.EndOf(id)).ReadOutputAs<string>());
    }
}
