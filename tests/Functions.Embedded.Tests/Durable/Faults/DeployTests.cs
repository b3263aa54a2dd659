using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace VisionPlatform.Functions.Embedded.Tests.Durable.Faults;

/// <summary>Processes of an old and a new program on one hub, as while a deploy rolls on.</summary>
public sealed class DeployTests(DurableDatabase database) : IClassFixture<DurableDatabase>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task During_a_rolling_deployment_a_process_with_the_code_runs_each_instance()
    {
        string hub = $"deploy-{Guid.NewGuid():N}";
        await Effects.CreateTablesAsync(database.ConnectionString);
        await using var effects = new Effects(database.ConnectionString, hub);
        await using TestEngine client = await TestEngine.StartAsync(database.ConnectionString, hub, MixedLoad.Functions(effects), start: false);
        var driver = new LoadDriver(client.Client, 7);
        using var startNoMore = new CancellationTokenSource();
        Task load = driver.RunAsync(6, startNoMore.Token, Cancellation);

        using EngineProcess oldOne = EngineProcess.Start(database.ConnectionString, hub, "old");
        using EngineProcess oldTwo = EngineProcess.Start(database.ConnectionString, hub, "old");
        await Task.WhenAll(oldOne.Ready, oldTwo.Ready);
        string[] retired = await StartAsync(client, "old", 8);
        using EngineProcess newOne = EngineProcess.Start(database.ConnectionString, hub, "new");
        await newOne.Ready;
        string[] added = await StartAsync(client, "new", 8);
        foreach (string id in added[..4])
            await client.Client.RaiseEventAsync(id, "go", true, Cancellation);
        foreach (string id in added[..4])
            Assert.Equal("done by new", (await client.EndOf(id)).ReadOutputAs<string>());

        await oldOne.StopAsync();
        using EngineProcess newTwo = EngineProcess.Start(database.ConnectionString, hub, "new");
        await newTwo.Ready;
        foreach (string id in retired.Concat(added[4..]))
            await client.Client.RaiseEventAsync(id, "go", true, Cancellation);
        foreach (string id in retired)
            Assert.Equal("done by old", (await client.EndOf(id)).ReadOutputAs<string>());
        foreach (string id in added[4..])
            Assert.Equal("done by new", (await client.EndOf(id)).ReadOutputAs<string>());
        await oldTwo.StopAsync();
        await startNoMore.CancelAsync();
        await load.EndsAsync();
        await Task.WhenAll(newOne.StopAsync(), newTwo.StopAsync());

        Assert.Empty(driver.Problems);
        Assert.Empty(new[] { oldOne, oldTwo, newOne, newTwo }.SelectMany(host => host.Errors));
        Assert.Empty(await HubCheck.ProblemsAsync(database.ConnectionString, hub));
    }

    [Fact]
    public async Task Instances_of_an_unknown_orchestrator_are_taken_once_and_delay_no_others()
    {
        string hub = $"deploy-{Guid.NewGuid():N}";
        TestFunctions known = new TestFunctions().Orchestrator("Known", _ => Task.FromResult(1));
        TestFunctions other = new TestFunctions().Orchestrator("Other", _ => Task.FromResult(2));
        // Somebody has the name and does not come by: it is only registered.
        await using TestEngine absent = await TestEngine.StartAsync(database.ConnectionString, hub, other, start: false);
        using var stop = new CancellationTokenSource();
        Task registered = absent.Get<HostRegistry>().RunAsync(stop.Token);
        await Eventually.TrueAsync(() => absent.QueryAsync<bool>($"SELECT EXISTS (SELECT FROM durable.hosts WHERE hub = '{hub}')"));
        for (int i = 0; i < 300; i++)
            await absent.Client.ScheduleNewOrchestrationInstanceAsync("Other", Cancellation);

        await using TestEngine engine = await database.StartAsync(known, hub: hub);
        Assert.Equal(1, (await engine.RunAsync("Known")).ReadOutputAs<int>());
        await Eventually.TrueAsync(() => engine.Log.Any(line => line.Contains("no orchestrator Other")));
        string before = await StateAsync(engine, hub);
        for (int i = 0; i < 20; i++)
            Assert.Equal(1, (await engine.RunAsync("Known")).ReadOutputAs<int>());

        Assert.Equal(before, await StateAsync(engine, hub));
        Assert.Single(engine.Log, line => line.Contains("no orchestrator Other"));
        await absent.StartAsync();
        await Eventually.TrueAsync(async () => await absent.QueryAsync<long>(
            $"SELECT count(*) FROM durable.instances WHERE hub = '{hub}' AND name = 'Other' AND status = 'Completed'") == 300);
        await stop.CancelAsync();
        await registered;
    }

    private static async Task<string[]> StartAsync(TestEngine client, string version, int count)
    {
        var ids = new string[count];
        for (int i = 0; i < count; i++)
        {
            ids[i] = $"{version}-{i}";
            await client.Client.ScheduleNewOrchestrationInstanceAsync($"Only {version}", null, new StartOrchestrationOptions(ids[i]), Cancellation);
        }

        return ids;
    }

    /// <summary>Changes whenever one of the rows is written.</summary>
    private static Task<string> StateAsync(TestEngine engine, string hub) => engine.QueryAsync<string>(
        $"SELECT md5(string_agg(instance_id || xmin::text, ' ' ORDER BY instance_id)) FROM durable.instances WHERE hub = '{hub}' AND name = 'Other'");
}
