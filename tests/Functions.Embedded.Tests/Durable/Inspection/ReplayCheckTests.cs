using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Inspection;

/// <summary>Before a deployment: which orchestrations in flight could not go on with the new code.</summary>
public sealed class ReplayCheckTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Code_that_repeats_the_history_passes_and_code_that_does_not_is_named()
    {
        string hub = $"check-{Guid.NewGuid():N}";
        await using TestEngine engine = await database.StartAsync(
            new TestFunctions()
                .Activity<string, int>("Prepare", (string _) => 1)
                .Activity<string, int>("Slow", async (_, cancellation) => { await Task.Delay(Timeout.Infinite, cancellation); return 1; })
                .Orchestrator("Job", async context =>
                {
                    await context.CallActivityAsync<int>("Prepare", "");
                    await context.WaitForExternalEvent<bool>("go");
                })
                .Orchestrator("Removed", context => context.CallActivityAsync<int>("Slow", "")),
            hub: hub);
        foreach ((string name, string id) in new[] { ("Job", "job"), ("Removed", "removed") })
            await engine.Client.ScheduleNewOrchestrationInstanceAsync(name, null, new StartOrchestrationOptions(id), Cancellation);
        await Eventually.TrueAsync(async () => (await engine.HistoryOf("job")).Any(e => e.Kind == EventKind.TaskCompleted));
        await Eventually.TrueAsync(async () => (await engine.HistoryOf("removed")).Count > 0);

        await using HubInspector same = Build(hub, ["Job", "Removed"], async (_, context) =>
        {
            await context.CallActivityAsync<int>(context.Name == "Job" ? "Prepare" : "Slow", "");
            await context.WaitForExternalEvent<bool>("go");
        });
        await using HubInspector changed = Build(hub, ["Job"], async (_, context) =>
        {
            await context.CallActivityAsync<int>("Check", "");
            await context.CallActivityAsync<int>("Prepare", "");
        });
        await using HubInspector failing = Build(hub, ["Job", "Removed"], (_, _) => throw new FormatException("the input has another form"));

        Assert.All(await same.CheckReplaysAsync(Cancellation).ToListAsync(Cancellation), check => Assert.Null(check.Problem));
        Assert.Empty(await same.UnknownActivitiesAsync(Cancellation));
        List<ReplayCheck> checks = await changed.CheckReplaysAsync(Cancellation).ToListAsync(Cancellation);
        Assert.Equal(["job", "removed"], checks.Select(check => check.InstanceId));
        Assert.Contains("called the activity 'Prepare' as #0, but the replay called the activity 'Check' as #0", checks[0].Problem);
        Assert.Equal("This build has no orchestrator 'Removed'.", checks[1].Problem);
        Assert.Equal([new UnknownActivity("Slow", 1)], await changed.UnknownActivitiesAsync(Cancellation));
        Assert.Equal("Its code fails in the replay: FormatException: the input has another form", (await failing.CheckReplaysAsync(Cancellation).FirstAsync(Cancellation)).Problem);
    }

    [Fact]
    public async Task Code_that_ends_before_its_history_does_is_named()
    {
        string hub = $"ends-{Guid.NewGuid():N}";
        await using TestEngine engine = await database.StartAsync(new TestFunctions().Orchestrator("Job", context => context.WaitForExternalEvent<bool>("go")), hub: hub);
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync("Job", Cancellation);
        await Eventually.TrueAsync(async () => (await engine.HistoryOf(id)).Count > 0);

        await using HubInspector ends = Build(hub, ["Job"], (_, _) => Task.CompletedTask);

        Assert.Equal("Its code ends in the replay, but its history goes on.", Assert.Single(await ends.CheckReplaysAsync(Cancellation).ToListAsync(Cancellation)).Problem);
    }

    private HubInspector Build(string hub, string[] orchestrators, Func<string, TaskOrchestrationContext, Task> run) => HubInspector.Open(
        new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create("DURABLE_DATABASE_URL", (string?)database.ConnectionString)]).Build(), hub,
        new OrchestratorCode(orchestrators, ["Prepare", "Check", .. orchestrators.Contains("Removed") ? ["Slow"] : Array.Empty<string>()], run, Microsoft.DurableTask.Converters.JsonDataConverter.Default));
}
