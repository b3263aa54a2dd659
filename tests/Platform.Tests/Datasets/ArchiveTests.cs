using System.Diagnostics;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Datasets;

/// <summary>Archives through the API: up, unpacked by the running app, published, down, and up again.</summary>
public sealed class ArchiveTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_version_that_is_downloaded_and_uploaded_as_an_archive_is_published_with_the_same_content_and_splits()
    {
        using var owner = await Host.NewUserAsync();
        var first = await owner.NewDatasetAsync();
        (string Name, byte[] Content)[] files =
        [
            .. Enumerable.Range(0, 120).Select(i => ($"{(i % 10) switch { 0 => "val", 1 => "test", _ => "train" }}/{(i % 3 == 0 ? "cat" : "dög")}/{i}.png", DatasetClient.Png(i))), ("README.md", [65]),
            ("train/cat/broken.png", [66]),
        ];
        var archive = await UploadAsync(owner, first, Zip(files));
        Assert.Equal((122, 120, 1, 1), (Count(archive, "entries"), Count(archive, "taken"), Count(archive, "skipped"), Count(archive, "refused")));
        var refused = Assert.Single((await owner.GetAsync($"datasets/{first}/archives/{archive.Id}/entries?outcome=refused")).Expect(200).Items);
        Assert.Equal(("train/cat/broken.png", "NOT_AN_IMAGE"), (refused.GetProperty("name").GetString(), refused.GetProperty("code").GetString()));
        var version = await PublishAsync(owner, first);

        var (bytes, length, tag) = await DownloadAsync(owner, first, version.Id);
        Assert.Equal(length, bytes.Length);
        Assert.Equal(bytes, (await DownloadAsync(owner, first, version.Id)).Bytes);
        Assert.Equal($"\"{version.Text("hash")}\"", tag);
        Assert.Equal(files[..120].Select(file => (file.Name, Hash(file.Content))).Order(), Entries(bytes).Where(entry => entry.Name.Contains('/')).Order());
        Assert.Equal(version.Text("hash"), Entries(bytes).Single(entry => entry.Name == "manifest.jsonl").Hash);
        Assert.Contains("No errors detected", await UnzipAsync(bytes), StringComparison.Ordinal);

        var second = await owner.NewDatasetAsync();
        Assert.Equal((122, 120), (Count(archive = await UploadAsync(owner, second, bytes), "entries"), Count(archive, "taken")));
        Assert.Equal(version.Text("hash"), (await PublishAsync(owner, second)).Text("hash"));
    }

    [Fact]
    public async Task Single_files_are_given_to_splits_by_field_or_layout_and_a_version_without_given_splits_says_so()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        await owner.UploadAsync(dataset, ("cat/1.png", DatasetClient.Png(1)), ("dog/2.png", DatasetClient.Png(2)));
        (await owner.PostAsync($"datasets/{dataset}/versions", new { splits = "as_given" })).Expect(422, "VALIDATION_FAILED");
        (string Path, byte[] Content)[] files = [("test/cat/3.png", DatasetClient.Png(3)), ("val/dog/4.png", DatasetClient.Png(4))];
        (await owner.PostAsync($"datasets/{dataset}/uploads", new { files = new[] { new { path = "cat/9.png", size = 9 } }, layout = "splits_and_classes" })).Expect(422, "VALIDATION_FAILED");

        var uploads = (await owner.PostAsync($"datasets/{dataset}/uploads", new { files = files.Select(file => new { path = file.Path, size = file.Content.Length }), layout = "splits_and_classes" }))
            .Expect(200).Body.GetProperty("uploads").EnumerateArray()
            .Concat((await owner.PostAsync($"datasets/{dataset}/uploads", new { files = new[] { new { path = "dog/5.png", size = DatasetClient.Png(5).Length, split = "test" } } })).Expect(200).Body.GetProperty("uploads").EnumerateArray()).ToArray();
        foreach (var (upload, content) in uploads.Zip([.. files.Select(file => file.Content), DatasetClient.Png(5)]))
            Assert.Equal(200, await DatasetClient.PutAsync(upload, content));
        (await owner.CompleteAsync(dataset, uploads)).Expect(200);
        var version = await PublishAsync(owner, dataset);

        var splits = (await owner.GetAsync($"datasets/{dataset}/versions/{version.Id}/images")).Expect(200).Items.ToDictionary(image => image.GetProperty("path").GetString()!, image => image.GetProperty("split").GetString());
        Assert.Equal(("test", "val", "test"), (splits["test/cat/3.png"], splits["val/dog/4.png"], splits["dog/5.png"]));
        var (bytes, _, _) = await DownloadAsync(owner, dataset, version.Id);
        Assert.Superset(new HashSet<string> { "test/cat/3.png", "val/dog/4.png", "test/dog/5.png" }, Entries(bytes).Select(entry => entry.Name).ToHashSet());
    }

    [Fact]
    public async Task An_interrupted_download_goes_on_where_it_was()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        await UploadAsync(owner, dataset, Zip(Enumerable.Range(1, 4).Select(i => ($"train/{(i % 2 == 0 ? "cat" : "dog")}/{i}.png", DatasetClient.Png(i)))));
        var version = await PublishAsync(owner, dataset);
        var (whole, _, tag) = await DownloadAsync(owner, dataset, version.Id);

        foreach (var have in (int[])[1, whole.Length / 3, whole.Length - 1])
        {
            var (status, rest, range) = await RangeAsync($"bytes={have}-", tag!);
            Assert.Equal((206, $"bytes {have}-{whole.Length - 1}/{whole.Length}"), (status, range));
            Assert.Equal(whole[have..], rest);
        }
        foreach (var (wanted, seen) in new[] { ("bytes=5-", "\"of other bytes\""), ("bytes=5-9", tag!), ("bytes=-5", tag!), ("bytes=5-,9-", tag!), ($"bytes={whole.Length}-", tag!), ("images=1-", tag!) })
        {
            var (status, all, range) = await RangeAsync(wanted, seen);
            Assert.Equal((200, null), (status, range));
            Assert.Equal(whole, all);
        }

        async Task<(int Status, byte[] Bytes, string? Range)> RangeAsync(string range, string condition)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/datasets/{dataset}/versions/{version.Id}/archive");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", owner.AccessToken);
            request.Headers.TryAddWithoutValidation("Range", range);
            request.Headers.TryAddWithoutValidation("If-Range", condition);
            using var answer = await owner.Http.SendAsync(request, TestContext.Current.CancellationToken);
            return ((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), answer.Content.Headers.ContentRange?.ToString());
        }
    }

    private static async Task<ApiAnswer> UploadAsync(ApiClient client, Guid dataset, byte[] content)
    {
        var announced = (await client.PostAsync($"datasets/{dataset}/archives", new { name = "images.zip", size = content.Length, layout = "splits_and_classes" })).Expect(201);
        Assert.Equal(200, await DatasetClient.PutAsync(announced.Body, content));
        var address = $"datasets/{dataset}/archives/{announced.Body.GetProperty("archive").GetProperty("id").GetGuid()}";
        var archive = (await client.PostAsync(address + "/complete", new { })).Expect(202);
        await Waiting.UntilAsync(async () => (archive = (await client.GetAsync(address)).Expect(200)).Text("state") != "unpacking", "the archive is unpacked");
        Assert.Equal("completed", archive.Text("state"));
        return archive;
    }

    private static async Task<ApiAnswer> PublishAsync(ApiClient client, Guid dataset)
    {
        var version = (await client.PostAsync($"datasets/{dataset}/versions", new { splits = "as_given" })).Expect(202);
        await Waiting.UntilAsync(async () => (version = (await client.GetAsync($"datasets/{dataset}/versions/{version.Id}")).Expect(200)).Text("state") != "publishing", "the version is written");
        return version;
    }

    private static async Task<(byte[] Bytes, long? Length, string? Tag)> DownloadAsync(ApiClient client, Guid dataset, Guid version)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/datasets/{dataset}/versions/{version}/archive");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", client.AccessToken);
        using var answer = await client.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
        return (await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), answer.Content.Headers.ContentLength, answer.Headers.ETag?.Tag);
    }

    private static byte[] Zip(IEnumerable<(string Name, byte[] Content)> files)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(content);
            }
        return bytes.ToArray();
    }

    private static List<(string Name, string Hash)> Entries(byte[] bytes)
    {
        using var zip = new ZipArchive(new MemoryStream(bytes));
        return [.. zip.Entries.Select(entry =>
        {
            using var content = entry.Open();
            return (entry.FullName, Convert.ToHexStringLower(SHA256.HashData(content)));
        })];
    }

    private static string Hash(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static int Count(ApiAnswer archive, string field) => archive.Body.GetProperty(field).GetInt32();

    /// <summary>What Python, which checks every CRC, says of the archive.</summary>
    private static async Task<string> UnzipAsync(byte[] bytes)
    {
        var path = Path.Combine(Path.GetTempPath(), $"{Guid.CreateVersion7():n}.zip");
        await File.WriteAllBytesAsync(path, bytes, TestContext.Current.CancellationToken);
        try
        {
            using var python = Process.Start(new ProcessStartInfo("/usr/bin/python3", ["-c", "import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).testzip() or 'No errors detected')", path]) { RedirectStandardOutput = true })!;
            return await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
