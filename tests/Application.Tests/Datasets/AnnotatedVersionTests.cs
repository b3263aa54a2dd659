using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>Versions of datasets with annotations.</summary>
public sealed class AnnotatedVersionTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static AnnotationDraft Box(string name, double x = 1) => new() { Class = name, Box = [x, 1, 2, 2] };

    /// <summary>A dataset of six images in given splits: cats in all, one dog in test, an image without objects, one that was never annotated.</summary>
    private async Task<DatasetWorkbench> NewAsync(string path = "a")
    {
        var work = await fixture.NewDatasetAsync(task: TaskType.ObjectDetection, classes: ["zebra", "dog", "cat"]);
        Split?[] splits = [Split.Train, Split.Train, Split.Val, Split.Test, Split.Train, Split.Train];
        var tickets = await work.AnnounceAsync([.. splits.Select((split, i) => new AnnouncedFile($"{path}/{i}.png", ArchiveFiles.Png(i).Length, "image/png", null, split))]);
        foreach (var (i, ticket) in tickets.Uploads.Index())
            Assert.Equal(200, await DatasetWorkbench.PutAsync(ticket, ArchiveFiles.Png(i)));
        Assert.Empty((await work.CompleteAsync([.. tickets.Uploads.Select(ticket => ticket.UploadId)])).Failed);
        var images = await work.ImagesAsync();
        await work.AnnotateAsync(images[0].Id, [Box("cat"), Box("cat", 3)]);
        await work.AnnotateAsync(images[1].Id, []);
        await work.AnnotateAsync(images[2].Id, [Box("cat")]);
        await work.AnnotateAsync(images[3].Id, [Box("dog"), Box("cat")]);
        await work.AnnotateAsync(images[4].Id, [Box("cat") with { Crowd = true }]);
        return work;
    }

    private async Task<(DatasetVersion Version, List<JsonElement> Lines)> WriteAsync(Guid versionId)
    {
        await using var database = fixture.Database();
        var end = await new VersionCompletion(database, new VersionFiles(database, fixture.Stores), TimeProvider.System).WriteAsync(versionId, Cancellation);
        Assert.Equal((DatasetVersionState.Ready, null), (end.State, end.Error));
        var version = await database.DatasetVersions.AsNoTracking().SingleAsync(row => row.Id == versionId, Cancellation);
        return (version, await LinesAsync((await fixture.Stores.External.GetBytesAsync(version.ManifestKey!, 1 << 20, Cancellation))!.Bytes!));
    }

    private static async Task<List<JsonElement>> LinesAsync(byte[] packed)
    {
        await using var unpacked = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        return [.. (await new StreamReader(unpacked).ReadToEndAsync(Cancellation)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>The hash as the protocol defines it: of the lines without their last member.</summary>
    private static string HashOf(IEnumerable<JsonElement> lines) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(
        lines.Select(line => line.GetRawText() is var text ? text[..text.LastIndexOf(",\"key\":", StringComparison.Ordinal)] + "}\n" : null)))));

    [Theory, InlineData("a"), InlineData("\U0001F600")]
    public async Task The_manifest_has_the_annotations_and_its_hash_is_that_of_the_version(string path)
    {
        var work = await NewAsync(path);

        var published = await work.PublishAsync(source: SplitSource.AsGiven, annotatedOnly: true);
        var (version, lines) = await WriteAsync(published.Version.Id);

        Assert.Equal(version.Hash, HashOf(lines));
        Assert.Equal(["path", "size", "sha256", "width", "height", "annotations", "split", "key"], lines[0].EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            [
                """[{"class":"cat","box":[1,1,2,2]},{"class":"cat","box":[3,1,2,2]}]""", "[]", """[{"class":"cat","box":[1,1,2,2]}]""",
                """[{"class":"dog","box":[1,1,2,2]},{"class":"cat","box":[1,1,2,2]}]""", """[{"class":"cat","box":[1,1,2,2],"crowd":true}]""",
            ],
            lines.Select(line => line.GetProperty("annotations").GetRawText()));
        Assert.Equal(["train", "train", "val", "test", "train"], lines.Select(line => line.GetProperty("split").GetString()));
    }

    [Fact]
    public async Task A_version_counts_objects_by_class_and_split_and_warns_of_classes_that_are_missing()
    {
        var version = (await (await NewAsync()).PublishAsync(source: SplitSource.AsGiven, annotatedOnly: true)).Version;

        Assert.Equal((5, new SplitCounts(3, 1, 1)), (version.ImageCount, version.SplitCounts));
        Assert.Equal(["zebra", "dog", "cat"], version.ClassNames);
        Assert.Equal([("cat", 4), ("dog", 1)], version.ClassCounts.Select(pair => (pair.Key, pair.Value)));
        Assert.Equal((new SplitCounts(3, 1, 1), new SplitCounts(0, 0, 1), new SplitCounts(0, 0, 0)), (version.ObjectCounts["cat"], version.ObjectCounts["dog"], version.ObjectCounts["zebra"]));
        Assert.Equal(
            [(SplitWarningKind.ClassNotInTrain, "dog"), (SplitWarningKind.ClassNotInTrain, "zebra"), (SplitWarningKind.ClassNotInVal, "dog"), (SplitWarningKind.ClassNotInVal, "zebra")],
            version.Warnings.Select(warning => (warning.Kind, warning.Class!)));
    }

    [Fact]
    public async Task Images_that_were_never_annotated_are_an_error_unless_they_are_to_be_left_out()
    {
        var work = await NewAsync();
        var refused = await Assert.ThrowsAsync<ProblemException>(() => work.PublishAsync());
        Assert.Equal((ErrorCodes.DatasetNotAnnotated, "1 of 6 images were never annotated, among them 'a/5.png'."), (refused.Error, refused.Message));

        await work.AnnotateAsync((await work.ImagesAsync())[5].Id, []);
        Assert.Equal(6, (await work.PublishAsync()).Version.ImageCount);
    }

    [Fact]
    public async Task A_dataset_without_an_object_is_not_published()
    {
        var work = await fixture.NewDatasetAsync(task: TaskType.ObjectDetection, classes: ["cat"]);
        var image = (await work.UploadAsync(("1.png", ArchiveFiles.Png(1))))[0];
        Assert.Equal(ErrorCodes.DatasetEmpty, (await Assert.ThrowsAsync<ProblemException>(() => work.PublishAsync(annotatedOnly: true))).Error);
        await work.AnnotateAsync(image.Id, []);
        Assert.Equal(ErrorCodes.DatasetEmpty, (await Assert.ThrowsAsync<ProblemException>(() => work.PublishAsync())).Error);
    }

    [Fact]
    public async Task The_same_annotations_are_the_same_version_and_others_are_another_one()
    {
        var work = await NewAsync();
        var first = await work.PublishAsync(annotatedOnly: true);
        var same = await work.PublishAsync(annotatedOnly: true);
        await work.AnnotateAsync((await work.ImagesAsync())[2].Id, [Box("cat", 4)]);
        var other = await work.PublishAsync(annotatedOnly: true);

        Assert.Equal((first.Version.Id, false), (same.Version.Id, same.IsNew));
        Assert.Equal(2, other.Version.Number);
        Assert.NotEqual(first.Version.Hash, other.Version.Hash);
        // The first one still has what it had.
        var (_, lines) = await WriteAsync(first.Version.Id);
        Assert.Equal("""[{"class":"cat","box":[1,1,2,2]}]""", lines[2].GetProperty("annotations").GetRawText());
    }

    [Fact]
    public async Task The_annotation_file_of_a_version_can_be_imported_again()
    {
        var work = await NewAsync();
        var (version, _) = await WriteAsync((await work.PublishAsync(annotatedOnly: true)).Version.Id);
        var file = Encoding.UTF8.GetString((await fixture.Stores.External.GetBytesAsync(DatasetKeys.VersionAnnotations(work.Dataset.Id, version.Number), 1 << 20, Cancellation))!.Bytes!);
        var before = await work.AnnotationsAsync();
        foreach (var image in await work.ImagesAsync())
            await work.AnnotateAsync(image.Id, [Box("zebra")]);

        var import = await work.ImportAsync(file);

        Assert.Equal((AnnotationImportState.Completed, AnnotationFormat.Dice, 5L, 0L), (import.State, import.Format, import.ImagesDone, import.RefusedAnnotations));
        before["a/5.png"] = """[{"class":"zebra","box":[1,1,2,2]}]""";
        Assert.Equal(before, await work.AnnotationsAsync());
    }

    [Fact]
    public async Task A_job_gets_the_keypoints_of_its_version()
    {
        var work = await fixture.NewDatasetAsync(task: TaskType.KeypointDetection, classes: ["person"], keypoints: KeypointList.Of(["left", "right"], [[0, 1]], null));
        var images = await work.UploadAsync([.. Enumerable.Range(0, 8).Select(i => ($"{i}.png", ArchiveFiles.Png(i)))]);
        foreach (var image in images)
            await work.AnnotateAsync(image.Id, [new() { Class = "person", Box = [0, 0, 5, 5], Keypoints = [[1, 1, 2], [0, 0, 0]] }]);
        var (version, own) = await WriteAsync((await work.PublishAsync()).Version.Id);
        await using var database = fixture.Database();
        var inputs = new AttemptInputs(database, fixture.Stores, DatasetLimits.Default);

        var dataset = await inputs.DatasetAsync(Job(version), Guid.CreateVersion7(), Cancellation);

        Assert.Equal(["person"], dataset!.Classes);
        Assert.Equal("""{"names":["left","right"],"skeleton":[[0,1]],"flip":[1,0]}""", JsonSerializer.SerializeToElement(dataset, JsonSerializerOptions.Web).GetProperty("keypoints").GetRawText());
        Assert.Equal(HashOf(own), dataset.ManifestSha256);
    }

    private static TrainingJob Job(DatasetVersion version) => new()
    {
        ProjectId = Guid.NewGuid(), DatasetVersionId = version.Id, Name = "job", Framework = "torchvision", Model = "m", TaskType = TaskType.KeypointDetection, Config = [], CreatedBy = Guid.NewGuid(),
    };

    [Fact]
    public async Task The_archive_of_a_version_has_its_manifest_with_annotations_and_its_classes_in_order()
    {
        var work = await NewAsync();
        var (version, _) = await WriteAsync((await work.PublishAsync(source: SplitSource.AsGiven, annotatedOnly: true)).Version.Id);
        await using var database = fixture.Database();
        var prepared = await new VersionArchive(database, fixture.Stores).PrepareAsync(version, Cancellation);
        var bytes = new MemoryStream();
        await prepared.WriteAsync(bytes, Cancellation);

        await using var zip = new ZipArchive(new MemoryStream(bytes.ToArray()));
        Assert.Equal(["classes.txt", "manifest.jsonl", "test/a/3.png", "train/a/0.png", "train/a/1.png", "train/a/4.png", "val/a/2.png"], zip.Entries.Select(entry => entry.FullName).Order(StringComparer.Ordinal));
        await using var manifest = await zip.GetEntry("manifest.jsonl")!.OpenAsync(Cancellation);
        Assert.Equal(version.Hash, Convert.ToHexStringLower(await SHA256.HashDataAsync(manifest, Cancellation)));
        await using var classes = await zip.GetEntry("classes.txt")!.OpenAsync(Cancellation);
        Assert.Equal("zebra\ndog\ncat\n", await new StreamReader(classes).ReadToEndAsync(Cancellation));
    }

    [Fact]
    public async Task Nothing_is_left_of_a_deleted_dataset()
    {
        var work = await NewAsync();
        await WriteAsync((await work.PublishAsync(annotatedOnly: true)).Version.Id);
        await work.DeleteAsync();
        await using var database = fixture.Database();
        Assert.False(await database.ImageAnnotations.AnyAsync(row => row.DatasetId == work.Dataset.Id, Cancellation));
        Assert.False(await database.VersionAnnotations.AnyAsync(row => database.DatasetVersions.Any(version => version.Id == row.VersionId && version.DatasetId == work.Dataset.Id), Cancellation));
    }
}
