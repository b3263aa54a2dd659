using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Orchestrations that call orchestrations.</summary>
public sealed class SubOrchestrationTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sub_orchestration_has_the_chosen_id_knows_its_parent_and_returns_a_result()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Child", context => Task.FromResult($"{context.InstanceId} of {context.Parent!.Name} {context.Parent.InstanceId}: {context.GetInput<int>()}"))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Child", 3, new SubOrchestrationOptions(instanceId: "kid"))));

        OrchestrationMetadata end = await engine.RunAsync("Parent", id: "mum");

        Assert.Equal("kid of Parent mum: 3", end.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_hundred_sub_orchestrations_run_in_parallel()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Activity<int, int>("Add", value => value + 1)
            .Orchestrator("Child", context => context.CallActivityAsync<int>("Add", context.GetInput<int>()))
            .Orchestrator("Parent", async context => (await Task.WhenAll(
                Enumerable.Range(0, 100).Select(i => context.CallSubOrchestratorAsync<int>("Child", i)))).Sum()));

        Assert.Equal(5050, (await engine.RunAsync("Parent")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_failed_sub_orchestration_fails_the_call_and_a_retry_policy_runs_it_again_under_its_id()
    {
        int runs = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Child", context => ++runs < 3 ? throw new IOException("not yet") : Task.FromResult(context.InstanceId))
            .Orchestrator("Once", context => context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(instanceId: "once")))
            .Orchestrator("Retried", context => context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(
                new RetryPolicy(5, TimeSpan.FromMilliseconds(5)), "retried"))));

        OrchestrationMetadata once = await engine.RunAsync("Once");
        OrchestrationMetadata retried = await engine.RunAsync("Retried");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, once.RuntimeStatus);
        Assert.True(once.FailureDetails!.InnerFailure!.IsCausedBy<IOException>());
        Assert.Equal("retried", retried.ReadOutputAs<string>());
        Assert.Equal(3, runs);
    }

    [Fact]
    public async Task A_sub_orchestration_with_the_id_of_a_running_instance_fails_the_call()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Wait", context => context.WaitForExternalEvent<int>("e"))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<int>("Wait", options: new SubOrchestrationOptions(instanceId: "taken"))));
        await engine.Client.ScheduleNewOrchestrationInstanceAsync("Wait", new StartOrchestrationOptions("taken"), Cancellation);

        OrchestrationMetadata end = await engine.RunAsync("Parent");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("taken", end.FailureDetails!.ErrorMessage);
    }

    [Fact]
    public async Task A_generated_id_of_a_sub_orchestration_is_the_same_in_a_replay()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions()
                .Orchestrator("Child", context => Task.FromResult(context.InstanceId))
                .Orchestrator("Parent", async context =>
                {
                    string first = await context.CallSubOrchestratorAsync<string>("Child");
                    string second = await context.CallSubOrchestratorAsync<string>("Child");
                    return (string[])[first, second];
                }),
            options => options.MaxLiveInstances = -1);

        string[] ids = (await engine.RunAsync("Parent")).ReadOutputAs<string[]>()!;

        Assert.Equal(2, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal(5, Guid.ParseExact(id, "N").Version));
    }

    [Fact]
    public async Task A_terminated_sub_orchestration_fails_the_call_of_its_parent()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Parent", Cancellation);
        await Eventually.TrueAsync(async () => await engine.Client.GetInstanceAsync(id + "-child", Cancellation) is not null);

        await engine.Client.TerminateInstanceAsync(id + "-child", (object)"stopped", Cancellation);

        OrchestrationMetadata end = await engine.EndOf(id);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains("stopped", end.FailureDetails!.ErrorMessage);
    }

    [Fact]
    public async Task A_sub_orchestration_that_continues_as_new_returns_the_result_of_its_last_generation()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Countdown", context =>
            {
                int left = context.GetInput<int>();
                if (left > 0)
                    context.ContinueAsNew(left - 1);
                return Task.FromResult(left == 0 ? "lift-off" : "?");
            })
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Countdown", 5)));

        Assert.Equal("lift-off", (await engine.RunAsync("Parent")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Sub_orchestrations_can_be_nested_and_recursive()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Factorial", async context =>
        {
            int n = context.GetInput<int>();
            return n <= 1 ? 1 : n * await context.CallSubOrchestratorAsync<int>("Factorial", n - 1);
        }));

        Assert.Equal(5040, (await engine.RunAsync("Factorial", 7)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_retry_handler_can_retry_sub_orchestrations()
    {
        int runs = 0;
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Child", _ => ++runs < 3 ? throw new IOException("not yet") : Task.FromResult(runs))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<int>(
                "Child", options: TaskOptions.FromRetryHandler(retry => retry.LastFailure.IsCausedBy<IOException>()))));

        Assert.Equal(3, (await engine.RunAsync("Parent")).ReadOutputAs<int>());
    }
}
