using System.Net;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Datasets;

public sealed class DatasetTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task A_dataset_is_created_listed_read_and_deleted()
    {
        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();

        var made = (await owner.PostAsync("datasets", new { projectId = project, name = " Digits ", description = "hand-written", taskType = "image_classification" })).Expect(201);

        Assert.Equal("Digits", made.Text("name"));
        Assert.Equal([0.8, 0.1, 0.1], made.Body.GetProperty("split").GetProperty("ratios").EnumerateArray().Select(ratio => ratio.GetDouble()));
        Assert.Equal(made.RawText, (await owner.GetAsync($"datasets/{made.Id}")).Expect(200).RawText);
        Assert.Equal(made.Id, Assert.Single((await owner.GetAsync($"datasets?projectId={project}")).Expect(200).Items).GetProperty("id").GetGuid());
        (await owner.PostAsync("datasets", new { projectId = project, name = "DIGITS", taskType = "image_classification" })).Expect(409, "DUPLICATE_NAME");

        (await owner.DeleteAsync($"datasets/{made.Id}")).Expect(204);
        foreach (var path in (string[])["", "/images", "/versions"])
            (await owner.GetAsync($"datasets/{made.Id}{path}")).Expect(404, "NOT_FOUND");
        (await owner.DeleteAsync($"datasets/{made.Id}")).Expect(404, "NOT_FOUND");
        Assert.Empty((await owner.GetAsync($"datasets?projectId={project}")).Items);
        (await owner.PostAsync("datasets", new { projectId = project, name = "Digits", taskType = "image_classification" })).Expect(201);
    }

    [Theory]
    [InlineData("""{"name":"x","taskType":"image_classification"}""", "projectId")]
    [InlineData("""{"projectId":"P","name":" ","taskType":"image_classification"}""", "name")]
    [InlineData("""{"projectId":"P","name":"x","taskType":"telepathy"}""", "taskType")]
    [InlineData("""{"projectId":"P","name":"x","taskType":"image_classification","split":{"ratios":[0.8,0.3]}}""", "split.ratios")]
    [InlineData("""{"projectId":"P","name":"x","taskType":"image_classification","split":{"ratios":[0,1]}}""", "split.ratios")]
    [InlineData("""{"projectId":"P","name":"x","taskType":"image_classification","split":{"stratified":true}}""", "split.ratios")]
    public async Task An_invalid_dataset_is_refused_and_the_field_is_named(string body, string field)
    {
        using var owner = await Host.NewUserAsync();
        var project = await owner.NewProjectAsync();

        var refused = (await owner.PostTextAsync("datasets", body.Replace("\"P\"", $"\"{project}\"", StringComparison.Ordinal))).Expect(422, "VALIDATION_FAILED");

        Assert.NotEmpty(refused.ErrorsOf(field));
    }

    [Fact]
    public async Task A_guest_can_have_one_dataset_and_parallel_requests_do_not_create_a_second()
    {
        using var guest = await Host.NewUserAsync(SystemRole.Guest);
        var project = await guest.NewProjectAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => guest.PostAsync("datasets", new { projectId = project, name = $"d{i}", taskType = "image_classification" })));

        Assert.Single(answers, answer => (int)answer.Status == 201);
        Assert.All(answers.Where(answer => (int)answer.Status != 201), answer => answer.Expect(403, "QUOTA_EXCEEDED"));
    }

    [Theory]
    [InlineData(ProjectRole.Viewer, 403, 403)]
    [InlineData(ProjectRole.Member, 200, 403)]
    [InlineData(ProjectRole.Admin, 200, 204)]
    public async Task A_member_does_what_the_role_allows_and_a_stranger_sees_nothing(ProjectRole role, int upload, int delete)
    {
        using var owner = await Host.NewUserAsync();
        using var member = await Host.NewUserAsync();
        using var stranger = await Host.NewUserAsync(SystemRole.Manager);
        var project = await owner.NewProjectAsync();
        var dataset = await owner.NewDatasetAsync(project);
        await PlatformHost.JoinAsync(Host.App.Databases, project, member.UserId, role);

        (await member.GetAsync($"datasets/{dataset}")).Expect(200);
        (await member.AnnounceAsync(dataset, DatasetClient.Files(1))).Expect(upload);
        (await member.DeleteAsync($"datasets/{dataset}")).Expect(delete);
        (await stranger.GetAsync($"datasets/{dataset}")).Expect(404, "NOT_FOUND");
        (await stranger.AnnounceAsync(dataset, DatasetClient.Files(1))).Expect(404, "NOT_FOUND");
        (await stranger.PostAsync($"datasets/{dataset}/versions", new { })).Expect(404, "NOT_FOUND");
        (await stranger.GetAsync($"datasets?projectId={project}")).Expect(404, "NOT_FOUND");
        Assert.Equal((await stranger.GetAsync($"datasets/{Guid.CreateVersion7()}")).Text("detail"), (await stranger.GetAsync($"datasets/{dataset}")).Text("detail"));
    }

    [Fact]
    public async Task Uploads_become_images_with_classes_counts_and_urls()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        var files = DatasetClient.Files(6);

        await owner.UploadAsync(dataset, files);

        var read = (await owner.GetAsync($"datasets/{dataset}")).Expect(200).Body;
        Assert.Equal((6, files.Sum(file => file.Content.Length)), (read.GetProperty("imageCount").GetInt32(), read.GetProperty("sizeBytes").GetInt32()));
        Assert.Equal(["cat:3", "dog:3"], read.GetProperty("classes").EnumerateArray().Select(one => $"{one.GetProperty("name").GetString()}:{one.GetProperty("imageCount")}"));
        var dogs = new List<System.Text.Json.JsonElement>();
        string? cursor = null;
        do
        {
            var page = (await owner.GetAsync($"datasets/{dataset}/images?class=dog&limit=2" + (cursor is null ? "" : $"&cursor={cursor}"))).Expect(200);
            dogs.AddRange(page.Items);
            cursor = page.NextCursor;
        }
        while (cursor is not null);
        Assert.Equal(["dog/0001.png", "dog/0003.png", "dog/0005.png"], dogs.Select(image => image.GetProperty("path").GetString()).Order());
        foreach (var image in dogs)
        {
            Assert.Equal(files.Single(file => file.Path == image.GetProperty("path").GetString()).Content, await DatasetClient.GetAsync(image.GetProperty("url").GetString()!));
            Assert.Equal([0xFF, 0xD8], (await DatasetClient.GetAsync(image.GetProperty("thumbnailUrl").GetString()!))[..2]);
        }
    }

    [Fact]
    public async Task A_thumbnail_can_be_seen_right_after_the_completion_with_its_address_alone_and_later_in_the_store()
    {
        using var owner = await Host.NewUserAsync();
        using var stranger = await Host.NewUserAsync(SystemRole.Manager);
        var dataset = await owner.NewDatasetAsync();

        var image = Assert.Single(await owner.UploadAsync(dataset, DatasetClient.Files(1)));

        var address = image.GetProperty("thumbnailUrl").GetString()!;
        Assert.StartsWith(Host.App.Address.ToString(), address, StringComparison.Ordinal);
        Assert.Equal([0xFF, 0xD8], (await DatasetClient.GetAsync(address))[..2]);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.Http.GetAsync(address[..address.IndexOf('?', StringComparison.Ordinal)])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.Http.GetAsync(address[..^1])).StatusCode);
        var listed = Assert.Single((await owner.GetAsync($"datasets/{dataset}/images")).Expect(200).Items).GetProperty("thumbnailUrl").GetString()!;
        Assert.False(listed.StartsWith(Host.App.Address.ToString(), StringComparison.Ordinal));
        Assert.Equal([0xFF, 0xD8], (await DatasetClient.GetAsync(listed))[..2]);
    }

    [Fact]
    public async Task A_second_put_is_412_and_completing_again_answers_the_same()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        var files = DatasetClient.Files(1);
        var uploads = (await owner.AnnounceAsync(dataset, files)).Expect(200).Body.GetProperty("uploads").EnumerateArray().ToArray();

        Assert.Equal(200, await DatasetClient.PutAsync(uploads[0], files[0].Content));
        Assert.Equal(412, await DatasetClient.PutAsync(uploads[0], DatasetClient.Png(99)));
        var first = (await owner.CompleteAsync(dataset, uploads)).Expect(200).Body.GetProperty("completed");
        var again = (await owner.CompleteAsync(dataset, uploads)).Expect(200).Body.GetProperty("completed");

        Assert.Equal(first[0].GetProperty("image").GetProperty("id").GetGuid(), again[0].GetProperty("image").GetProperty("id").GetGuid());
        Assert.Equal(files[0].Content, await DatasetClient.GetAsync(again[0].GetProperty("image").GetProperty("url").GetString()!));
    }

    [Fact]
    public async Task A_bad_file_is_reported_with_its_code_and_what_to_do()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        (string Path, byte[] Content)[] files = [("cat/good.png", DatasetClient.Png(1)), ("cat/page.png", "<html>not an image</html>"u8.ToArray()), ("cat/never.png", DatasetClient.Png(2))];
        var uploads = (await owner.AnnounceAsync(dataset, files)).Expect(200).Body.GetProperty("uploads").EnumerateArray().ToArray();
        foreach (var (upload, file) in uploads.Zip(files).Take(2))
            Assert.Equal(200, await DatasetClient.PutAsync(upload, file.Content));

        var done = (await owner.CompleteAsync(dataset, uploads)).Expect(200).Body;

        Assert.Equal("cat/good.png", Assert.Single(done.GetProperty("completed").EnumerateArray()).GetProperty("image").GetProperty("path").GetString());
        Assert.Equal(["cat/page.png NOT_AN_IMAGE", "cat/never.png UPLOAD_NOT_FOUND"], done.GetProperty("failed").EnumerateArray().Select(one => $"{one.GetProperty("path")} {one.GetProperty("code")}"));
        Assert.All(done.GetProperty("failed").EnumerateArray(), one => Assert.NotEmpty(one.GetProperty("suggestedAction").GetString()!));
    }

    [Theory]
    [InlineData("../x.png", "INVALID_PATH")]
    [InlineData("/x.png", "INVALID_PATH")]
    [InlineData("a\\\\x.png", "INVALID_PATH")]
    [InlineData("a/photo\\u202egnp.png", "INVALID_PATH")]
    [InlineData("a\\u0000.png", "VALIDATION_FAILED")]
    [InlineData("a/x.exe", "VALIDATION_FAILED")]
    public async Task A_path_that_is_not_plain_is_refused(string path, string code)
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();

        (await owner.PostTextAsync($"datasets/{dataset}/uploads", $$"""{"files":[{"path":"{{path}}","size":10}]}""")).Expect(422, code);
    }

    [Fact]
    public async Task Duplicates_are_refused_or_skipped_and_too_many_at_once_refused()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        await owner.UploadAsync(dataset, DatasetClient.Files(2));

        Assert.NotEmpty((await owner.AnnounceAsync(dataset, DatasetClient.Files(3))).Expect(409, "DUPLICATE_IMAGE").ErrorsOf("files[0].path"));
        var skipped = (await owner.AnnounceAsync(dataset, DatasetClient.Files(3), "skip")).Expect(200).Body;
        Assert.Equal((1, 2), (skipped.GetProperty("uploads").GetArrayLength(), skipped.GetProperty("skipped").GetArrayLength()));
        Assert.NotEmpty((await owner.AnnounceAsync(dataset, [("A/x.png", [1]), ("a/X.png", [1])])).Expect(422, "VALIDATION_FAILED").ErrorsOf("files[1].path"));
        Assert.NotEmpty((await owner.AnnounceAsync(dataset, DatasetClient.Files(1001))).Expect(422, "VALIDATION_FAILED").ErrorsOf("files"));
        (await owner.AnnounceAsync(dataset, [])).Expect(422, "VALIDATION_FAILED");
        (await owner.PostAsync($"datasets/{dataset}/uploads/complete", new { uploadIds = Enumerable.Range(0, 1001).Select(_ => Guid.CreateVersion7()) })).Expect(422, "VALIDATION_FAILED");
    }

    [Theory]
    [InlineData("a/k.png", "a/\u212A.png")]
    [InlineData("a/straße.png", "A/STRASSE.PNG")]
    [InlineData("a/caf\u00E9.png", "a/cafe\u0301.png")]
    public async Task A_path_in_another_spelling_is_422_in_one_request_and_409_in_the_next(string path, string other)
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();

        Assert.NotEmpty((await owner.AnnounceAsync(dataset, [(path, [1]), (other, [1])])).Expect(422, "VALIDATION_FAILED").ErrorsOf("files[1].path"));
        await owner.UploadAsync(dataset, (path, DatasetClient.Png(1)));

        Assert.NotEmpty((await owner.AnnounceAsync(dataset, [(other, [1])])).Expect(409, "DUPLICATE_IMAGE").ErrorsOf("files[0].path"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_upload_url_takes_only_the_announced_size(bool longer)
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        var content = DatasetClient.Png(1);
        var upload = Assert.Single((await owner.AnnounceAsync(dataset, [("a/1.png", content)])).Expect(200).Body.GetProperty("uploads").EnumerateArray());

        Assert.Equal(403, await DatasetClient.PutAsync(upload, longer ? new byte[8 << 20] : content[1..]));

        Assert.Equal(200, await DatasetClient.PutAsync(upload, content));
    }

    [Fact]
    public async Task The_images_of_a_deleted_dataset_are_removed_and_leave_the_quota()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        await owner.UploadAsync(dataset, DatasetClient.Files(4));
        using var stores = Host.OpenStores();
        Assert.True(await HasObjectsAsync());

        (await owner.DeleteAsync($"datasets/{dataset}")).Expect(204);

        await Waiting.UntilAsync(async () => !await HasObjectsAsync(), "the objects are gone");
        await Waiting.UntilAsync(async () =>
        {
            await using var database = Host.App.Databases.OpenPlatform();
            return await database.DatasetUsage.Where(usage => usage.DatasetId == dataset).SumAsync(usage => usage.Bytes) == 0;
        }, "the quota is free");

        async Task<bool> HasObjectsAsync()
        {
            await foreach (var _ in stores.External.ListAsync($"datasets/{dataset}/", CancellationToken.None))
                return true;
            return false;
        }
    }

    [Fact]
    public async Task The_timer_removes_expired_uploads()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await owner.NewDatasetAsync();
        var files = DatasetClient.Files(1);
        var uploads = (await owner.AnnounceAsync(dataset, files)).Expect(200).Body.GetProperty("uploads").EnumerateArray().ToArray();
        await DatasetClient.PutAsync(uploads[0], files[0].Content);
        await using (var database = Host.App.Databases.OpenPlatform())
            await database.DatasetUploads.Where(upload => upload.DatasetId == dataset).ExecuteUpdateAsync(set => set.SetProperty(upload => upload.ExpiresAt, DateTimeOffset.UtcNow.AddHours(-1)));

        using var fire = new HttpRequestMessage(HttpMethod.Post, "/admin/functions/RemoveExpired") { Content = new StringContent("{}", null, "application/json") };
        fire.Headers.Add("x-functions-key", PlatformHost.MasterKey);
        using var fired = await owner.Http.SendAsync(fire);

        Assert.True(fired.IsSuccessStatusCode, $"{fired.StatusCode}");
        using var stores = Host.OpenStores();
        var staged = $"incoming/{uploads[0].GetProperty("uploadId").GetGuid()}";
        await Waiting.UntilAsync(async () => await stores.External.HeadAsync(staged, CancellationToken.None) is null, "the object is gone");
        await Waiting.UntilAsync(async () =>
        {
            await using var database = Host.App.Databases.OpenPlatform();
            return !await database.DatasetUploads.AnyAsync(upload => upload.DatasetId == dataset);
        }, "the row is gone");
    }
}
