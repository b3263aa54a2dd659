using System.Text;
using System.Text.Json;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Datasets;

/// <summary>A dataset with annotations through the API, imported and published by the running app. Its images have 2 × 2 pixels.</summary>
public sealed class AnnotationTests(PlatformHost host) : PlatformTests(host)
{
    private static readonly object OneBox = new { annotations = new[] { new { @class = "cat", box = new[] { 0.5, 0, 1, 1 } } } };

    private static async Task<Guid> NewDatasetAsync(ApiClient client, string task = "object_detection", object? classes = null, object? keypoints = null) =>
        (await client.PostAsync("datasets", new { projectId = await client.NewProjectAsync(), name = "street", taskType = task, classes = classes ?? new[] { "cat", "dog" }, keypoints })).Expect(201).Id;

    [Fact]
    public async Task A_file_is_imported_published_and_its_classes_are_counted()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await NewDatasetAsync(owner);
        var images = await owner.UploadAsync(dataset, [.. Enumerable.Range(0, 40).Select(i => ($"a/{i}.png", DatasetClient.Png(i)))]);
        Assert.Equal(JsonValueKind.Null, images[0].GetProperty("class").ValueKind);

        var import = await ImportAsync(owner, dataset, JsonSerializer.Serialize(new
        {
            images = Enumerable.Range(0, 41).Select(i => new { id = i, file_name = $"{i}.png" }),
            annotations = Enumerable.Range(0, 39).Select(i => new { image_id = i, category_id = i % 2, bbox = new[] { 0, 0, 1, 1 } }),
            categories = new[] { new { id = 0, name = "bird" }, new { id = 1, name = "dog" } },
        }));

        Assert.Equal(("completed", "coco", 1.0, 40, 39, 1), (import.Text("state"), import.Text("format"), import.Body.GetProperty("progress").GetDouble(), Count(import, "imagesDone"), Count(import, "taken"), Count(import, "refusedImages")));
        Assert.Equal("image_not_found", import.Body.GetProperty("refused")[0].GetProperty("reason").GetString());
        var read = (await owner.GetAsync($"datasets/{dataset}")).Expect(200);
        Assert.Equal(40, Count(read, "annotatedCount"));
        Assert.Equal([("cat", 0, 0), ("dog", 19, 19), ("bird", 20, 20)], ClassesOf(read));
        Assert.Equal(20, (await owner.GetAsync($"datasets/{dataset}/images?class=bird&limit=100")).Expect(200).Items.Count);
        var version = await owner.PublishAsync(dataset);
        Assert.Equal([("cat", 0, 0), ("dog", 19, 19), ("bird", 20, 20)], ClassesOf(version));
        Assert.Equal(20, version.Body.GetProperty("classes")[2].GetProperty("objects").EnumerateObject().Sum(split => split.Value.GetInt32()));
        Assert.Contains(version.Body.GetProperty("warnings").EnumerateArray(), warning => warning.GetProperty("class").GetString() == "cat");
    }

    [Fact]
    public async Task Annotations_of_an_image_are_read_and_written_under_their_version()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await NewDatasetAsync(owner);
        var image = (await owner.UploadAsync(dataset, ("1.png", DatasetClient.Png(1)), ("2.png", DatasetClient.Png(2))))[0].GetProperty("id").GetGuid();
        var address = $"datasets/{dataset}/images/{image}/annotations";
        var before = (await owner.GetAsync(address)).Expect(200);
        Assert.False(before.Body.GetProperty("annotated").GetBoolean());

        var written = (await owner.SendAsync(HttpMethod.Put, address, OneBox, ("If-Match", before.Headers.ETag!.ToString()))).Expect(200);
        (await owner.SendAsync(HttpMethod.Put, address, new { annotations = Array.Empty<object>() }, ("If-Match", before.Headers.ETag.ToString()))).Expect(412, "PRECONDITION_FAILED");

        var read = (await owner.GetAsync(address)).Expect(200);
        Assert.Equal("""[{"class":"cat","box":[0.5,0,1,1]}]""", read.Body.GetProperty("annotations").GetRawText());
        Assert.Equal((written.Headers.ETag, owner.UserId), (read.Headers.ETag, read.Body.GetProperty("annotatedBy").GetGuid()));
        Assert.Equal("2.png", Assert.Single((await owner.GetAsync($"datasets/{dataset}/images?annotated=false")).Expect(200).Items).GetProperty("path").GetString());
        var wrong = (await owner.PutAsync(address, new { annotations = new object[] { new { @class = "cat", box = new[] { 0, 0, 1, 1 } }, new { @class = "cow", box = new[] { 0, 0, 1, 1 } } } })).Expect(422, "VALIDATION_FAILED");
        Assert.NotEmpty(wrong.ErrorsOf("annotations[1].class"));
        (await owner.PostAsync($"datasets/{dataset}/versions", new { })).Expect(422, "DATASET_NOT_ANNOTATED");
        (await owner.PostAsync($"datasets/{dataset}/versions", new { annotatedOnly = true })).Expect(202);
    }

    [Theory]
    [InlineData("image_classification", """["cat"]""", "null", "classes")]
    [InlineData("object_detection", """["cat","CAT"]""", "null", "classes[1]")]
    [InlineData("object_detection", """["a/b"]""", "null", "classes[0]")]
    [InlineData("semantic_segmentation", """["Background"]""", "null", "classes[0]")]
    [InlineData("object_detection", "[]", """{"names":["a"]}""", "keypoints")]
    [InlineData("keypoint_detection", "[]", "null", "keypoints")]
    [InlineData("keypoint_detection", "[]", """{"names":["a","b"],"flip":[0]}""", "keypoints.flip")]
    [InlineData("keypoint_detection", "[]", """{"names":["a","b"],"skeleton":[[0,2]]}""", "keypoints.skeleton[0]")]
    public async Task A_dataset_with_wrong_classes_or_keypoints_is_refused_and_the_answer_names_them(string task, string classes, string keypoints, string field)
    {
        using var owner = await Host.NewUserAsync();
        var refused = await owner.PostTextAsync("datasets", $$"""{"projectId":"{{await owner.NewProjectAsync()}}","name":"x","taskType":"{{task}}","classes":{{classes}},"keypoints":{{keypoints}}}""");
        Assert.NotEmpty(refused.Expect(422, "VALIDATION_FAILED").ErrorsOf(field));
    }

    [Fact]
    public async Task Folders_and_classes_of_uploads_are_no_classes_of_annotated_images()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await NewDatasetAsync(owner, "keypoint_detection", new[] { "person" }, new { names = new[] { "left eye", "right eye" } });
        Assert.Equal("[1,0]", (await owner.GetAsync($"datasets/{dataset}")).Expect(200).Body.GetProperty("keypoints").GetProperty("flip").GetRawText());
        var named = (await owner.PostAsync($"datasets/{dataset}/uploads", new { files = new[] { new { path = "a/1.png", size = 70, @class = "a" } } })).Expect(422, "VALIDATION_FAILED");
        Assert.NotEmpty(named.ErrorsOf("files[0].class"));
        var folders = (await owner.PostAsync($"datasets/{dataset}/uploads", new { files = new[] { new { path = "a/1.png", size = 70 } }, layout = "folders_are_classes" })).Expect(422, "VALIDATION_FAILED");
        Assert.NotEmpty(folders.ErrorsOf("layout"));
        (await owner.PostAsync($"datasets/{dataset}/archives", new { name = "a.zip", size = 70, layout = "folders_are_classes" })).Expect(422, "VALIDATION_FAILED");
    }

    [Fact]
    public async Task Classes_are_added_once()
    {
        using var owner = await Host.NewUserAsync();
        var dataset = await NewDatasetAsync(owner);
        var added = (await owner.PostAsync($"datasets/{dataset}/classes", new { names = new[] { "CAT", "bird" } })).Expect(200);
        Assert.Equal([("cat", 0, 0), ("dog", 0, 0), ("bird", 0, 0)], ClassesOf(added));
        Assert.NotEmpty((await owner.PostAsync($"datasets/{dataset}/classes", new { names = new[] { "." } })).Expect(422, "VALIDATION_FAILED").ErrorsOf("names[0]"));
    }

    private static async Task<ApiAnswer> ImportAsync(ApiClient client, Guid dataset, string content)
    {
        var bytes = Encoding.UTF8.GetBytes(content);
        var announced = (await client.PostAsync($"datasets/{dataset}/annotation-imports", new { name = "coco.json", size = bytes.Length, addClasses = true, folder = "a" })).Expect(201);
        Assert.Equal(200, await DatasetClient.PutAsync(announced.Body, bytes));
        var address = $"datasets/{dataset}/annotation-imports/{announced.Body.GetProperty("import").GetProperty("id").GetGuid()}";
        var import = (await client.PostAsync(address + "/complete", new { })).Expect(202);
        await Waiting.UntilAsync(async () => (import = (await client.GetAsync(address)).Expect(200)).Text("state") != "importing", "the annotations are imported");
        return import;
    }

    private static IEnumerable<(string, int, int)> ClassesOf(ApiAnswer answer) => answer.Body.GetProperty("classes").EnumerateArray()
        .Select(one => (one.GetProperty("name").GetString()!, one.GetProperty("imageCount").GetInt32(), one.GetProperty("objectCount").GetInt32()));

    private static int Count(ApiAnswer answer, string property) => answer.Body.GetProperty(property).GetInt32();
}
