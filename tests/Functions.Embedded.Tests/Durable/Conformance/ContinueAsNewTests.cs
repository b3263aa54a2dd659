using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Orchestrations that start over.</summary>
public sealed class ContinueAsNewTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Continue_as_new_starts_over_with_a_new_input_an_empty_history_and_the_unconsumed_events()
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
    public async Task Continue_as_new_can_drop_unconsumed_events()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Forget", async context =>
        {
            if (context.GetInput<bool>())
                return await context.WaitForExternalEvent<string>("value", TimeSpan.FromMilliseconds(50));
            await context.WaitForExternalEvent<bool>("go");
            context.ContinueAsNew(true, preserveUnprocessedEvents: false);
            return "";
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Forget", Cancellation);
        await engine.Client.RaiseEventAsync(id, "value", "old", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Any(e => e.Kind == EventKind.EventRaised));

        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.True((await engine.EndOf(id)).FailureDetails!.IsCausedBy<OperationCanceledException>());
    }

    [Fact]
    public async Task Many_generations_keep_only_the_last_history_and_hold_no_memory()
    {
        int generations = TestSize.Of(100, large: 5_000);
        var contexts = new List<WeakReference>();
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Eternal", context =>
        {
            contexts.Add(new WeakReference(context));
            int generation = context.GetInput<int>();
            if (generation < generations)
                context.ContinueAsNew(generation + 1);
            return Task.FromResult(generation);
        }));

        OrchestrationMetadata end = await engine.RunAsync("Eternal", 1);

        Assert.Equal(generations, end.ReadOutputAs<int>());
        Assert.Equal(3, (await engine.HistoryOf(end.InstanceId)).Count);
        Assert.Equal(3, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.history WHERE instance_id = '{end.InstanceId}'"));
        Assert.Equal(generations, contexts.Count);
        await Eventually.TrueAsync(
            () =>
            {
                GC.Collect();
                return contexts.Count(context => context.IsAlive) < 10;
            },
            "earlier generations are collected");
    }

    [Fact]
    public async Task Each_generation_keeps_the_id_and_has_its_own_input()
    {
        var seen = new List<(string Id, int Input)>();
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Same", context =>
        {
            int input = context.GetInput<int>();
            seen.Add((context.InstanceId, input));
            context.SetCustomStatus($"generation {input}");
            if (input < 3)
                context.ContinueAsNew(input + 1);
            return Task.FromResult("end");
        }));

        OrchestrationMetadata end = await engine.RunAsync("Same", 1, "the-one");

        Assert.Equal([("the-one", 1), ("the-one", 2), ("the-one", 3)], seen);
        Assert.Equal(3, end.ReadInputAs<int>());
        Assert.Equal("generation 3", end.ReadCustomStatusAs<string>());
    }

    [Fact]
    public async Task A_custom_status_stays_until_a_later_generation_sets_another()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Quiet", context =>
        {
            int generation = context.GetInput<int>();
            if (generation == 1)
                context.SetCustomStatus("of the first generation");
            if (generation < 3)
                context.ContinueAsNew(generation + 1);
            return Task.FromResult("end");
        }));

        OrchestrationMetadata end = await engine.RunAsync("Quiet", 1, "the-quiet-one");

        Assert.Equal(3, end.ReadInputAs<int>());
        Assert.Equal("of the first generation", end.ReadCustomStatusAs<string>());
    }

    [Fact]
    public async Task Answers_to_calls_of_an_earlier_generation_do_not_reach_a_later_one()
    {
        using var gate = new SemaphoreSlim(0);
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Slow", async (name, cancellation) =>
            {
                if (name == "first")
                    await gate.WaitAsync(cancellation);
                return name;
            })
            .Orchestrator("Impatient", async context =>
            {
                if (context.GetInput<bool>())
                {
                    await context.WaitForExternalEvent<bool>("go");
                    return await context.CallActivityAsync<string>("Slow", "second");
                }

                _ = context.CallActivityAsync<string>("Slow", "first");
                context.ContinueAsNew(true);
                return "?";
            }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Impatient", false, Cancellation);
        await Eventually.TrueAsync(async () => (await engine.Client.GetInstanceAsync(id, true, Cancellation))!.ReadInputAs<bool>());

        gate.Release();
        await Eventually.TrueAsync(async () => await engine.QueryAsync<long>($"SELECT count(*) FROM durable.activities WHERE hub = '{engine.Store.Hub}'") == 0);
        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.Equal("second", (await engine.EndOf(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Calls_made_after_continue_as_new_still_run_before_the_next_generation_starts()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Step", value => value + 1)
            .Orchestrator("Late", async context =>
            {
                int value = context.GetInput<int>();
                if (value >= 10)
                    return value;
                context.ContinueAsNew(await context.CallActivityAsync<int>("Step", value));
                int more = await context.CallActivityAsync<int>("Step", value + 8);
                context.ContinueAsNew(more);
                return -1;
            }));

        Assert.Equal(10, (await engine.RunAsync("Late", 1)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task The_next_generation_can_have_another_version()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Upgrade", context =>
        {
            if (context.Version == "1.0")
                context.ContinueAsNew(new ContinueAsNewOptions { NewVersion = "2.0" });
            return Task.FromResult(context.Version);
        }));
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Upgrade", new StartOrchestrationOptions { Version = "1.0" }, Cancellation);

        Assert.Equal("2.0", (await engine.EndOf(id)).ReadOutputAs<string>());
    }
}
