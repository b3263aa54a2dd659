using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Conformance;

/// <summary>Versions, tags and custom status.</summary>
public sealed class VersionAndTagTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_client_returns_custom_status_version_and_tags()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Shown", async context =>
        {
            context.SetCustomStatus(new { Step = 1, context.Version });
            await context.WaitForExternalEvent<bool>("go");
            return context.CompareVersionTo("1.10");
        }));
        var options = new StartOrchestrationOptions { Version = "1.9", Tags = new Dictionary<string, string> { ["team"] = "vision" } };
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Shown", options, Cancellation);
        await engine.Client.WaitForInstanceStartAsync(id, Cancellation);

        OrchestrationMetadata running = (await engine.Client.GetInstanceAsync(id, true, Cancellation))!;
        await engine.Client.RaiseEventAsync(id, "go", true, Cancellation);

        Assert.Equal("""{"Step":1,"Version":"1.9"}""", running.SerializedCustomStatus);
        Assert.Equal("vision", running.Tags["team"]);
        Assert.True((await engine.EndOf(id)).ReadOutputAs<int>() < 0);
    }

    [Fact]
    public async Task Versions_compare_by_number_and_no_version_comes_first()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Compare", context => Task.FromResult(
            (int[])[context.CompareVersionTo("1.9"), context.CompareVersionTo("1.10"), context.CompareVersionTo("2"), context.CompareVersionTo("")])));
        string versioned = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Compare", new StartOrchestrationOptions { Version = "1.10" }, Cancellation);
        string bare = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Compare", Cancellation);

        Assert.Equal([1, 0, -1, 1], (await engine.EndOf(versioned)).ReadOutputAs<int[]>()!.Select(Math.Sign));
        Assert.Equal([-1, -1, -1, 0], (await engine.EndOf(bare)).ReadOutputAs<int[]>()!.Select(Math.Sign));
    }

    [Fact]
    public async Task Instances_started_without_a_version_get_the_default_version()
    {
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions().Orchestrator("Version", context => Task.FromResult(context.Version)),
            services: services => services.Configure<DurableTaskClientOptions>(options => options.DefaultVersion = "3.0"));

        Assert.Equal("3.0", (await engine.RunAsync("Version")).ReadOutputAs<string>());
        string unversioned = await engine.Client.ScheduleNewOrchestrationInstanceAsync(
            "Version", new StartOrchestrationOptions { Version = TaskVersion.Unversioned }, Cancellation);
        Assert.Equal("", (await engine.EndOf(unversioned)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_sub_orchestration_has_the_version_and_tags_of_its_call()
    {
        await using TestEngine engine = await database.StartAsync(new TestFunctions()
            .Orchestrator("Child", context => Task.FromResult(context.Version))
            .Orchestrator("Parent", context => context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(
                new TaskOptions(tags: new Dictionary<string, string> { ["part"] = "child" }), "the-child") { Version = "7" })));

        Assert.Equal("7", (await engine.RunAsync("Parent")).ReadOutputAs<string>());
        Assert.Equal("child", (await engine.Client.GetInstanceAsync("the-child", Cancellation))!.Tags["part"]);
    }
}
