using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Activities: chains, fan-out, races.</summary>
public sealed class ActivityTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_activity_of_a_chain_gets_the_result_of_the_one_before()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Double", value => value * 2)
            .Orchestrator("Chain", async context =>
            {
                int value = context.GetInput<int>();
                for (int i = 0; i < 3; i++)
                    value = await context.CallActivityAsync<int>("Double", value);
                return value;
            }));

        OrchestrationMetadata end = await engine.RunAsync("Chain", 5);

        Assert.Equal(OrchestrationRuntimeStatus.Completed, end.RuntimeStatus);
        Assert.Equal(40, end.ReadOutputAs<int>());
        Assert.Equal(5, end.ReadInputAs<int>());
        Assert.Equal("Chain", end.Name);
    }

    [Fact]
    public async Task A_fan_out_of_a_thousand_activities_returns_results_in_the_order_of_the_calls()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Square", value => value * value)
            .Orchestrator("FanOut", async context =>
                await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => context.CallActivityAsync<int>("Square", i)))));

        OrchestrationMetadata end = await engine.RunAsync("FanOut");

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i * i), end.ReadOutputAs<int[]>());
        Assert.Equal(1000, (await engine.HistoryOf(end.InstanceId)).Count(e => e.Kind == EventKind.TaskCompleted));
    }

    [Fact]
    public async Task Activities_run_even_when_nothing_waits_for_them()
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
        await ran.Task.EndsAsync();
        await Eventually.TrueAsync(async () => await engine.QueryAsync<long>("SELECT count(*) FROM durable.activities") == 0);
    }

    [Fact]
    public async Task Results_that_arrive_in_another_order_go_to_the_right_calls()
    {
        var gates = new System.Collections.Concurrent.ConcurrentDictionary<int, TaskCompletionSource>();
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Gated", async (value, cancellation) =>
            {
                await gates.GetOrAdd(value, _ => new TaskCompletionSource()).Task.WaitAsync(cancellation);
                gates.GetOrAdd(value - 1, _ => new TaskCompletionSource()).TrySetResult();
                return value;
            })
            .Orchestrator("Reversed", async context => await Task.WhenAll(
                Enumerable.Range(1, 4).Select(i => context.CallActivityAsync<int>("Gated", i)))));
        gates.GetOrAdd(4, _ => new TaskCompletionSource()).SetResult();

        OrchestrationMetadata end = await engine.RunAsync("Reversed");

        Assert.Equal((int[])[1, 2, 3, 4], end.ReadOutputAs<int[]>());
    }

    [Fact]
    public async Task An_orchestrator_continues_after_the_first_of_several_activities()
    {
        using var never = new SemaphoreSlim(0);
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<string, string>("Race", async (name, cancellation) =>
            {
                if (name == "slow")
                    await never.WaitAsync(cancellation);
                return name;
            })
            .Orchestrator("First", async context => await await Task.WhenAny(
                context.CallActivityAsync<string>("Race", "slow"), context.CallActivityAsync<string>("Race", "fast"))));

        Assert.Equal("fast", (await engine.RunAsync("First")).ReadOutputAs<string>());
        never.Release();
    }

    [Fact]
    public async Task An_activity_without_input_or_result_gets_and_returns_null_and_names_ignore_case()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<object?, object?>("Nothing", input => input is null ? null : "something")
            .Orchestrator("Call", async context => await context.CallActivityAsync<object?>("NOTHING") is null));

        Assert.True((await engine.RunAsync("call")).ReadOutputAs<bool>());
    }

    [Fact]
    public async Task Options_passed_as_the_input_are_refused()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<object?, int>("A", _ => 1)
            .Orchestrator("Mistaken", context => context.CallActivityAsync<int>("A", (object)new TaskOptions())));

        Assert.True((await engine.RunAsync("Mistaken")).FailureDetails!.IsCausedBy<ArgumentException>());
    }
}
