using System.Text.Json;
using Npgsql;
using VisionPlatform.Application.Training;
using VisionPlatform.Cli.Tests;
using VisionPlatform.Functions.Embedded.Durable;
using VisionPlatform.Functions.Embedded.Tests;

namespace VisionPlatform.Orchestrations.Tests;

/// <summary><c>platform-cli durable</c> on real orchestrations of the platform.</summary>
public sealed class DurableCommandTests(Servers servers) : IClassFixture<Servers>
{
    [Fact]
    public async Task Explain_tells_what_a_job_waits_for_by_the_id_of_the_job()
    {
        await using var bench = await Workbench.StartAsync(servers);
        using var cli = Cli();
        var (job, _) = await servers.Training.QueueAsync();
        await bench.Engine.Client.ScheduleOnceAsync(TrainingWork.Train, job.Id, TestContext.Current.CancellationToken);
        await bench.SentAsync(job.Id);
        await WaitsAsync(bench, TrainingWork.Train.InstanceId(job.Id));

        var run = await cli.RunAsync("durable", "explain", job.Id.ToString(), "--hub", bench.Engine.Store.Hub);
        var json = await cli.RunAsync("durable", "explain", TrainingWork.Train.InstanceId(job.Id), "--hub", bench.Engine.Store.Hub, "--json");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.StartsWith($"train-{job.Id}: TrainModel, Running\nIt waits for the orchestration 'RunOnTrainer' (", run.Output);
        Assert.Contains("can run it   ", run.Output);
        Assert.Equal("orchestration", JsonDocument.Parse(json.Output).RootElement.GetProperty("waitsFor")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task Explain_refuses_an_id_that_the_hub_does_not_have()
    {
        await using var bench = await Workbench.StartAsync(servers);
        using var cli = Cli();

        var run = await cli.RunAsync("durable", "explain", "nothing", "--hub", bench.Engine.Store.Hub);

        Assert.Equal((1, "error: the hub '" + bench.Engine.Store.Hub + "' has no orchestration of the id 'nothing'.\n"), (run.ExitCode, run.Error));
    }

    [Fact]
    public async Task Preflight_passes_for_the_build_that_runs_and_names_what_another_build_could_not_go_on_with()
    {
        await using var bench = await Workbench.StartAsync(servers);
        using var cli = Cli();
        var (job, _) = await servers.Training.QueueAsync();
        await bench.Engine.Client.ScheduleOnceAsync(TrainingWork.Train, job.Id, TestContext.Current.CancellationToken);
        await bench.SentAsync(job.Id);
        await WaitsAsync(bench, TrainingWork.Train.InstanceId(job.Id));

        var same = await cli.RunAsync("durable", "preflight", "--hub", bench.Engine.Store.Hub);
        // As if the build that is in use called another orchestrator than the new one does.
        await ExecuteAsync($"UPDATE durable.history SET name = 'TrainSomewhere' WHERE hub = '{bench.Engine.Store.Hub}' AND instance_id = 'train-{job.Id}' AND kind = 'SubOrchestrationCreated'");
        var other = await cli.RunAsync("durable", "preflight", "--hub", bench.Engine.Store.Hub);

        Assert.Equal((0, "2 orchestrations in flight, 0 cannot go on with this build, 0 activities are missing\n", ""), (same.ExitCode, same.Output, same.Error));
        Assert.Equal(1, other.ExitCode);
        Assert.Contains($"train-{job.Id} (TrainModel): ", other.Output);
        Assert.Contains("called the sub-orchestrator 'TrainSomewhere'", other.Output);
        Assert.EndsWith("2 orchestrations in flight, 1 cannot go on with this build, 0 activities are missing\n", other.Output);
    }

    private CliProgram Cli() => new() { Environment = { ["DURABLE_DATABASE_URL"] = servers.Durable.ConnectionString } };

    /// <summary>Waits until the orchestration and the run that it called have stored what they wait for.</summary>
    private static async Task WaitsAsync(Workbench bench, string instance)
    {
        await Eventually.TrueAsync(async () => await bench.Engine.Get<HubInspector>().ExplainAsync(instance, TestContext.Current.CancellationToken) is { Summary: var summary }
            && summary.Contains("which is running", StringComparison.Ordinal));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(servers.Durable.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
