using System.Collections.Concurrent;
using Microsoft.DurableTask;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>An engine that is told to stop. Leases are long here, so that only what was handed back goes on elsewhere.</summary>
public sealed class StopTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_engine_takes_unstarted_activities_while_a_stopping_engine_waits_for_running_ones()
    {
        string hub = NewHub();
        var gate = new TaskCompletionSource();
        var runs = new ConcurrentBag<(int Engine, int Value)>();
        TestFunctions On(int engine) => new TestFunctions()
            .Activity<int, int>("Work", async (int value, CancellationToken _) =>
            {
                runs.Add((engine, value));
                if (engine == 1)
                    await gate.Task; // does not listen to the stop
                return value;
            })
            .Orchestrator("FanOut", async context => (await Task.WhenAll(
                Enumerable.Range(0, 1000).Select(i => context.CallActivityAsync<int>("Work", i)))).Sum());
        await using TestEngine one = await database.StartAsync(On(1), options => Patient(options, TimeSpan.FromMinutes(2)), hub);
        string id = await one.Client.ScheduleNewOrchestrationInstanceAsync("FanOut", Cancellation);
        await Eventually.TrueAsync(() => runs.Count == 3);

        Task stop = one.StopAsync();
        await using TestEngine two = await TestEngine.StartAsync(database.ConnectionString, hub, On(2));
        await Eventually.TrueAsync(() => runs.Count == 1000);
        Assert.False(stop.IsCompleted);
        gate.SetResult();
        await stop.EndsAsync();

        Assert.Equal(999 * 1000 / 2, (await two.EndOf(id)).ReadOutputAs<int>());
        Assert.Equal(1000, runs.Count);
    }

    [Fact]
    public async Task A_stop_ends_although_an_activity_and_an_orchestrator_never_return()
    {
        string hub = NewHub();
        using var never = new ManualResetEventSlim();
        int stuck = 0;
        TestFunctions On(int engine) => new TestFunctions()
            .Activity<string, int>("Stuck", (string _) =>
            {
                if (engine == 1)
                    Wait();
                return engine;
            })
            .Orchestrator("Calls", context => context.CallActivityAsync<int>("Stuck"))
            .Orchestrator("Blocks", context =>
            {
                if (engine == 1)
                    Wait();
                return Task.FromResult(engine);
            });
        void Wait()
        {
            Interlocked.Increment(ref stuck);
            never.Wait();
        }

        await using TestEngine one = await database.StartAsync(On(1), options => Patient(options, TimeSpan.FromMilliseconds(500)), hub);
        string calls = await one.Client.ScheduleNewOrchestrationInstanceAsync("Calls", Cancellation);
        string blocks = await one.Client.ScheduleNewOrchestrationInstanceAsync("Blocks", Cancellation);
        await Eventually.TrueAsync(() => Volatile.Read(ref stuck) == 2);

        await one.StopAsync().EndsAsync();
        await using TestEngine two = await database.StartAsync(On(2), options => Patient(options, TimeSpan.FromSeconds(1)), hub);

        Assert.Equal(2, (await two.EndOf(calls)).ReadOutputAs<int>());
        Assert.Equal(2, (await two.EndOf(blocks)).ReadOutputAs<int>());
        never.Set();
    }

    [Fact]
    public async Task A_stop_ends_although_the_network_has_stalled_and_nothing_is_lost()
    {
        string hub = NewHub();
        await using var network = new FaultyNetwork(database.ConnectionString);
        await Effects.CreateTablesAsync(database.ConnectionString);
        await using var effects = new Effects(database.ConnectionString, hub);
        TestFunctions functions = MixedLoad.Functions(effects);
        TestEngine one = await TestEngine.StartAsync(network.ConnectionString, hub, functions, options =>
            (options.StopTimeout, options.LeaseDuration) = (TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(2)));
        await using TestEngine two = await TestEngine.StartAsync(database.ConnectionString, hub, functions, start: false);
        var driver = new LoadDriver(two.Client, 1);
        using var startNoMore = new CancellationTokenSource();
        Task load = driver.RunAsync(12, startNoMore.Token, Cancellation);
        await Eventually.TrueAsync(() => driver.Ended > 5);

        network.Stall();
        await one.StopAsync().EndsAsync();
        await one.DisposeAsync().AsTask().EndsAsync();
        network.Cut();
        network.Resume();
        await startNoMore.CancelAsync();
        await two.StartAsync();
        await load.EndsAsync();

        Assert.Empty(driver.Problems);
        Assert.Empty(await HubCheck.ProblemsAsync(database.ConnectionString, hub));
    }

    private static string NewHub() => $"stop-{Guid.NewGuid():N}";

    private static void Patient(DurableEngineOptions options, TimeSpan stopTimeout)
    {
        options.MaxConcurrentActivities = 3;
        options.LeaseDuration = TimeSpan.FromMinutes(5);
        options.StopTimeout = stopTimeout;
    }
}
