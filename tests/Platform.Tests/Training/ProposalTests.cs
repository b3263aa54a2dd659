using System.Text.Json;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Datasets;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Images without a class are predicted by the real trainer, and its answers become proposals that people accept.</summary>
[Collection(nameof(TrainingLab))]
public sealed class ProposalTests(TrainingLab lab)
{
    private const int Images = 24;

    [Fact]
    public async Task Unlabeled_images_are_predicted_proposed_and_accepted()
    {
        var jobId = await lab.StartJobAsync(epochs: 3);
        var dataset = await NewDatasetAsync();
        var version = await PublishAsync(dataset);
        var modelVersionId = (await lab.WaitForStateAsync(jobId, "completed")).GetProperty("modelVersionId").GetGuid();

        (await lab.Admin.PostAsync("training/jobs", new { projectId = lab.ProjectId, datasetVersionId = version, framework = "torchvision", model = "small_cnn", config = new { epochs = 1 } })).Expect(409, "DATASET_VERSION_UNLABELED");
        (await lab.Admin.PostAsync("training/predictions", new { modelVersionId, datasetVersionId = version, measure = true })).Expect(409, "DATASET_VERSION_UNLABELED");
        var prediction = (await lab.Admin.PostAsync("training/predictions", new { modelVersionId, datasetVersionId = version })).Expect(202).Id;
        // It waits for the trainer.
        (await StartAsync(dataset, new { action = "propose", predictionId = prediction })).Expect(409, "INVALID_STATE");
        await WaitForPredictionAsync(prediction);

        (await StartAsync(lab.DatasetId, new { action = "propose", predictionId = prediction })).Expect(409, "PREDICTION_OF_OTHER_DATASET");
        (await StartAsync(dataset, new { action = "propose" })).Expect(422, "VALIDATION_FAILED");
        (await StartAsync(dataset, new { action = "accept", minScore = 1.5 })).Expect(422, "VALIDATION_FAILED");
        (await (await lab.NewStrangerAsync()).PostAsync($"datasets/{dataset}/proposal-runs", new { action = "accept" })).Expect(404, "NOT_FOUND");
        var viewer = await lab.NewStrangerAsync();
        await PlatformHost.JoinAsync(lab.App.Databases, lab.ProjectId, viewer.UserId, ProjectRole.Viewer);
        (await viewer.PostAsync($"datasets/{dataset}/proposal-runs", new { action = "accept" })).Expect(403, "FORBIDDEN");
        var proposed = await RunAsync(dataset, new { action = "propose", predictionId = prediction, minScore = 0 });
        Assert.Equal(("completed", Images), (proposed.Text("state"), proposed.Body.GetProperty("done").GetInt32()));

        var proposals = await ListAsync(dataset);
        Assert.Equal(Images, proposals.Count);
        Assert.All(proposals, one => Assert.Equal((prediction, modelVersionId, JsonValueKind.Null), (one.GetProperty("predictionId").GetGuid(), one.GetProperty("modelVersionId").GetGuid(), one.GetProperty("image").GetProperty("class").ValueKind)));
        Assert.Empty((await lab.Admin.GetAsync($"datasets/{dataset}")).Expect(200).Body.GetProperty("classes").EnumerateArray());
        var (first, second) = (proposals[0], proposals[1]);
        (await lab.Admin.GetAsync($"datasets/{dataset}/images/{IdOf(first)}/proposal")).Expect(200);
        (await lab.Admin.PostAsync($"datasets/{dataset}/images/{IdOf(first)}/proposal/accept", new { })).Expect(204);
        (await lab.Admin.DeleteAsync($"datasets/{dataset}/images/{IdOf(second)}/proposal")).Expect(204);
        (await lab.Admin.GetAsync($"datasets/{dataset}/images/{IdOf(second)}/proposal")).Expect(404, "NOT_FOUND");

        var name = proposals[2].GetProperty("class").GetString()!;
        var ofClass = await ListAsync(dataset, $"class={name}");
        Assert.All(ofClass, one => Assert.Equal(name, one.GetProperty("class").GetString()));
        Assert.Equal(ofClass.Count, (await RunAsync(dataset, new { action = "accept", @class = name })).Body.GetProperty("done").GetInt32());
        var sure = await ListAsync(dataset, "minPercent=60");
        Assert.All(sure, one => Assert.InRange(one.GetProperty("score").GetDouble(), 0.6, 1));
        await RunAsync(dataset, new { action = "accept", minScore = 0.6 });
        await RunAsync(dataset, new { action = "reject" });

        Assert.Empty(await ListAsync(dataset));
        var labeled = (await lab.Admin.GetAsync($"datasets/{dataset}/images?limit=200")).Expect(200).Items.Where(image => image.GetProperty("class").ValueKind == JsonValueKind.String).ToList();
        Assert.Equal(1 + ofClass.Count + sure.Count, labeled.Count);
        var wanted = proposals.ToDictionary(one => IdOf(one), one => one.GetProperty("class").GetString());
        Assert.All(labeled, image => Assert.Equal(wanted[image.GetProperty("id").GetGuid()], image.GetProperty("class").GetString()));
        Assert.Equal(["reject", "accept", "accept", "propose"], (await lab.Admin.GetAsync($"datasets/{dataset}/proposal-runs")).Expect(200).Items.Select(run => run.GetProperty("action").GetString()));
    }

    private static Guid IdOf(JsonElement proposal) => proposal.GetProperty("image").GetProperty("id").GetGuid();

    /// <summary>A dataset with digits of the lab that have no class.</summary>
    private async Task<Guid> NewDatasetAsync()
    {
        var known = (await lab.Admin.GetAsync($"datasets/{lab.DatasetId}/images?limit={Images}")).Expect(200).Items;
        var dataset = await lab.Admin.NewDatasetAsync(lab.ProjectId);
        var files = new List<(string, byte[])>();
        foreach (var (number, image) in known.Index())
            files.Add(($"{number:00}.png", await DatasetClient.GetAsync(image.GetProperty("url").GetString()!)));
        await lab.Admin.UploadAsync(dataset, files);
        return dataset;
    }

    private async Task<Guid> PublishAsync(Guid dataset)
    {
        (await lab.Admin.PostAsync($"datasets/{dataset}/versions", new { annotatedOnly = true, unlabeledOnly = true })).Expect(422, "VALIDATION_FAILED");
        var version = (await lab.Admin.PostAsync($"datasets/{dataset}/versions", new { unlabeledOnly = true })).Expect(202);
        Assert.Equal((true, Images), (version.Body.GetProperty("unlabeled").GetBoolean(), version.Body.GetProperty("imageCount").GetInt32()));
        await Waiting.UntilAsync(async () => (await lab.Admin.GetAsync($"datasets/{dataset}/versions/{version.Id}")).Expect(200).Text("state") == "ready", "the version is written");
        return version.Id;
    }

    private async Task WaitForPredictionAsync(Guid id) => await Waiting.UntilAsync(async () =>
    {
        var row = (await lab.Admin.GetAsync($"training/predictions/{id}")).Expect(200);
        Assert.NotEqual("failed", row.Text("state"));
        return row.Text("state") == "completed";
    }, "the prediction completes", seconds: 240);

    private Task<ApiAnswer> StartAsync(Guid dataset, object body) => lab.Admin.PostAsync($"datasets/{dataset}/proposal-runs", body);

    private async Task<ApiAnswer> RunAsync(Guid dataset, object body)
    {
        var run = (await StartAsync(dataset, body)).Expect(202);
        await Waiting.UntilAsync(async () => (run = (await lab.Admin.GetAsync($"datasets/{dataset}/proposal-runs/{run.Id}")).Expect(200)).Text("state") != "running", "the work on proposals ends");
        return run;
    }

    private async Task<List<JsonElement>> ListAsync(Guid dataset, string filter = "")
    {
        var (items, cursor) = (new List<JsonElement>(), (string?)null);
        do
        {
            var page = (await lab.Admin.GetAsync($"datasets/{dataset}/proposals?limit=7&{filter}{(cursor is null ? "" : $"&cursor={cursor}")}")).Expect(200);
            items.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return items;
    }
}
