using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

public sealed class ActivityTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    [Fact]
    public async Task A_chain_of_activities_passes_results_on_and_completes_with_an_output()
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
    public async Task A_thousand_activities_fan_out_and_their_results_come_back_in_the_order_of_the_calls()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Square", value => value * value)
            .Orchestrator("FanOut", async context =>
                await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => context.CallActivityAsync<int>("Square", i)))));

        OrchestrationMetadata end = await engine.RunAsync("FanOut");

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => i * i), end.ReadOutputAs<int[]>());
        Assert.Equal(1000, (await engine.HistoryOf(end.InstanceId)).Count(e => e.Kind == Microsoft.DurableTask.Embedded.EventKind.TaskCompleted));
    }
}
