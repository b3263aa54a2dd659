using System.Net.Http.Headers;
using System.Text.Json;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Sweeps with the real trainer.</summary>
[Collection(nameof(TrainingLab))]
public sealed class SweepTests(TrainingLab lab)
{
    [Fact]
    public async Task A_grid_is_finished_although_the_app_is_killed_on_the_way_and_names_the_best_run()
    {
        var id = await StartAsync(new { priority = "low", method = "grid", space = new object[] { new { field = "learningRate", values = (double[])[0.00001, 0.003, 0.004] } } }, epochs: 6);
        await WaitAsync(id, async _ => (await RunsAsync(id)).Any(run => run.GetProperty("currentEpoch") is { ValueKind: JsonValueKind.Number } epoch && epoch.GetInt32() > 0), "a run trains");
        await lab.App.KillAsync();
        await lab.App.StartAsync();

        var sweep = await WaitForStateAsync(id, "completed");

        var runs = await RunsAsync(id);
        Assert.Equal(3, runs.Count);
        Assert.Equal(3, runs.Select(run => run.GetProperty("jobId").GetGuid()).Distinct().Count());
        Assert.All(runs, run => Assert.Equal(("completed", 6), (run.GetProperty("state").GetString(), run.GetProperty("currentEpoch").GetInt32())));
        var best = runs.MaxBy(run => run.GetProperty("bestMetrics").GetProperty("accuracy").GetDouble());
        Assert.Equal(best.GetProperty("bestMetrics").GetProperty("accuracy").GetDouble(), sweep.GetProperty("bestMetrics").GetProperty("accuracy").GetDouble());
        Assert.NotEqual(0.00001, sweep.GetProperty("bestConfig").GetProperty("learningRate").GetDouble());
        Assert.Equal("""{"completed":3}""", sweep.GetProperty("runs").GetRawText());
        var jobs = (await lab.Admin.GetAsync($"training/jobs?projectId={lab.ProjectId}&sweepId={id}")).Expect(200).Items;
        Assert.Equal(["low", "low", "low"], jobs.Select(job => job.GetProperty("priority").GetString()));
    }

    [Fact]
    public async Task Halving_goes_on_with_the_better_part_from_their_checkpoints()
    {
        var id = await StartAsync(new
        {
            method = "successive_halving", configurations = 4, minEpochs = 1, factor = 2, seed = 5,
            space = new object[] { new { field = "learningRate", min = 0.00001, max = 0.01, log = true } },
        }, epochs: 4);

        var sweep = await WaitForStateAsync(id, "completed");

        var runs = await RunsAsync(id);
        Assert.Equal([1, 1, 1, 1, 2, 2, 3], runs.Select(run => run.GetProperty("round").GetInt32()));
        Assert.Equal([1, 1, 1, 1, 2, 2, 4], runs.Select(run => run.GetProperty("currentEpoch").GetInt32()));
        double Accuracy(JsonElement run) => run.GetProperty("bestMetrics").GetProperty("accuracy").GetDouble();
        var (stopped, kept) = (runs.Take(4).Where(run => run.GetProperty("stopped").GetBoolean()).ToList(), runs.Take(4).Where(run => !run.GetProperty("stopped").GetBoolean()).ToList());
        Assert.Equal((2, 2), (stopped.Count, kept.Count));
        Assert.True(stopped.Max(Accuracy) <= kept.Min(Accuracy));
        var last = await lab.ReadJobAsync(runs[^1].GetProperty("jobId").GetGuid());
        Assert.Equal(2, TrainingLab.AttemptsOf(last)[0].GetProperty("resumedFromEpoch").GetInt32());
        Assert.Equal(runs.Max(Accuracy), sweep.GetProperty("bestMetrics").GetProperty("accuracy").GetDouble());
    }

    [Fact]
    public async Task Cancelling_a_sweep_cancels_its_runs_and_starts_no_further_ones()
    {
        var id = await StartAsync(new { method = "random", configurations = 5, parallel = 1, space = new object[] { new { field = "batchSize", min = 8, max = 64 } } }, epochs: 1000);
        await WaitAsync(id, async _ => (await RunsAsync(id)).Any(run => run.GetProperty("state").GetString() == "running"), "a run trains");
        (await lab.Admin.PostAsync($"training/sweeps/{id}/cancel")).Expect(202);

        var sweep = await WaitForStateAsync(id, "cancelled");

        Assert.Equal("""{"waiting":4,"cancelled":1}""", sweep.GetProperty("runs").GetRawText());
        (await lab.Admin.PostAsync($"training/sweeps/{id}/cancel")).Expect(409, "INVALID_STATE");
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/training/sweeps/{id}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", lab.Admin.AccessToken);
        using var stream = await lab.Admin.Http.SendAsync(request);
        Assert.Contains("event: end\ndata: {\"state\":\"cancelled\"}", await stream.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_space_that_the_trainer_does_not_know_is_refused_and_a_stranger_sees_nothing()
    {
        Assert.NotEmpty((await PostAsync(new { method = "random", space = new object[] { new { field = "nothing", min = 1, max = 2 } } }, 1)).Expect(422, "VALIDATION_FAILED").ErrorsOf("space[0]"));
        var tooMany = (await PostAsync(new { method = "grid", space = new object[] { new { field = "batchSize", values = Enumerable.Range(1, 201) } } }, 1)).Expect(422, "VALIDATION_FAILED");
        Assert.Contains(tooMany.Body.GetProperty("errors").EnumerateObject(), error => error.Name.StartsWith("space", StringComparison.Ordinal));
        using var stranger = await lab.NewStrangerAsync();
        (await stranger.GetAsync($"training/sweeps?projectId={lab.ProjectId}")).Expect(404, "NOT_FOUND");
    }

    private async Task<Guid> StartAsync(object sweep, int epochs) => (await PostAsync(sweep, epochs)).Expect(201).Id;

    private Task<ApiAnswer> PostAsync(object sweep, int epochs)
    {
        var body = JsonSerializer.SerializeToNode(sweep)!.AsObject();
        body["projectId"] = lab.ProjectId;
        body["datasetVersionId"] = lab.DatasetVersionId;
        body["framework"] = lab.Trainer.Name;
        body["model"] = "small_cnn";
        body["config"] = JsonSerializer.SerializeToNode(new { epochs });
        return lab.Admin.PostAsync("training/sweeps", body);
    }

    private async Task<IReadOnlyList<JsonElement>> RunsAsync(Guid id) => (await lab.Admin.GetAsync($"training/sweeps/{id}/runs?limit=200")).Expect(200).Items;

    private Task<JsonElement> WaitForStateAsync(Guid id, string state) => WaitAsync(id, sweep => Task.FromResult(sweep.GetProperty("state").GetString() == state), state);

    private async Task<JsonElement> WaitAsync(Guid id, Func<JsonElement, Task<bool>> wanted, string what)
    {
        JsonElement sweep = default;
        await Waiting.UntilAsync(async () =>
        {
            sweep = (await lab.Admin.GetAsync($"training/sweeps/{id}")).Expect(200).Body;
            return await wanted(sweep);
        }, what, seconds: 240);
        return sweep;
    }
}
