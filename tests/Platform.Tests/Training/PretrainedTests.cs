using System.Text.Json;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Trainings that begin with imported weights, with the real trainer.</summary>
[Collection(nameof(TrainingLab))]
public sealed class PretrainedTests(TrainingLab lab, PlatformHost host)
{
    private const string Model = "small_cnn", OtherModel = "resnet18";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_begins_with_the_imported_weights_and_one_without_them_begins_at_random()
    {
        var refused = (await lab.Admin.PostAsync("training/jobs", lab.Job(new { epochs = 1, pretrained = true }))).Expect(422, "WEIGHTS_MISSING");
        Assert.Contains("platform-cli weights import FILE --trainer torchvision --model small_cnn", refused.Body.GetRawText(), StringComparison.Ordinal);
        Assert.Empty(await WeightsAsync());
        var first = await lab.StartJobAsync(8);
        Assert.InRange(AccuracyOf(await lab.WaitForStateAsync(first, "completed")), 0.8, 1);
        var sha256 = await ImportAsync(Model, await BestCheckpointAsync(first));
        try
        {
            var offered = Assert.Single(await WeightsAsync());
            Assert.Equal((Model, sha256, "ours"), (offered.GetProperty("model").GetString(), offered.GetProperty("sha256").GetString(), offered.GetProperty("licence").GetString()));

            // A step this small changes nothing, so an epoch measures what the run began with.
            var begun = await RunAsync(new { epochs = 1, learningRate = 1e-9, pretrained = true });
            var anew = await RunAsync(new { epochs = 1, learningRate = 1e-9 });

            Assert.InRange(AccuracyOf(begun), 0.7, 1);
            Assert.InRange(AccuracyOf(anew), 0, 0.5);
            Assert.Equal((sha256, null), (begun.GetProperty("weightsSha256").GetString(), anew.GetProperty("weightsSha256").GetString()));
            await RemovalIsRefusedWhileAJobWaitsAsync();
        }
        finally
        {
            await UseAsync(weights => weights.RemoveAsync(lab.Trainer.Name, Model, Cancellation));
        }
        (await lab.Admin.PostAsync($"training/jobs/{first}/clone", new { config = new { pretrained = true } })).Expect(422, "WEIGHTS_MISSING");
        (await lab.Admin.PostAsync("training/sweeps", new
        {
            projectId = lab.ProjectId, datasetVersionId = lab.DatasetVersionId, framework = lab.Trainer.Name, model = Model, method = "grid", config = new { pretrained = true },
            space = new object[] { new { field = "learningRate", values = (double[])[0.001, 0.01] } },
        })).Expect(422, "WEIGHTS_MISSING");
    }

    [Fact]
    public async Task Weights_of_another_model_end_the_job_at_once_and_the_failure_names_the_layers()
    {
        var first = await lab.StartJobAsync(1);
        await lab.WaitForStateAsync(first, "completed");
        await ImportAsync(OtherModel, await BestCheckpointAsync(first));
        try
        {
            var id = (await lab.Admin.PostAsync("training/jobs", lab.Job(new { epochs = 1, pretrained = true, imageSize = 32 }, OtherModel))).Expect(201).Id;
            (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);

            var failed = await lab.WaitForStateAsync(id, "failed");

            Assert.Single(TrainingLab.AttemptsOf(failed));
            var error = failed.GetProperty("error");
            Assert.Equal("WEIGHTS_INVALID", error.GetProperty("code").GetString());
            Assert.Contains("the file lacks conv1.weight", error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Contains("the model has no features.0.weight", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
        finally
        {
            await UseAsync(weights => weights.RemoveAsync(lab.Trainer.Name, OtherModel, Cancellation));
        }
    }

    private async Task RemovalIsRefusedWhileAJobWaitsAsync()
    {
        var waiting = (await lab.Admin.PostAsync("training/jobs", lab.Job(new { epochs = 1, pretrained = true }))).Expect(201).Id;
        var refusal = await Assert.ThrowsAsync<ProblemException>(() => UseAsync(weights => weights.RemoveAsync(lab.Trainer.Name, Model, Cancellation)));
        Assert.Equal(ErrorCodes.InvalidState, refusal.Error);
        (await lab.Admin.PostAsync($"training/jobs/{waiting}/cancel")).Expect(202);
    }

    private async Task<JsonElement> RunAsync(object config)
    {
        var id = (await lab.Admin.PostAsync("training/jobs", lab.Job(config))).Expect(201).Id;
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        return await lab.WaitForStateAsync(id, "completed");
    }

    private static double AccuracyOf(JsonElement job) => job.GetProperty("bestMetrics").GetProperty("accuracy").GetDouble();

    private async Task<List<JsonElement>> WeightsAsync() =>
        [.. (await lab.Admin.GetAsync("training/capabilities")).Expect(200).Items.Single(trainer => trainer.GetProperty("framework").GetString() == lab.Trainer.Name).GetProperty("weights").EnumerateArray()];

    private async Task<byte[]> BestCheckpointAsync(Guid job)
    {
        var best = (await lab.Admin.GetAsync($"training/jobs/{job}/checkpoints?limit=200")).Expect(200).Items.Last(checkpoint => checkpoint.GetProperty("best").GetBoolean());
        using var http = new HttpClient();
        return await http.GetByteArrayAsync(best.GetProperty("url").GetString(), Cancellation);
    }

    private Task<string> ImportAsync(string model, byte[] file) => UseAsync(async weights =>
    {
        using var content = new MemoryStream(file);
        return (await weights.ImportAsync(lab.Trainer.Name, model, content, "best.pt", "ours", Cancellation)).Weights.Sha256;
    });

    private async Task<T> UseAsync<T>(Func<WeightsLifecycle, Task<T>> use)
    {
        await using var database = lab.App.Databases.OpenPlatform();
        using var stores = host.OpenStores();
        return await use(new WeightsLifecycle(database, stores, TimeProvider.System));
    }
}
