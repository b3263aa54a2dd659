using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>ZIPs in the form of YOLO, from their announcement to the last image. Images have 8 × 8 pixels.</summary>
public sealed class YoloImportTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private const string TwoClasses = "names: [cat, dog]\n";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Labels_annotate_the_images_beside_them_and_an_empty_file_says_that_there_is_nothing()
    {
        var work = await NewAsync(TaskType.ObjectDetection, "images/train/1.png", "images/train/2.png", "images/val/3.png", "images/val/4.png");

        var import = await ImportAsync(
            work, ("data.yaml", TwoClasses), ("labels/train/1.txt", "\uFEFF1 0.5 0.5 0.5 0.25\r\n0 0.25 0.25 0.25 0.25\r\n"), ("labels/train/2.txt", ""), ("labels/val/3.txt", "\n \n0 0.125 0.125 0.25 0.25 0.25 0.5"),
            ("images/train/1.png", "not read"), ("README.txt", "0 0 0"), ("__MACOSX/labels/train/._1.txt", "x"));

        Assert.Equal((AnnotationImportState.Completed, AnnotationFormat.Yolo, 3L, 3L, 3L, 3L), (import.State, import.Format, import.Images, import.Annotations, import.ImagesDone, import.Taken));
        Assert.Empty(import.Reasons);
        Assert.Equal(
            new()
            {
                ["images/train/1.png"] = """[{"class":"dog","box":[2,3,4,2]},{"class":"cat","box":[1,1,2,2]}]""", ["images/train/2.png"] = "[]",
                // An outline in a detection dataset is the box around it.
                ["images/val/3.png"] = """[{"class":"cat","box":[1,1,1,3]}]""",
            }, await work.AnnotationsAsync());
        Assert.All((await SplitsAsync(work)).Values, Assert.Null);
    }

    [Fact]
    public async Task Every_bad_row_is_reported_with_file_and_line_and_the_good_ones_are_taken()
    {
        var work = await NewAsync(TaskType.ObjectDetection, "a/1.png", "a/2.png", "a/3.png");
        await work.ImportAsync("""{"images":[{"id":1,"file_name":"a/2.png"}],"annotations":[{"image_id":1,"category_id":1,"bbox":[1,1,2,2]}],"categories":[{"id":1,"name":"dog"}]}""");

        var import = await ImportAsync(
            work, ("set/data.yaml", TwoClasses),
            ("set/a/labels/1.txt", "0 0.5 0.5 0.5 0.5\n7 0.5 0.5 0.5 0.5\n0 nan 0.5 0.5 0.5\n\n0 0.1 0.1 0.2 0.1 0.2 0.3 0.4\n"), ("set/a/labels/2.txt", "9 0.5 0.5 0.1 0.1"),
            ("set/a/labels/gone.txt", "0 0.5 0.5 0.1 0.1"), ("set/a/labels/3.txt", "0 0.5 0.5 0 0.1"));

        Assert.Equal((AnnotationImportState.Completed, 4L, 7L, 1L, 1L, 1L, 6L, 2L), (import.State, import.Images, import.Annotations, import.Taken, import.ImagesDone, import.RefusedImages, import.RefusedAnnotations, import.ImagesLeft));
        string[] problems = [.. import.Entries.Select(entry => entry.Detail)];
        Assert.Contains("The dataset has no image 'set/a/images/gone.jpg', also not with another extension.", problems);
        Assert.Contains("set/a/labels/1.txt line 2: The description has no class 7; it has 2, the last is 1.", problems);
        Assert.Contains("set/a/labels/1.txt line 3: 'nan' is no number.", problems);
        Assert.Contains("set/a/labels/1.txt line 5: An outline has an even number of coordinates, not 7.", problems);
        Assert.Contains("set/a/labels/2.txt line 1: The description has no class 9; it has 2, the last is 1.", problems);
        Assert.Contains(problems, problem => problem.StartsWith("set/a/labels/3.txt line 1: ", StringComparison.Ordinal));
        // An image of which every row was refused stays as it was.
        Assert.Equal(new() { ["a/1.png"] = """[{"class":"cat","box":[2,2,4,4]}]""", ["a/2.png"] = """[{"class":"dog","box":[1,1,2,2]}]""" }, await work.AnnotationsAsync());
    }

    [Fact]
    public async Task Outlines_keypoints_and_rotated_boxes_are_read_for_their_tasks()
    {
        var masks = await NewAsync(TaskType.InstanceSegmentation, "images/1.png");
        var points = await NewAsync(TaskType.KeypointDetection, KeypointList.Of(["left", "right"], null, null), "images/1.png");
        var rotated = await NewAsync(TaskType.OrientedDetection, "images/1.png");

        await ImportAsync(masks, ("data.yaml", TwoClasses), ("labels/1.txt", "0 0.125 0.125 0.5 0.125 0.5 0.5"));
        await ImportAsync(points, ("data.yaml", TwoClasses + "kpt_shape: [2, 2]"), ("labels/1.txt", "1 0.5 0.5 0.5 0.5 0.25 0.25 0 0"));
        var wrong = await ImportAsync(points, ("data.yaml", TwoClasses + "kpt_shape: [17, 3]"), ("labels/1.txt", ""));
        await ImportAsync(rotated, ("data.yaml", TwoClasses), ("labels/1.txt", "0 0.25 0.125 0.5 0.125 0.5 0.5 0.25 0.5"));
        var boxes = await ImportAsync(masks, ("data.yaml", TwoClasses), ("labels/1.txt", "0 0.5 0.5 0.5 0.5"));

        Assert.Equal("""[{"class":"cat","box":[1,1,3,3],"polygons":[[1,1,4,1,4,4]]}]""", (await masks.AnnotationsAsync())["images/1.png"]);
        Assert.Equal("""[{"class":"dog","box":[2,2,4,4],"keypoints":[[2,2,2],[0,0,0]]}]""", (await points.AnnotationsAsync())["images/1.png"]);
        Assert.StartsWith("""[{"class":"cat","box":[2,1,2,3],"polygons":[[""", (await rotated.AnnotationsAsync())["images/1.png"], StringComparison.Ordinal);
        Assert.Equal((AnnotationImportState.Failed, "data.yaml: kpt_shape says 17 keypoints, the dataset has 2."), (wrong.State, wrong.Error!.Message));
        Assert.Equal([new RefusedCount(AnnotationFault.MissingShape, 1)], boxes.Reasons);
    }

    [Fact]
    public async Task Folders_give_splits_only_when_that_is_said_and_images_may_lie_elsewhere()
    {
        var work = await NewAsync(TaskType.ObjectDetection, "x/train/1.png", "x/2.png", "x/test/3.png");
        (string, string)[] files = [("data.yaml", TwoClasses), ("labels/train/1.txt", ""), ("valid/labels/2.txt", ""), ("labels/test/3.txt", "")];
        // An image outside of the folders of the ZIP is none of its images.
        var import = await ImportAsync(work, new AnnotationImportDraft("labels.zip", 0, AnnotationMode.Replace, false, "x", TakesSplits: true), files);

        Assert.Equal((2L, 1L), (import.ImagesDone, import.RefusedImages));
        Assert.Equal(new() { ["x/2.png"] = null, ["x/test/3.png"] = Split.Test, ["x/train/1.png"] = Split.Train }, await SplitsAsync(work));
    }

    [Fact]
    public async Task What_is_no_labels_of_yolo_fails_as_a_whole_and_says_why()
    {
        var work = await NewAsync(TaskType.ObjectDetection, "images/1.png");
        foreach (var (files, reason) in new ((string, string)[], string)[]
        {
            ([("labels/1.txt", "")], "The ZIP has no data.yaml, which names the classes."),
            ([("data.yaml", TwoClasses)], "The ZIP has no text file in a folder named labels."),
            ([("a/data.yaml", "nc: 2\nnames:\n  x: cat"), ("labels/1.txt", "")], "a/data.yaml line 3: 'x' is no number of a class."),
        })
        {
            var import = await ImportAsync(work, files);
            Assert.Equal((AnnotationImportState.Failed, "ANNOTATION_FILE_INVALID", reason), (import.State, import.Error!.Code, import.Error.Message));
        }
        var zip = ArchiveFiles.Zip([("data.yaml", "names: [cat]"u8.ToArray()), ("labels/1.txt", "0 0.5 0.5 0.1 0.1"u8.ToArray())], System.IO.Compression.CompressionLevel.NoCompression);
        var cut = await ImportAsync(work, new AnnotationImportDraft("labels.zip", 0, AnnotationMode.Replace, false, ""), zip[..^10]);
        Assert.Equal("ANNOTATION_FILE_INVALID", cut.Error!.Code);
        zip[zip.AsSpan().IndexOf("0.5 0.5"u8)] = (byte)'1';
        var damaged = await ImportAsync(work, new AnnotationImportDraft("labels.zip", 0, AnnotationMode.Replace, false, ""), zip);
        Assert.Equal(("labels/1.txt: The content of the entry differs from what the list of entries says.", 1L), (Assert.Single(damaged.Entries).Detail, damaged.ImagesLeft));
        Assert.Empty(await work.AnnotationsAsync());
    }

    [Fact]
    public async Task Classes_of_the_description_are_added_in_their_order_when_that_is_wanted()
    {
        var work = await NewAsync(TaskType.ObjectDetection, "images/1.png");
        var import = await ImportAsync(
            work, new AnnotationImportDraft("labels.zip", 0, AnnotationMode.Replace, true, ""), ("data.yaml", "names:\n  1: bird\n  0: Dog\n  5: ant"), ("labels/1.txt", "5 0.5 0.5 0.5 0.5\n0 0.5 0.5 0.5 0.5"));
        Assert.Equal((2L, "bird ant"), (import.Taken, string.Join(' ', import.AddedClasses)));
        Assert.Equal(["cat", "dog", "bird", "ant"], await work.ClassesAsync());
    }

    private Task<DatasetWorkbench> NewAsync(TaskType task, params string[] images) => NewAsync(task, null, images);

    private async Task<DatasetWorkbench> NewAsync(TaskType task, KeypointList? keypoints, params string[] images)
    {
        var work = await fixture.NewDatasetAsync(task: task, classes: ["cat", "dog"], keypoints: keypoints);
        await work.UploadAsync([.. images.Index().Select(image => (image.Item, ArchiveFiles.Png(image.Index)))]);
        return work;
    }

    private static Task<AnnotationImport> ImportAsync(DatasetWorkbench work, params (string Name, string Text)[] files) =>
        ImportAsync(work, new AnnotationImportDraft("labels.zip", 0, AnnotationMode.Replace, false, ""), files);

    private static Task<AnnotationImport> ImportAsync(DatasetWorkbench work, AnnotationImportDraft draft, params (string Name, string Text)[] files) =>
        ImportAsync(work, draft, ArchiveFiles.Zip(files.Select(file => (file.Name, Encoding.UTF8.GetBytes(file.Text)))));

    private static async Task<AnnotationImport> ImportAsync(DatasetWorkbench work, AnnotationImportDraft draft, byte[] zip) =>
        await work.ImportAsync((await work.UploadAnnotationsAsync(zip, draft)).Id);

    private async Task<SortedDictionary<string, Split?>> SplitsAsync(DatasetWorkbench work)
    {
        await using var database = fixture.Database();
        return new(await database.DatasetImages.Where(image => image.DatasetId == work.Dataset.Id).ToDictionaryAsync(image => image.Path, image => image.Split, Cancellation), StringComparer.Ordinal);
    }
}
