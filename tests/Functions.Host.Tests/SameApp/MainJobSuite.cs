using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using VisionPlatform.Images;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training;

namespace VisionPlatform.Functions.Host.Tests.SameApp;

/// <summary>Dataset → training → model → exports → deployment → predictions, on real images with a real trainer.</summary>
public abstract class MainJobSuite(TrainingLab lab)
{
    [Fact]
    public async Task A_job_leaves_metrics_checkpoints_logs_and_a_model_that_exports_deploys_and_predicts()
    {
        var jobId = await lab.NewJobAsync(epochs: 6, name: "digits of the main job");
        // A response ends after its time whatever the job does: the first one before the job is started.
        var events = await EventStream.ReadOnceAsync(lab.Admin, jobId);
        Assert.DoesNotContain(events, e => e.Type == "end");
        (await lab.Admin.PostAsync($"training/jobs/{jobId}/start")).Expect(202);
        events.AddRange(await EventStream.ReadAsync(lab.Admin, jobId, events.LastOrDefault(e => e.Id is not null)?.Id));
        var job = await lab.WaitForStateAsync(jobId, "completed");

        await MetricsAndCheckpointsAsync(jobId, job);
        await LogsAsync(jobId);
        StreamTellsTheWholeRun(events);
        await StreamGoesOnWhereItWasLeftAsync(jobId, events);
        var version = await ModelAsync(job);
        var onnx = await ExportsAsync(version);
        await DeploymentAsync(onnx, version);
        await OrchestrationsAsync(jobId);
    }

    /// <summary>What the host itself shows of the job: status, input, output and history of its orchestrations.</summary>
    private async Task OrchestrationsAsync(Guid jobId)
    {
        var job = await lab.HostAsync(HttpMethod.Get, $"/runtime/webhooks/durabletask/instances/train-{jobId}?showHistory=true&showHistoryOutput=true");
        Assert.Equal(("TrainModel", "Completed", $"{jobId}"), (job.GetProperty("name").GetString(), job.GetProperty("runtimeStatus").GetString(), job.GetProperty("input").GetString()));
        Assert.Equal(jobId, job.GetProperty("output").GetProperty("JobId").GetGuid());
        var history = job.GetProperty("historyEvents").EnumerateArray().ToList();
        Assert.All(history, e => Assert.InRange(e.GetRawText().Length, 1, 8_000)); // Ids and states, never what belongs into the store.
        Assert.Equal("ExecutionStarted", history[0].GetProperty("EventType").GetString());
        Assert.Contains(history, e => e.GetProperty("EventType").GetString() == "SubOrchestrationInstanceCompleted" && e.GetProperty("FunctionName").GetString() == "RunOnTrainer");
        Assert.Contains(history, e => e.GetProperty("EventType").GetString() == "TaskCompleted" && e.GetProperty("FunctionName").GetString() == "FinalizeJob");
        Assert.Equal("ExecutionCompleted", history[^1].GetProperty("EventType").GetString());

        var exports = await lab.HostAsync(HttpMethod.Get, "/runtime/webhooks/durabletask/instances?instanceIdPrefix=exports-&runtimeStatus=Completed");
        Assert.Equal(2, Assert.Single(exports.EnumerateArray()).GetProperty("output").GetArrayLength());
    }

    private async Task MetricsAndCheckpointsAsync(Guid jobId, JsonElement job)
    {
        Assert.Equal((6, 6), (job.GetProperty("currentEpoch").GetInt32(), job.GetProperty("totalEpochs").GetInt32()));
        Assert.True(job.GetProperty("finalMetrics").GetProperty("accuracy").GetDouble() > 0.6);
        var metrics = (await lab.Admin.GetAsync($"training/jobs/{jobId}/metrics")).Expect(200).Items;
        Assert.Equal([1, 2, 3, 4, 5, 6], metrics.Select(row => row.GetProperty("epoch").GetInt32()));
        Assert.All(metrics, row => Assert.True(row.GetProperty("metrics").GetProperty("loss").GetDouble() > 0));

        var checkpoints = (await lab.Admin.GetAsync($"training/jobs/{jobId}/checkpoints")).Expect(200).Items;
        Assert.Equal(6, checkpoints.Count);
        Assert.Contains(checkpoints, checkpoint => checkpoint.GetProperty("best").GetBoolean());
        var last = checkpoints[^1];
        var bytes = await DatasetClient.GetAsync(last.GetProperty("url").GetString()!);
        Assert.Equal(last.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    private async Task LogsAsync(Guid jobId)
    {
        var all = (await lab.Admin.GetAsync($"training/jobs/{jobId}/logs")).Expect(200).Items;
        Assert.NotEmpty(all);
        Assert.Empty((await lab.Admin.GetAsync($"training/jobs/{jobId}/logs?level=error")).Expect(200).Items);
        var found = (await lab.Admin.GetAsync($"training/jobs/{jobId}/logs?search=SMALL_CNN")).Expect(200).Items;
        Assert.InRange(found.Count, 1, all.Count - 1);
        var rest = (await lab.Admin.GetAsync($"training/jobs/{jobId}/logs?after={all[0].GetProperty("id")}")).Expect(200).Items;
        Assert.Equal(all.Count - 1, rest.Count);
    }

    private static void StreamTellsTheWholeRun(List<StreamEvent> events)
    {
        Assert.Equal("end", events[^1].Type);
        var states = events.Where(e => e.Type == "state").Select(e => Array.IndexOf(States, e.Data.GetProperty("state").GetString()!)).ToList();
        Assert.Equal(states.Distinct().Order(), states);
        Assert.Superset(new HashSet<int> { 1, 3, 4, 5 }, states.ToHashSet());
        Assert.Equal([1, 2, 3, 4, 5, 6], events.Where(e => e.Type == "metrics").Select(e => e.Data.GetProperty("epoch").GetInt32()));
        Assert.Equal(6, events.Count(e => e.Type == "checkpoint"));
        Assert.Contains(events, e => e.Type == "log");
        var ids = events.Where(e => e.Id is not null).Select(e => e.Id!.Value).ToList();
        Assert.Equal(ids.Distinct().Order(), ids);
    }

    private static readonly string[] States = ["pending", "queued", "starting", "running", "finalizing", "completed"];

    private async Task StreamGoesOnWhereItWasLeftAsync(Guid jobId, List<StreamEvent> events)
    {
        var middle = events.Where(e => e.Id is not null).ElementAt(events.Count / 2).Id!.Value;
        var rest = await EventStream.ReadOnceAsync(lab.Admin, jobId, middle);
        Assert.Equal(events.Where(e => e.Id > middle).Select(e => e.Id), rest.Where(e => e.Id is not null).Select(e => e.Id));
        var page = (await lab.Admin.GetAsync($"training/jobs/{jobId}/logs?after={middle}&limit=1")).Expect(200);
        Assert.True(page.Items.Count <= 1);
    }

    private async Task<JsonElement> ModelAsync(JsonElement job)
    {
        var path = $"models/{job.GetProperty("modelId")}/versions/{job.GetProperty("modelVersionId")}";
        var version = (await lab.Admin.GetAsync(path)).Expect(200).Body;
        var held = (await lab.Admin.GetAsync($"datasets/{lab.DatasetId}/versions/{lab.DatasetVersionId}")).Expect(200).Body.GetProperty("splits").GetProperty("test").GetInt32();
        Assert.Equal(10, version.GetProperty("classes").GetArrayLength());
        Assert.Equal(held, version.GetProperty("confusionMatrix").EnumerateArray().Sum(row => row.EnumerateArray().Sum(cell => cell.GetInt32())));
        Assert.Equal(held, version.GetProperty("perClass").EnumerateArray().Sum(of => of.GetProperty("support").GetInt32()));
        Assert.All(version.GetProperty("perClass").EnumerateArray(), of => Assert.InRange(of.GetProperty("precision").GetDouble(), 0, 1));
        var checkpoint = version.GetProperty("checkpoint");
        var bytes = await DatasetClient.GetAsync(checkpoint.GetProperty("url").GetString()!);
        Assert.Equal(checkpoint.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(bytes)));
        return version;
    }

    private async Task<JsonElement> ExportsAsync(JsonElement version)
    {
        var started = (await lab.Admin.PostAsync("exports", new
        {
            modelVersionId = version.GetProperty("id"), formats = new[] { "onnx", "torchscript" }, options = new { onnx = new { opset = 13 } },
        })).Expect(202);
        var done = new Dictionary<string, JsonElement>();
        foreach (var export in started.Items)
        {
            var id = export.GetProperty("id").GetGuid();
            JsonElement read = default;
            await Waiting.UntilAsync(async () => (read = (await lab.Admin.GetAsync($"exports/{id}")).Expect(200).Body).GetProperty("state").GetString() is "completed" or "failed", "the export ends");
            Assert.True(read.GetProperty("state").GetString() == "completed", read.ToString());
            var validation = read.GetProperty("validation");
            Assert.True(validation.GetProperty("passed").GetBoolean());
            Assert.Equal(1, validation.GetProperty("top1Agreement").GetDouble());
            var url = (await lab.Admin.GetAsync($"exports/{id}/download")).Expect(200).Text("url")!;
            Assert.Equal(read.GetProperty("sha256").GetString(), Convert.ToHexStringLower(SHA256.HashData(await DatasetClient.GetAsync(url))));
            done[read.GetProperty("format").GetString()!] = read;
        }

        Assert.Equal(["onnx", "torchscript"], done.Keys.Order());
        return done["onnx"];
    }

    private async Task DeploymentAsync(JsonElement export, JsonElement version)
    {
        var made = (await lab.Admin.PostAsync("deployments", new { exportId = export.GetProperty("id"), name = "digits" })).Expect(202);
        var key = made.Text("apiKey")!;
        await Waiting.UntilAsync(async () => (await lab.Admin.GetAsync($"deployments/{made.Id}")).Expect(200).Text("state") == "active", "the deployment is active");
        Assert.Null((await lab.Admin.GetAsync($"deployments/{made.Id}")).Text("apiKey"));

        var held = (await lab.Admin.GetAsync($"datasets/{lab.DatasetId}/versions/{lab.DatasetVersionId}/images?split=test&limit=200")).Expect(200).Items;
        var images = await Task.WhenAll(held.Select(image => DatasetClient.GetAsync(image.GetProperty("url").GetString()!)));
        using var caller = lab.App.NewClient().WithToken(key);
        var predicted = (await caller.PostAsync($"infer/{made.Id}", new { images = images.Select(Convert.ToBase64String), topK = 3 })).Expect(200).Body.GetProperty("predictions").EnumerateArray().ToList();
        var right = held.Zip(predicted).Count(pair => pair.First.GetProperty("class").GetString() == pair.Second.GetProperty("class").GetString());
        Assert.Equal(version.GetProperty("metrics").GetProperty("test_accuracy").GetDouble(), (double)right / held.Count, 3);
        Assert.All(predicted, one => Assert.Equal(3, one.GetProperty("top").GetArrayLength()));

        var raw = new ByteArrayContent(images[0]) { Headers = { ContentType = new MediaTypeHeaderValue("image/png") } };
        Assert.Single((await caller.SendAsync(HttpMethod.Post, $"infer/{made.Id}", raw)).Expect(200).Body.GetProperty("predictions").EnumerateArray());
        var wrong = (await caller.PostAsync($"infer/{made.Id}", new { images = new[] { Convert.ToBase64String(images[0]), "bm90IGFuIGltYWdl" } })).Expect(200);
        Assert.Equal("INVALID_IMAGE", wrong.Body.GetProperty("predictions")[1].GetProperty("error").GetProperty("code").GetString());
        Assert.False(wrong.Body.GetProperty("predictions")[0].TryGetProperty("error", out _));
        var usage = (await lab.Admin.GetAsync($"deployments/{made.Id}")).Expect(200).Body;
        Assert.Equal((3, held.Count + 3), (usage.GetProperty("requestCount").GetInt32(), usage.GetProperty("imageCount").GetInt32()));

        (await lab.App.NewClient().WithToken("vpd_" + new string('0', 64)).PostAsync($"infer/{made.Id}", new { images = new[] { "" } })).Expect(401, "UNAUTHENTICATED");
        (await lab.Admin.DeleteAsync($"deployments/{made.Id}")).Expect(204);
        (await caller.PostAsync($"infer/{made.Id}", new { images = new[] { Convert.ToBase64String(images[0]) } })).Expect(409, "DEPLOYMENT_NOT_ACTIVE");
    }
}
