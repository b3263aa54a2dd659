using System.IO.Compression;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Datasets;

public sealed class VersionTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Publishing_writes_an_immutable_version_whose_images_outlive_their_deletion()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync(split: new { ratios = new[] { 0.5, 0.25, 0.25 }, stratified = true });
        var files = DatasetClient.Files(8);
        var images = await owner.UploadAsync(dataset, files);

        var version = await owner.PublishAsync(dataset);

        Assert.Equal((1, 8), (version.Body.GetProperty("number").GetInt32(), version.Body.GetProperty("imageCount").GetInt32()));
        Assert.Equal("""{"train":4,"val":2,"test":2}""", version.Body.GetProperty("splits").GetRawText());
        var lines = await ManifestAsync(version.Text("manifestUrl")!);
        Assert.Equal(files.Select(file => file.Path).Order(StringComparer.Ordinal), lines.Select(line => line.GetProperty("path").GetString()));

        foreach (var image in images)
            (await owner.DeleteAsync($"datasets/{dataset}/images/{image.GetProperty("id").GetGuid()}")).Expect(204);

        var test = (await owner.GetAsync($"datasets/{dataset}/versions/{version.Id}/images?split=test")).Expect(200).Items;
        Assert.Equal(2, test.Count);
        foreach (var image in test)
            Assert.Equal(files.Single(file => file.Path == image.GetProperty("path").GetString()).Content, await DatasetClient.GetAsync(image.GetProperty("url").GetString()!));
        (await owner.PostAsync($"datasets/{dataset}/versions", new { })).Expect(422, "DATASET_EMPTY");
    }

    [Fact]
    public async Task The_same_content_is_the_same_version_and_new_content_the_next()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        await owner.UploadAsync(dataset, DatasetClient.Files(4));
        var first = await owner.PublishAsync(dataset);

        Assert.Equal(first.Id, (await owner.PublishAsync(dataset, expected: 200)).Id);
        await owner.UploadAsync(dataset, ("dog/new.png", DatasetClient.Png(1000)));
        var second = await owner.PublishAsync(dataset);

        Assert.Equal(2, second.Body.GetProperty("number").GetInt32());
        Assert.Equal([2, 1], (await owner.GetAsync($"datasets/{dataset}/versions")).Expect(200).Items.Select(version => version.GetProperty("number").GetInt32()));
    }

    [Fact]
    public async Task A_dataset_without_images_or_with_one_class_is_not_published()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();

        (await owner.PostAsync($"datasets/{dataset}/versions", new { })).Expect(422, "DATASET_EMPTY");
        await owner.UploadAsync(dataset, ("cat/1.png", DatasetClient.Png(1)), ("cat/2.png", DatasetClient.Png(2)));
        (await owner.PostAsync($"datasets/{dataset}/versions", new { })).Expect(422, "DATASET_SINGLE_CLASS");
    }

    [Fact]
    public async Task A_failed_version_is_published_again()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        await owner.UploadAsync(dataset, DatasetClient.Files(4));
        var version = await owner.PublishAsync(dataset);
        await using (var database = Host.App.Databases.OpenPlatform())
            await database.DatasetVersions.Where(row => row.Id == version.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, DatasetVersionState.Failed).SetProperty(row => row.Error, "the store was away"));

        Assert.Equal(version.Id, (await owner.PublishAsync(dataset, expected: 200)).Id);
    }

    private static async Task<IReadOnlyList<JsonElement>> ManifestAsync(string url)
    {
        await using var gzip = new GZipStream(new MemoryStream(await DatasetClient.GetAsync(url)), CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return [.. (await reader.ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
