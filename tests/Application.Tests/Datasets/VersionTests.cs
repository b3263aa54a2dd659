using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Tests.Images;

namespace VisionPlatform.Application.Tests.Datasets;

public sealed class VersionTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Publishing_freezes_the_images_with_their_split_and_the_same_content_is_the_same_version()
    {
        var work = await fixture.NewDatasetAsync(new SplitSettings([0.5, 0.25, 0.25], Stratified: true));
        var images = await work.UploadAsync(Files(16));

        var first = await work.PublishAsync("first");
        var same = await work.PublishAsync("again");

        Assert.True(first.IsNew);
        Assert.False(same.IsNew);
        Assert.Equal(first.Version.Id, same.Version.Id);
        Assert.Equal((1, DatasetVersionState.Publishing, 16, "first"), (first.Version.Number, first.Version.State, first.Version.ImageCount, first.Version.Note));
        Assert.Equal(new SplitCounts(8, 4, 4), first.Version.SplitCounts);
        Assert.Equal([new("a", 8), new("b", 8)], first.Version.ClassCounts);
        Assert.Equal(images.Sum(image => image.Size), first.Version.SizeBytes);
        await using var database = fixture.Database();
        var frozen = await database.DatasetVersionImages.Where(image => image.VersionId == first.Version.Id).ToDictionaryAsync(image => image.Path, Cancellation);
        Assert.All(images, image => Assert.Equal((image.Key, image.Sha256, image.Class, image.Size), (frozen[image.Path].Key, frozen[image.Path].Sha256, frozen[image.Path].Class, frozen[image.Path].Size)));
    }

    [Fact]
    public async Task Changed_content_is_the_next_version_and_the_old_one_keeps_its_images()
    {
        var work = await fixture.NewDatasetAsync();
        var images = await work.UploadAsync(Files(6));
        var first = await work.PublishAsync();

        await work.RemoveAsync(images[0].Id);
        var second = await work.PublishAsync();

        Assert.Equal((2, 5), (second.Version.Number, second.Version.ImageCount));
        Assert.NotEqual(first.Version.Hash, second.Version.Hash);
        Assert.NotNull(await fixture.Stores.External.HeadAsync(images[0].Key, Cancellation));
        await using var database = fixture.Database();
        Assert.Equal(6, await database.DatasetVersionImages.CountAsync(image => image.VersionId == first.Version.Id, Cancellation));
    }

    [Fact]
    public async Task Removing_an_image_that_no_version_pins_removes_its_object_and_thumbnail()
    {
        var work = await fixture.NewDatasetAsync();
        var images = await work.UploadAsync(Files(2));

        await work.RemoveAsync(images[0].Id);

        Assert.Null(await fixture.Stores.External.HeadAsync(images[0].Key, Cancellation));
        Assert.Null(await fixture.Stores.External.HeadAsync(images[0].ThumbnailKey!, Cancellation));
        var problem = await Assert.ThrowsAsync<ProblemException>(() => work.RemoveAsync(images[0].Id));
        Assert.Equal(ErrorCodes.NotFound, problem.Error);
    }

    [Fact]
    public async Task A_path_used_again_after_publishing_gets_a_fresh_key_and_the_version_keeps_its_bytes()
    {
        var work = await fixture.NewDatasetAsync();
        var files = Files(4);
        var images = await work.UploadAsync(files);
        await work.PublishAsync();
        await work.RemoveAsync(images[0].Id);

        var replaced = Assert.Single(await work.UploadAsync((images[0].Path, TestImages.Png(77, 7, (_, _, _) => 0.2))));

        Assert.NotEqual(images[0].Key, replaced.Key);
        Assert.Equal(files[0].Content, (await fixture.Stores.External.GetBytesAsync(images[0].Key, 10_000, Cancellation))!.Bytes);
        Assert.Equal(2, (await work.PublishAsync()).Version.Number);
    }

    [Fact]
    public async Task The_same_images_put_again_are_the_same_version()
    {
        var work = await fixture.NewDatasetAsync();
        var files = Files(4);
        var images = await work.UploadAsync(files);
        var first = await work.PublishAsync();
        await work.RemoveAsync(images[0].Id);
        await work.UploadAsync(files[0]);

        Assert.Equal(first.Version.Id, (await work.PublishAsync()).Version.Id);
    }

    [Fact]
    public async Task An_empty_dataset_and_one_with_a_single_class_are_refused()
    {
        var work = await fixture.NewDatasetAsync();
        var empty = await Assert.ThrowsAsync<ProblemException>(() => work.PublishAsync());
        await work.UploadAsync(("a/1.png", TestImages.Png(9, 9, (_, _, _) => 0)), ("a/2.png", TestImages.Png(9, 9, (_, _, _) => 1)));
        var single = await Assert.ThrowsAsync<ProblemException>(() => work.PublishAsync());

        Assert.Equal(ErrorCodes.DatasetEmpty, empty.Error);
        Assert.Equal(ErrorCodes.DatasetSingleClass, single.Error);
    }

    [Fact]
    public async Task A_classification_version_leaves_out_images_without_a_class()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync([.. Files(4), ("loose.png", TestImages.Png(9, 9, (_, _, _) => 0.3))]);

        Assert.Equal(4, (await work.PublishAsync()).Version.ImageCount);
    }

    [Fact]
    public async Task A_failed_version_goes_back_to_publishing()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(Files(4));
        var first = await work.PublishAsync();
        await using (var database = fixture.Database())
            await database.DatasetVersions.Where(version => version.Id == first.Version.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(version => version.State, DatasetVersionState.Failed).SetProperty(version => version.Error, "x"), Cancellation);

        var again = await work.PublishAsync();

        Assert.Equal((first.Version.Id, DatasetVersionState.Publishing, null), (again.Version.Id, again.Version.State, again.Version.Error));
    }

    [Fact]
    public async Task Parallel_publishes_create_one_version()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(Files(10));

        var published = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => work.PublishAsync()));

        Assert.Single(published.Select(one => one.Version.Id).Distinct());
        Assert.Single(published, one => one.IsNew);
    }

    [Fact]
    public async Task No_version_loses_an_object_when_deletions_and_publishes_interleave()
    {
        var work = await fixture.NewDatasetAsync();
        var images = await work.UploadAsync(Files(24));

        var deletions = images.Take(16).Select(image => work.RemoveAsync(image.Id));
        var publishes = Enumerable.Range(0, 6).Select(_ => work.PublishAsync());
        await Task.WhenAll([.. deletions, .. publishes]);

        await using var database = fixture.Database();
        var pinned = await database.DatasetVersionImages.Join(database.DatasetVersions.Where(version => version.DatasetId == work.Dataset.Id), image => image.VersionId, version => version.Id, (image, _) => image.Key)
            .Distinct().ToListAsync(Cancellation);
        foreach (var key in pinned)
            Assert.NotNull(await fixture.Stores.External.HeadAsync(key, Cancellation));
    }

    [Fact]
    public async Task The_files_of_a_version_match_its_rows()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(Files(6));
        var version = (await work.PublishAsync()).Version;
        await using var database = fixture.Database();

        var key = await new VersionFiles(database, fixture.Stores).WriteAsync(version, Cancellation);

        Assert.Equal($"datasets/{work.Dataset.Id}/versions/1/manifest.jsonl.gz", key);
        var lines = await ReadLinesAsync(key);
        Assert.Equal(6, lines.Count);
        var canonical = string.Concat(lines.Select(line => line[..line.IndexOf(",\"key\":", StringComparison.Ordinal)] + "}\n"));
        Assert.Equal(version.Hash, Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(canonical))));
        Assert.Equal(lines.Select(line => (string)JsonNode.Parse(line)!["path"]!).Order(StringComparer.Ordinal), lines.Select(line => (string)JsonNode.Parse(line)!["path"]!));

        var annotations = JsonDocument.Parse((await fixture.Stores.External.GetBytesAsync($"datasets/{work.Dataset.Id}/versions/1/annotations.json", 1_000_000, Cancellation))!.Bytes).RootElement;
        Assert.Equal(version.Hash, annotations.GetProperty("content_hash").GetString());
        Assert.Equal(["a", "b"], annotations.GetProperty("classes").EnumerateArray().Select(one => one.GetProperty("name").GetString()));
        Assert.All(annotations.GetProperty("images").EnumerateArray(), image =>
            Assert.StartsWith(Assert.Single(image.GetProperty("annotations").EnumerateArray()).GetProperty("class_name").GetString() + "/", image.GetProperty("file_name").GetString()));
    }

    private async Task<List<string>> ReadLinesAsync(string key)
    {
        await using var stored = await fixture.Stores.External.OpenReadAsync(key, Cancellation);
        await using var gzip = new GZipStream(stored!.Stream, CompressionMode.Decompress);
        using var reader = new StreamReader(gzip);
        return [.. (await reader.ReadToEndAsync(Cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    [Fact]
    public async Task Publishing_warns_of_a_class_without_images_to_train_or_validate_on_and_keeps_the_warnings()
    {
        // Without a test split, stratified: a class of one image is only trained on.
        var work = await fixture.NewDatasetAsync(new SplitSettings([0.5, 0.5], Stratified: true));
        await work.UploadAsync([.. Files(8), ("rare/x.png", TestImages.Png(99, 9, (_, _, _) => 0.5))]);

        var version = (await work.PublishAsync()).Version;

        await using var database = fixture.Database();
        var stored = await database.DatasetVersions.AsNoTracking().SingleAsync(one => one.Id == version.Id, Cancellation);
        Assert.Equal([(SplitWarningKind.ClassNotInVal, "rare", new SplitCounts(1, 0, 0))], stored.Warnings.Select(warning => (warning.Kind, warning.Class!, warning.Images)));
        Assert.Equal(version.Warnings, stored.Warnings);
    }

    [Fact]
    public async Task Copies_of_a_file_are_published_in_one_split_with_a_warning()
    {
        var work = await fixture.NewDatasetAsync(new SplitSettings([0.4, 0.3, 0.3], Stratified: false));
        var copy = TestImages.Png(99, 9, (_, _, _) => 0.5);
        await work.UploadAsync([.. Files(4), .. Enumerable.Range(0, 20).Select(i => ($"a/copy{i}.png", copy))]);

        var version = (await work.PublishAsync()).Version;

        await using var database = fixture.Database();
        var splits = await database.DatasetVersionImages.Where(image => image.VersionId == version.Id && image.Path.StartsWith("a/copy")).Select(image => image.Split).Distinct().ToListAsync(Cancellation);
        Assert.Single(splits);
        Assert.Contains(version.Warnings, warning => warning is { Kind: SplitWarningKind.RepeatedImages, Message: "20 images are copies of 1 file." });
    }

    [Fact]
    public async Task Classes_that_differ_in_case_are_one_class_of_the_version()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync([("Cat/1.png", TestImages.Png(20, 9, (_, _, _) => 0.5)), ("dog/1.png", TestImages.Png(21, 9, (_, _, _) => 0.5))]);
        await work.UploadAsync([("cat/2.png", TestImages.Png(22, 9, (_, _, _) => 0.5))]);

        Assert.Equal([new("Cat", 2), new("dog", 1)], (await work.PublishAsync()).Version.ClassCounts);
    }

    [Fact]
    public async Task An_image_takes_the_spelling_that_its_class_already_has()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(("Café/1.png", TestImages.Png(20, 9, (_, _, _) => 0.5)));

        var later = await work.UploadAsync([("CAFE\u0301/2.png", TestImages.Png(21, 9, (_, _, _) => 0.5)), ("dog/1.png", TestImages.Png(22, 9, (_, _, _) => 0.5)), ("Dog/2.png", TestImages.Png(23, 9, (_, _, _) => 0.5))]);

        Assert.Equal(["Café", "dog", "dog"], later.Select(image => image.Class!));
    }

    [Fact]
    public async Task A_file_cannot_be_where_another_image_needs_a_folder()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(("a.png", TestImages.Png(20, 9, (_, _, _) => 0.5)), ("b/c.png/d.png", TestImages.Png(21, 9, (_, _, _) => 0.5)));

        var refused = await Assert.ThrowsAsync<ProblemException>(() => work.AnnounceAsync([new("A.png/x.png", 1, "image/png", null)]));
        Assert.Equal((ErrorCodes.InvalidPath, "files[0].path"), (refused.Error, Assert.Single(refused.Errors).Key));
        var folder = await work.CompleteFilesAsync(("B/C.png", TestImages.Png(22, 9, (_, _, _) => 0.5)), ("e/f.png", TestImages.Png(23, 9, (_, _, _) => 0.5)), ("e", TestImages.Png(24, 9, (_, _, _) => 0.5)));

        Assert.Equal("e/f.png", Assert.Single(folder.Completed).Path);
        Assert.Equal([("B/C.png", ErrorCodes.InvalidPath), ("e", ErrorCodes.InvalidPath)], folder.Failed.Select(failed => (failed.Path!, failed.Error)));
    }

    private static (string Path, byte[] Content)[] Files(int count) =>
        [.. Enumerable.Range(0, count).Select(i => ($"{(i % 2 == 0 ? "a" : "b")}/{i:000}.png", TestImages.Png(10 + i, 10, (_, _, _) => 0.5)))];
}
