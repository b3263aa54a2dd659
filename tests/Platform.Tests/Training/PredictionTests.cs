using System.IO.Compression;
using System.Text.Json;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>Predictions over a dataset version with the real trainer.</summary>
[Collection(nameof(TrainingLab))]
public sealed class PredictionTests(TrainingLab lab)
{
    [Fact]
    public async Task A_model_version_and_a_checkpoint_predict_every_image_although_the_trainer_is_killed_on_the_way()
    {
        var jobId = await lab.StartJobAsync(epochs: 6);
        var job = await lab.WaitForStateAsync(jobId, "completed");
        var byVersion = (await PostAsync(new { modelVersionId = job.GetProperty("modelVersionId").GetGuid(), datasetVersionId = lab.DatasetVersionId })).Expect(202).Id;
        await lab.Trainer.KillAsync();
        await lab.Trainer.StartAsync();
        var byCheckpoint = (await PostAsync(new { jobId, checkpoint = new { attempt = 1, epoch = 6 }, datasetVersionId = lab.DatasetVersionId, split = "test" })).Expect(202).Id;

        var lines = await LinesAsync(byVersion);

        Assert.Equal(400, lines.Count);
        Assert.Equal(lines.Select(Path).Order(StringComparer.Ordinal), lines.Select(Path));
        // The class is the folder of the image; the model has learned most of them.
        Assert.InRange(lines.Count(line => line.GetProperty("class").GetString() == Path(line).Split('/')[0]), 300, 400);
        Assert.All(lines, line => Assert.Equal(line.GetProperty("confidence").GetDouble(), line.GetProperty("top")[0].GetProperty("confidence").GetDouble()));
        var ofTest = await LinesAsync(byCheckpoint);
        Assert.InRange(ofTest.Count, 1, 100);
        Assert.Contains((await lab.Admin.GetAsync($"training/predictions?projectId={lab.ProjectId}")).Expect(200).Items, row => row.GetProperty("id").GetGuid() == byCheckpoint);

        (await PostAsync(new { jobId, checkpoint = new { attempt = 1, epoch = 99 }, datasetVersionId = lab.DatasetVersionId })).Expect(404, "NOT_FOUND");
        (await PostAsync(new { jobId, datasetVersionId = lab.DatasetVersionId })).Expect(422, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task A_measured_prediction_agrees_with_its_own_lines_and_with_the_validation_of_the_job()
    {
        var jobId = await lab.StartJobAsync(epochs: 3);
        var job = await lab.WaitForStateAsync(jobId, "completed");
        var version = job.GetProperty("modelVersionId").GetGuid();
        var ofAll = (await PostAsync(new { modelVersionId = version, datasetVersionId = lab.DatasetVersionId, measure = true })).Expect(202).Id;
        var ofVal = (await PostAsync(new { modelVersionId = version, datasetVersionId = lab.DatasetVersionId, measure = true, split = "val" })).Expect(202).Id;

        var lines = await LinesAsync(ofAll);
        var right = lines.Count(line => line.GetProperty("class").GetString() == Path(line).Split('/')[0]);
        var measured = await MeasuredAsync(ofAll);
        Assert.Equal((double)right / lines.Count, measured.GetProperty("metrics").GetProperty("accuracy").GetDouble(), 5);
        var matrix = measured.GetProperty("confusionMatrix").EnumerateArray().Select(row => row.EnumerateArray().Select(count => count.GetInt64()).ToArray()).ToArray();
        Assert.Equal(lines.Count, matrix.Sum(row => row.Sum()));
        Assert.Equal(right, matrix.Select((row, index) => row[index]).Sum());

        await LinesAsync(ofVal);
        var validation = (await lab.Admin.GetAsync($"training/jobs/{jobId}/validation")).Expect(200).Body;
        Assert.Equal(job.GetProperty("bestEpoch").GetInt32(), validation.GetProperty("epoch").GetInt32());
        Assert.Equal(
            validation.GetProperty("measured").GetProperty("metrics").GetProperty("accuracy").GetDouble(), (await MeasuredAsync(ofVal)).GetProperty("metrics").GetProperty("accuracy").GetDouble(), 5);
        (await lab.Admin.GetAsync($"training/jobs/{jobId}/validation?epoch=99")).Expect(404, "NOT_FOUND");
    }

    private async Task<JsonElement> MeasuredAsync(Guid id) => (await lab.Admin.GetAsync($"training/predictions/{id}")).Expect(200).Body.GetProperty("measured");

    private Task<ApiAnswer> PostAsync(object body) => lab.Admin.PostAsync("training/predictions", body);

    private async Task<List<JsonElement>> LinesAsync(Guid id)
    {
        JsonElement row = default;
        await Waiting.UntilAsync(async () =>
        {
            row = (await lab.Admin.GetAsync($"training/predictions/{id}")).Expect(200).Body;
            Assert.NotEqual("failed", row.GetProperty("state").GetString());
            return row.GetProperty("state").GetString() == "completed";
        }, "the prediction completes", seconds: 240);
        using var store = new HttpClient();
        await using var gzip = new GZipStream(await store.GetStreamAsync(row.GetProperty("url").GetString()), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        var lines = new List<JsonElement>();
        while (await reader.ReadLineAsync() is { } line)
            lines.Add(JsonDocument.Parse(line).RootElement);
        Assert.Equal(row.GetProperty("images").GetInt32(), lines.Count);
        return lines;
    }

    private static string Path(JsonElement line) => line.GetProperty("path").GetString()!;
}
