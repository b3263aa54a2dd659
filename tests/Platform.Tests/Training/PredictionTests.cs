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

    [Fact]
    public async Task The_images_of_two_checkpoints_are_listed_by_what_came_of_them_and_compared()
    {
        var jobId = await lab.StartJobAsync(epochs: 3);
        await lab.WaitForStateAsync(jobId, "completed");
        var first = (await PostAsync(new { jobId, checkpoint = new { attempt = 1, epoch = 1 }, datasetVersionId = lab.DatasetVersionId, measure = true })).Expect(202).Id;
        var second = (await PostAsync(new { jobId, checkpoint = new { attempt = 1, epoch = 3 }, datasetVersionId = lab.DatasetVersionId, measure = true })).Expect(202).Id;
        var unmeasured = (await PostAsync(new { jobId, checkpoint = new { attempt = 1, epoch = 3 }, datasetVersionId = lab.DatasetVersionId, split = "val" })).Expect(202).Id;
        // It waits for the two others, or for the slot of the trainer.
        (await lab.Admin.GetAsync($"training/predictions/{unmeasured}/images")).Expect(409, "INVALID_STATE");
        (await lab.Admin.GetAsync($"training/predictions/{first}/comparison?with={unmeasured}")).Expect(409, "NOT_COMPARABLE");
        var (before, after) = ((await LinesAsync(first)).ToDictionary(Path, ClassOf), (await LinesAsync(second)).ToDictionary(Path, ClassOf));
        bool Was(string path) => before[path] == path.Split('/')[0];
        bool Is(string path) => after[path] == path.Split('/')[0];

        Assert.Equal(before.Keys.Where(Was).Order(StringComparer.Ordinal), (await AllAsync($"{first}/images?outcome=right&limit=7")).Select(Path).Order(StringComparer.Ordinal));
        Assert.Equal(
            before.Where(line => line.Value == "3" || line.Key.StartsWith("3/", StringComparison.Ordinal)).Select(line => line.Key).Order(StringComparer.Ordinal),
            (await AllAsync($"{first}/images?class=3&limit=50")).Select(Path).Order(StringComparer.Ordinal));
        Assert.Empty(await AllAsync($"{first}/images?class=3&outcome=failed"));
        var counts = (await lab.Admin.GetAsync($"training/predictions/{first}/comparison?with={second}")).Expect(200).Body.GetProperty("counts");
        foreach (var (agreement, field, wanted) in (IEnumerable<(string, string, Func<string, bool>)>)
            [("both_right", "bothRight", path => Was(path) && Is(path)), ("only_first", "onlyFirst", path => Was(path) && !Is(path)),
             ("only_second", "onlySecond", path => !Was(path) && Is(path)), ("neither", "neither", path => !Was(path) && !Is(path))])
        {
            var images = await AllAsync($"{first}/comparison/images?with={second}&agreement={agreement}&limit=30");
            Assert.Equal(before.Keys.Where(wanted).Order(StringComparer.Ordinal), images.Select(Path).Order(StringComparer.Ordinal));
            Assert.Equal(images.Count, counts.GetProperty(field).GetInt32());
            Assert.All(images, image => Assert.Equal((before[Path(image)], after[Path(image)]), (ClassOf(image.GetProperty("first")), ClassOf(image.GetProperty("second")))));
        }
        await OneImageAsync(first, before.Keys.First());
        await LinesAsync(unmeasured);
        (await lab.Admin.GetAsync($"training/predictions/{unmeasured}/comparison?with={first}")).Expect(409, "NOT_COMPARABLE");
        Assert.All(await AllAsync($"{unmeasured}/images"), image => Assert.Equal("not_measured", image.GetProperty("result").GetProperty("outcome").GetString()));
        await RefusedAsync(first, second);
    }

    /// <summary>An image is shown with the file, the small one, and what was answered.</summary>
    private async Task OneImageAsync(Guid prediction, string path)
    {
        var image = (await lab.Admin.GetAsync($"training/predictions/{prediction}/image?path={Uri.EscapeDataString(path)}")).Expect(200).Body;
        Assert.Equal(path.Split('/')[0], image.GetProperty("result").GetProperty("trueClass").GetString());
        Assert.Equal(5, image.GetProperty("answer").GetProperty("top").GetArrayLength());
        using var store = new HttpClient();
        Assert.NotEmpty(await store.GetByteArrayAsync(image.GetProperty("picture").GetProperty("url").GetString()));
        (await lab.Admin.GetAsync($"training/predictions/{prediction}/image?path=no%2Fsuch.png")).Expect(404, "NOT_FOUND");
        (await lab.Admin.GetAsync($"training/predictions/{prediction}/image")).Expect(400, "INVALID_PARAMETER");
    }

    private async Task RefusedAsync(Guid first, Guid second)
    {
        (await lab.Admin.GetAsync($"training/predictions/{first}/images?outcome=perhaps")).Expect(400, "INVALID_PARAMETER");
        (await lab.Admin.GetAsync($"training/predictions/{first}/images?cursor=made-up")).Expect(400, "INVALID_CURSOR");
        (await lab.Admin.GetAsync($"training/predictions/{first}/comparison")).Expect(400, "INVALID_PARAMETER");
        (await lab.Admin.GetAsync($"training/predictions/{first}/comparison?with={first}")).Expect(409, "NOT_COMPARABLE");
        (await lab.Admin.GetAsync($"training/predictions/{first}/comparison?with={Guid.NewGuid()}")).Expect(404, "NOT_FOUND");
        var stranger = await lab.NewStrangerAsync();
        foreach (var address in (string[])["images", "image?path=a", $"comparison?with={second}", $"comparison/images?with={second}"])
            (await stranger.GetAsync($"training/predictions/{first}/{address}")).Expect(404, "NOT_FOUND");
    }

    private async Task<List<JsonElement>> AllAsync(string address)
    {
        var (items, cursor) = (new List<JsonElement>(), (string?)null);
        do
        {
            var page = (await lab.Admin.GetAsync($"training/predictions/{address}{(cursor is null ? "" : $"{(address.Contains('?') ? '&' : '?')}cursor={cursor}")}")).Expect(200);
            items.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        return items;
    }

    private static string? ClassOf(JsonElement line) => line.GetProperty("class").GetString();

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
