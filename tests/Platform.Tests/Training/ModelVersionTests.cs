using Microsoft.EntityFrameworkCore;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

[Collection(nameof(TrainingLab))]
public sealed class ModelVersionTests(TrainingLab lab)
{
    [Fact]
    public async Task Two_jobs_with_the_same_name_make_two_versions_of_one_model()
    {
        var first = await lab.WaitForStateAsync(await lab.StartJobAsync(epochs: 1, name: "twice"), "completed");
        var restarted = (await lab.Admin.PostAsync($"training/jobs/{first.GetProperty("id")}/restart")).Expect(201);
        Assert.Equal(("pending", first.GetProperty("id").GetString()), (restarted.Text("state"), restarted.Text("restartedFrom")));
        (await lab.Admin.PostAsync($"training/jobs/{restarted.Id}/start")).Expect(202);
        var second = await lab.WaitForStateAsync(restarted.Id, "completed");

        Assert.Equal(first.GetProperty("modelId").GetString(), second.GetProperty("modelId").GetString());
        var versions = (await lab.Admin.GetAsync($"models/{first.GetProperty("modelId")}/versions")).Expect(200).Items;
        Assert.Equal([2, 1], versions.Select(version => version.GetProperty("number").GetInt32()));
        Assert.Equal("completed", TrainingLab.StateOf(await lab.ReadJobAsync(first.GetProperty("id").GetGuid())));
    }

    [Fact]
    public async Task A_model_is_measured_on_the_images_that_the_split_of_its_job_holds_out()
    {
        var job = (await lab.Admin.PostAsync("training/jobs", new
        {
            projectId = lab.ProjectId, datasetVersionId = lab.DatasetVersionId, framework = lab.Trainer.Name, model = "small_cnn", config = new { epochs = 1 },
            split = new { ratios = (double[])[0.5, 0.5], stratified = true },
        })).Expect(201).Id;
        (await lab.Admin.PostAsync($"training/jobs/{job}/start")).Expect(202);
        await lab.WaitForStateAsync(job, "completed");

        // Half of the 400 images; the split of the version holds out a tenth to validate.
        await using var database = lab.App.Databases.OpenPlatform();
        Assert.Equal(200, (await database.ModelVersions.AsNoTracking().SingleAsync(version => version.JobId == job)).ConfusionMatrix.Sum(row => row.Sum()));
    }
}
