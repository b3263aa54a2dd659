using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>Finished instances go when they are old, and only they.</summary>
public sealed class RetentionTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static TestFunctions Functions() => new TestFunctions()
        .Activity<int, int>("Add", value => value + 1)
        .Orchestrator("Add", context => context.CallActivityAsync<int>("Add", 1))
        .Orchestrator("Fail", Task (_) => throw new InvalidOperationException("on purpose"))
        .Orchestrator("Wait", context => context.WaitForExternalEvent<string>("go"))
        .Orchestrator("Parent", async context =>
        {
            string id = context.InstanceId;
            await context.CallSubOrchestratorAsync<int>("Add", options: new SubOrchestrationOptions { InstanceId = id + "-completed" });
            try
            {
                await context.CallSubOrchestratorAsync("Fail", options: new SubOrchestrationOptions { InstanceId = id + "-failed" });
            }
            catch (TaskFailedException)
            {
                await context.WaitForExternalEvent<string>("go");
            }
        });

    private static void Quick(DurableEngineOptions options) =>
        (options.Retention, options.RetentionInterval) = (TimeSpan.FromDays(7), TimeSpan.FromMilliseconds(100));

    [Fact]
    public async Task Instances_that_ended_before_the_retention_time_are_removed_with_all_their_rows()
    {
        await using TestEngine engine = await database.StartAsync(Functions(), Quick);
        await engine.RunAsync("Add", id: "old");
        await engine.RunAsync("Fail", id: "old-failed");
        await engine.RunAsync("Add", id: "young");
        string waiting = await WaitingAsync(engine, "Wait");

        await AgeAsync(engine, "old", "old-failed", waiting);

        await GoneAsync(engine, "old", "old-failed");
        Assert.Equal(0, await engine.QueryAsync<long>($"SELECT count(*) FROM durable.history WHERE hub = '{engine.Store.Hub}' AND instance_id LIKE 'old%'"));
        Assert.NotNull(await engine.Client.GetInstancesAsync("young"));
        Assert.NotEmpty(await engine.HistoryOf("young"));
        await engine.Client.RaiseEventAsync(waiting, "go", "still here");
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await engine.EndOf(waiting)).RuntimeStatus);
    }

    [Fact]
    public async Task Several_batches_are_removed_while_two_engines_search()
    {
        TestFunctions functions = Functions();
        await using TestEngine one = await database.StartAsync(functions, Quick);
        await using TestEngine other = await database.StartAsync(functions, Quick, one.Store.Hub);
        string[] ids = [.. Enumerable.Range(0, 250).Select(i => $"many-{i}")];
        await Task.WhenAll(ids.Select(id => one.RunAsync("Add", id: id)));

        await AgeAsync(one, ids);

        await GoneAsync(one, ids);
        Assert.DoesNotContain(one.Log.Concat(other.Log), line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Only_completed_children_of_a_running_parent_are_removed()
    {
        await using TestEngine engine = await database.StartAsync(Functions(), Quick);
        string parent = await WaitingAsync(engine, "Parent");
        string completed = parent + "-completed", failed = parent + "-failed";
        await Eventually.TrueAsync(async () => (await engine.Client.GetInstancesAsync(failed))?.IsCompleted == true);

        await AgeAsync(engine, completed, failed);
        await GoneAsync(engine, completed);
        Assert.NotNull(await engine.Client.GetInstancesAsync(failed)); // the parent could be rewound, and this with it

        await engine.StopAsync();
        await using TestEngine next = await database.StartAsync(Functions(), Quick, engine.Store.Hub); // has to replay the parent
        await next.Client.RaiseEventAsync(parent, "go", "on");
        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await next.EndOf(parent)).RuntimeStatus);

        await AgeAsync(next, parent);
        await GoneAsync(next, parent, failed);
    }

    [Fact]
    public async Task Nothing_is_removed_when_retention_is_off()
    {
        await using TestEngine engine = await database.StartAsync(Functions(), options => (options.Retention, options.RetentionInterval) = (null, TimeSpan.FromMilliseconds(1)));
        await engine.RunAsync("Add", id: "ancient");
        await AgeAsync(engine, "ancient");
        await engine.RunAsync("Add");

        await engine.Get<Retention>().RunAsync(TestContext.Current.CancellationToken); // comes back at once

        Assert.NotNull(await engine.Client.GetInstancesAsync("ancient"));
    }

    private static async Task<string> WaitingAsync(TestEngine engine, string orchestrator)
    {
        string id = await engine.Client.ScheduleNewOrchestrationInstanceAsync(orchestrator);
        await engine.Client.WaitForInstanceStartAsync(id);
        return id;
    }

    /// <summary>Makes instances as old as if they had been created, and ended if they have, a year ago.</summary>
    private static Task AgeAsync(TestEngine engine, params string[] ids) => engine.QueryAsync<long>(
        $"""
        WITH aged AS (
            UPDATE durable.instances
            SET created_at = created_at - interval '1 year', completed_at = completed_at - interval '1 year'
            WHERE hub = '{engine.Store.Hub}' AND instance_id IN ({string.Join(", ", ids.Select(id => $"'{id}'"))})
            RETURNING 1
        )
        SELECT count(*) FROM aged
        """);

    private static Task GoneAsync(TestEngine engine, params string[] ids) => Eventually.TrueAsync(async () => await engine.QueryAsync<long>(
        $"SELECT count(*) FROM durable.instances WHERE hub = '{engine.Store.Hub}' AND instance_id IN ({string.Join(", ", ids.Select(id => $"'{id}'"))})") == 0);
}
