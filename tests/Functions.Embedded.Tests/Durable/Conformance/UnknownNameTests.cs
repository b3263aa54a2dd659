using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Orchestrators and activities that this app, or every app on the hub, lacks.</summary>
public sealed class UnknownNameTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_orchestrator_that_no_app_has_fails_its_instance_and_the_error_lists_the_known_names()
    {
        await using TestEngine engine = await database.StartAsync(Samples.Functions, Soon);

        OrchestrationMetadata end = await engine.RunAsync("Misspelt");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Equal("OrchestratorTaskNotFound", end.FailureDetails!.ErrorType);
        Assert.Contains("no orchestrator named 'Misspelt'", end.FailureDetails.ErrorMessage);
        Assert.Contains("Echo", end.FailureDetails.ErrorMessage);
        Assert.Contains(engine.Log, line => line.StartsWith("Error", StringComparison.Ordinal) && line.Contains("Misspelt"));
    }

    [Fact]
    public async Task An_activity_that_no_app_has_fails_its_call()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions().Orchestrator("Calls", async context =>
            {
                try
                {
                    return await context.CallActivityAsync<string>("Misspelt");
                }
                catch (TaskFailedException failure)
                {
                    return $"{failure.FailureDetails.ErrorType}: {failure.FailureDetails.ErrorMessage}";
                }
            }),
            Soon);

        string output = (await engine.RunAsync("Calls")).ReadOutputAs<string>()!;

        Assert.StartsWith("ActivityTaskNotFound: There is no activity named 'Misspelt'", output);
    }

    [Fact]
    public async Task A_sub_orchestrator_that_no_app_has_fails_its_call()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions().Orchestrator("Calls", context => context.CallSubOrchestratorAsync<string>("Misspelt")), Soon);

        OrchestrationMetadata end = await engine.RunAsync("Calls");

        Assert.Equal("OrchestratorTaskNotFound", end.FailureDetails!.InnerFailure!.ErrorType);
    }

    [Fact]
    public async Task Work_for_a_function_of_another_running_process_waits_for_that_process()
    {
        string hub = $"deploy-{Guid.NewGuid():N}";
        TestFunctions functions = new TestFunctions().Orchestrator("New", _ => Task.FromResult("new"));
        await using TestEngine newer = await TestEngine.StartAsync(database.ConnectionString, hub, functions, start: false);
        using var stop = new CancellationTokenSource();
        Task alive = newer.Get<HostRegistry>().RunAsync(stop.Token);
        await Eventually.TrueAsync(() => newer.QueryAsync<bool>($"SELECT EXISTS (SELECT FROM durable.hosts WHERE hub = '{hub}')"));
        await using TestEngine older = await database.StartAsync(Samples.Functions, Soon, hub);

        string id = await older.Client.ScheduleNewOrchestrationInstanceAsync("New", Cancellation);
        string unknown = await older.Client.ScheduleNewOrchestrationInstanceAsync("Never", Cancellation);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await older.EndOf(unknown)).RuntimeStatus);

        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await older.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);
        await newer.StartAsync();
        Assert.Equal("new", (await older.EndOf(id)).ReadOutputAs<string>());
        await stop.CancelAsync();
        await alive;
    }

    [Fact]
    public async Task An_instance_that_has_begun_waits_longer_for_its_orchestrator()
    {
        string hub = $"begun-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine newer = await database.StartAsync(Samples.Functions, hub: hub))
        {
            id = await newer.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
            await newer.Client.WaitForInstanceStartAsync(id, Cancellation);
        }

        await using TestEngine older = await database.StartAsync(new TestFunctions(), Soon, hub);
        // As from an engine of a version that did not say what it has.
        await older.QueryAsync<long>($"WITH gone AS (DELETE FROM durable.hosts WHERE hub = '{hub}' RETURNING 1) SELECT count(*) FROM gone");
        await older.Client.RaiseEventAsync(id, "go", "x", Cancellation);
        string unknown = await older.Client.ScheduleNewOrchestrationInstanceAsync("Never", Cancellation);

        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await older.EndOf(unknown)).RuntimeStatus);
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await older.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);
    }

    [Fact]
    public async Task Work_for_a_function_of_a_process_that_is_gone_waits_longer_before_it_fails()
    {
        string hub = $"gone-{Guid.NewGuid():N}";
        string id;
        await using (TestEngine newer = await database.StartAsync(Samples.Functions, hub: hub))
        {
            id = await newer.Client.ScheduleNewOrchestrationInstanceAsync("Wait", Cancellation);
            await newer.Client.WaitForInstanceStartAsync(id, Cancellation);
            await Eventually.TrueAsync(() => newer.QueryAsync<bool>($"SELECT EXISTS (SELECT FROM durable.hosts WHERE hub = '{hub}')"));
        }

        await using (TestEngine patient = await database.StartAsync(new TestFunctions(), Soon, hub))
        {
            await patient.Client.RaiseEventAsync(id, "go", "x", Cancellation);
            string unknown = await patient.Client.ScheduleNewOrchestrationInstanceAsync("Never", Cancellation);
            Assert.Equal(OrchestrationRuntimeStatus.Failed, (await patient.EndOf(unknown)).RuntimeStatus);
            Assert.Equal(OrchestrationRuntimeStatus.Running, (await patient.Client.GetInstanceAsync(id, Cancellation))!.RuntimeStatus);
        }

        await using TestEngine impatient = await database.StartAsync(
            new TestFunctions(),
            options =>
            {
                Soon(options);
                options.LostNameGrace = TimeSpan.FromMilliseconds(200);
            },
            hub);
        OrchestrationMetadata end = await impatient.EndOf(id);
        Assert.Equal("OrchestratorTaskNotFound", end.FailureDetails!.ErrorType);

        // Nothing of what had happened is lost: with the code back, it goes on.
        await impatient.StopAsync();
        await using TestEngine back = await database.StartAsync(Samples.Functions, hub: hub);
        await back.Client.RewindInstanceAsync(id, "the code is back", Cancellation);
        Assert.Equal("x", (await back.EndOf(id)).ReadOutputAs<string>());
    }

    private static void Soon(DurableEngineOptions options) => options.UnknownNameGrace = TimeSpan.FromMilliseconds(200);
}
