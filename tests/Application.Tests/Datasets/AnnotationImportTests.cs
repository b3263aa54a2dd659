using System.Text;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>Annotation files from their announcement to the last image, step by step as the orchestration does it. Images have 8 × 8 pixels.</summary>
public sealed class AnnotationImportTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private async Task<DatasetWorkbench> NewAsync(TaskType task, int images, IReadOnlyList<string>? classes = null, KeypointList? keypoints = null)
    {
        var work = await fixture.NewDatasetAsync(task: task, classes: classes ?? ["cat", "dog"], keypoints: keypoints);
        await work.UploadAsync([.. Enumerable.Range(1, images).Select(i => ($"a/{i}.png", ArchiveFiles.Png(i)))]);
        return work;
    }

    private static string Coco(string annotations, string images = """{"id":1,"file_name":"a/1.png","width":8,"height":8},{"id":2,"file_name":"a/2.png"}""",
        string categories = """{"id":7,"name":"dog"},{"id":9,"name":"Cat"}""") =>
        $$"""{"info":{"a":[1,{"b":[]}]},"annotations":[{{annotations}}],"images":[{{images}}],"categories":[{{categories}}]}""";

    [Fact]
    public async Task A_coco_file_annotates_the_images_that_it_lists_and_says_which_have_no_objects()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 3);

        var import = await work.ImportAsync(Coco(
            """{"id":1,"image_id":1,"category_id":9,"bbox":[1,1,3.5,3],"segmentation":[[1,1,4,1,4,4]],"area":9,"iscrowd":0},{"id":2,"image_id":1,"category_id":7,"bbox":[6,6,4,1],"iscrowd":1}"""));

        Assert.Equal((AnnotationImportState.Completed, AnnotationFormat.Coco, 2L, 2L, 2L, 2L, 1L), (import.State, import.Format, import.Images, import.Annotations, import.ImagesDone, import.Taken, import.Clipped));
        Assert.Empty(import.Reasons);
        Assert.Equal(
            new() { ["a/1.png"] = """[{"class":"cat","box":[1,1,3.5,3]},{"class":"dog","box":[6,6,2,1],"crowd":true}]""", ["a/2.png"] = "[]" }, await work.AnnotationsAsync());
        // The file and what was read from it are gone.
        Assert.Equal(0, (await fixture.Stores.External.HeadAsync(import.Key, Cancellation))!.Size);
        await using var database = fixture.Database();
        Assert.False(await database.StagedImages.AnyAsync(row => row.ImportId == import.Id, Cancellation) || await database.StagedAnnotations.AnyAsync(row => row.ImportId == import.Id, Cancellation));
    }

    [Fact]
    public async Task Polygons_stay_polygons_and_masks_are_read_compressed_and_not()
    {
        var work = await NewAsync(TaskType.InstanceSegmentation, 2);
        var mask = RunLengthMask.Of(8, 8, (row, column) => row == 2 && column is 3 or 4);

        var import = await work.ImportAsync(Coco(
            $$$"""
            {"image_id":1,"category_id":9,"bbox":[0,0,8,8],"segmentation":[[1,1,4,1,4,4],[5,5,7,5,7,7]]},
            {"image_id":1,"category_id":9,"bbox":[0,0,8,8],"segmentation":{"size":[8,8],"counts":[{{{string.Join(',', mask.Runs)}}}]},"iscrowd":1},
            {"image_id":2,"category_id":7,"segmentation":{"size":[8,8],"counts":"{{{mask.Compress()}}}"}}
            """));

        Assert.Equal((3L, 0L), (import.Taken, import.RefusedAnnotations));
        var rle = $$"""{"size":[8,8],"counts":"{{mask.Compress()}}"}""";
        var all = await work.AnnotationsAsync();
        Assert.Equal($$"""[{"class":"cat","box":[1,1,6,6],"polygons":[[1,1,4,1,4,4],[5,5,7,5,7,7]]},{"class":"cat","box":[3,2,2,1],"rle":{{rle}},"crowd":true}]""", all["a/1.png"]);
        Assert.Equal($$"""[{"class":"dog","box":[3,2,2,1],"rle":{{rle}}}]""", all["a/2.png"]);
    }

    [Fact]
    public async Task Keypoints_are_put_into_the_order_of_the_dataset()
    {
        var work = await NewAsync(TaskType.KeypointDetection, 1, ["person"], KeypointList.Of(["left", "right", "nose"], null, null));

        await work.ImportAsync(Coco(
            """{"image_id":1,"category_id":1,"bbox":[1,1,5,5],"keypoints":[2,2,2,3,3,1],"num_keypoints":2}""", """{"id":1,"file_name":"a/1.png"}""",
            """{"id":1,"name":"person","keypoints":["nose","left"],"skeleton":[[1,2]]}"""));
        var other = await work.ImportAsync(Coco("", """{"id":1,"file_name":"a/1.png"}""", """{"id":1,"name":"person","keypoints":["tail"]}"""));

        Assert.Equal("""[{"class":"person","box":[1,1,5,5],"keypoints":[[3,3,1],[0,0,0],[2,2,2]]}]""", (await work.AnnotationsAsync())["a/1.png"]);
        Assert.Equal((AnnotationImportState.Failed, "ANNOTATION_FILE_INVALID"), (other.State, other.Error!.Code));
    }

    [Fact]
    public async Task Both_forms_of_the_native_format_are_read_and_background_is_no_object()
    {
        const string Objects = """
            {"id":1,"image_id":1,"class_id":0,"class_name":"dog","bbox":[1,1,3,3],"bbox_format":"xywh","iscrowd":false},
            {"id":2,"image_id":1,"class_id":-1,"class_name":"__background__","is_background":true}
            """;
        var nested = await NewAsync(TaskType.ObjectDetection, 2);
        var flat = await NewAsync(TaskType.ObjectDetection, 2);

        var import = await nested.ImportAsync(
            $$"""{"format_version":"1.1","classes":[{"id":0,"name":"dog"}],"images":[{"id":1,"file_name":"a/1.png","annotations":[{{Objects}}]},{"id":2,"file_name":"a/2.png","annotations":[{"class_id":-1,"is_background":true}]}]}""");
        await flat.ImportAsync($$"""{"format_version":"1.0","images":[{"id":1,"file_name":"a/1.png"},{"id":2,"file_name":"a/2.png"}],"categories":[{"id":0,"name":"dog"}],"annotations":[{{Objects.Replace("class_id", "category_id", StringComparison.Ordinal)}}]}""");

        Assert.Equal(AnnotationFormat.Dice, import.Format);
        Assert.Equal(new() { ["a/1.png"] = """[{"class":"dog","box":[1,1,3,3]}]""", ["a/2.png"] = "[]" }, await nested.AnnotationsAsync());
        Assert.Equal(await nested.AnnotationsAsync(), await flat.AnnotationsAsync());
    }

    [Fact]
    public async Task What_is_refused_is_counted_and_listed_and_harms_nothing_else()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 4);

        var import = await work.ImportAsync(Coco(
            """
            {"image_id":1,"category_id":9,"bbox":[1,1,3,3]},
            {"image_id":1,"category_id":8,"bbox":[1,1,3,3]},
            {"image_id":1,"category_id":5,"bbox":[1,1,3,3]},
            {"image_id":1,"category_id":9,"bbox":[9,9,3,3]},
            {"image_id":1,"category_id":9,"bbox":[1,1,3]},
            {"image_id":1,"category_id":9,"bbox":["a"]},
            {"image_id":1,"category_id":9},
            {"image_id":99,"category_id":9,"bbox":[1,1,3,3]},
            {"image_id":3,"category_id":9,"bbox":[1,1,3,3]},
            {"image_id":4,"category_id":9,"bbox":[0,0,0,0]},
            17
            """,
            """
            {"id":1,"file_name":"a/1.png"},{"id":3,"file_name":"a/missing.png"},{"id":4,"file_name":"a/2.png"},{"id":5,"file_name":"./A/3.PNG","width":16,"height":8},
            {"id":6,"file_name":"a/1.png"},{"id":1,"file_name":"a/4.png"},{"id":8}
            """,
            """{"id":9,"name":"cat"},{"id":8,"name":"cow"}"""));

        Assert.Equal((AnnotationImportState.Completed, 1L, 1L, 5L, 10L, 1L), (import.State, import.ImagesDone, import.Taken, import.RefusedImages, import.RefusedAnnotations, import.ImagesLeft));
        Assert.Equal(
            [
                ("image", 1L, AnnotationFault.ImageNotFound, null), ("image", 3, AnnotationFault.ImageSizeDiffers, null), ("image", 4, AnnotationFault.ImageRepeated, null),
                ("image", 5, AnnotationFault.ImageRepeated, null), ("image", 6, AnnotationFault.Malformed, null),
                ("annotation", 1, AnnotationFault.UnknownClass, "class"), ("annotation", 2, AnnotationFault.UnknownClass, "class"), ("annotation", 3, AnnotationFault.OutsideImage, "box"),
                ("annotation", 4, AnnotationFault.InvalidBox, "box"), ("annotation", 5, AnnotationFault.Malformed, null), ("annotation", 6, AnnotationFault.InvalidBox, "box"),
                ("annotation", 7, AnnotationFault.ImageNotListed, "image_id"), ("annotation", 9, AnnotationFault.InvalidBox, "box"), ("annotation", 10, AnnotationFault.ImageNotListed, "image_id"),
            ],
            import.Entries.Select(entry => (entry.Kind, entry.Number, entry.Reason, entry.Field)));
        // The annotation of the image that was refused is counted only.
        Assert.Equal(1, import.Reasons.Single(one => one.Reason == AnnotationFault.ImageRefused).Count);
        // An image of which every annotation was refused is not taken for one without objects.
        Assert.Equal(["a/1.png"], (await work.AnnotationsAsync()).Keys);
    }

    [Fact]
    public async Task A_long_list_of_refused_entries_is_cut_after_a_hundred()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 1);
        var import = await work.ImportAsync(Coco("", string.Join(',', Enumerable.Range(0, 700).Select(i => $$"""{"id":{{i}},"file_name":"b/{{i}}.png"}"""))));
        Assert.Equal((700L, 100, 700L), (import.RefusedImages, import.Entries.Count, import.Reasons.Single().Count));
    }

    [Fact]
    public async Task Annotations_are_replaced_or_added_as_the_caller_says_and_other_images_stay()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 3);
        await work.AnnotateAsync((await work.ImagesAsync())[2].Id, []);
        var file = Coco("""{"image_id":1,"category_id":9,"bbox":[1,1,3,3]}""");

        await work.ImportAsync(file);
        await work.ImportAsync(file);
        Assert.Equal("""[{"class":"cat","box":[1,1,3,3]}]""", (await work.AnnotationsAsync())["a/1.png"]);

        await work.ImportAsync(Coco("""{"image_id":1,"category_id":7,"bbox":[2,2,3,3]}"""), AnnotationMode.Add);
        Assert.Equal(
            new() { ["a/1.png"] = """[{"class":"cat","box":[1,1,3,3]},{"class":"dog","box":[2,2,3,3]}]""", ["a/2.png"] = "[]", ["a/3.png"] = "[]" }, await work.AnnotationsAsync());
    }

    [Fact]
    public async Task Classes_of_the_file_are_added_in_its_order_when_that_is_wanted()
    {
        var work = await NewAsync(TaskType.SemanticSegmentation, 1, ["dog"]);
        var import = await work.ImportAsync(Coco(
            """{"image_id":1,"category_id":2,"segmentation":[[1,1,4,1,4,4]]},{"image_id":1,"category_id":0,"segmentation":[[0,0,8,0,8,8]]}""", """{"id":1,"file_name":"1.png"}""",
            """{"id":0,"name":"background"},{"id":1,"name":"zebra"},{"id":2,"name":"ant"},{"id":3,"name":"DOG"}"""), addClasses: true, folder: "a");

        Assert.Equal(["dog", "zebra", "ant"], await work.ClassesAsync());
        Assert.Equal(["zebra", "ant"], import.AddedClasses);
        Assert.Equal("""[{"class":"ant","box":[1,1,3,3],"polygons":[[1,1,4,1,4,4]]}]""", (await work.AnnotationsAsync())["a/1.png"]);
    }

    public static TheoryData<string> Unreadable =>
    [
        "", "not json", "[1,2]", """{"images":[{"id":1,"file_name":"a/1.png"}],"annotations":[{"image_id":1,]""", """{"annotations":[]}""",
        """{"images":[{"id":1,"file_name":"a/1.png"}],"categories":[{"id":1,"name":"a"},{"id":1,"name":"b"}]}""", """{"images":[{"id":1,"file_name":"a/1.png"}],"categories":[{"name":"a"}]}""",
        """{"images":[{"id":1,"file_name":"a/1.png","x":NaN}]}""", """{"images":[{"id":1,"file_name":"a/1.png"}]} and more""",
    ];

    [Theory, MemberData(nameof(Unreadable))]
    public async Task A_file_that_cannot_be_read_fails_with_the_reason(string content)
    {
        var work = await NewAsync(TaskType.ObjectDetection, 1);
        var import = await work.ImportAsync(content.Length == 0 ? " " : content);
        Assert.Equal((AnnotationImportState.Failed, "ANNOTATION_FILE_INVALID"), (import.State, import.Error!.Code));
        Assert.Empty(await work.AnnotationsAsync());
    }

    [Fact]
    public async Task An_entry_that_is_larger_than_allowed_fails_the_file_and_a_large_part_that_nobody_reads_does_not()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 1);
        var limits = new AnnotationLimits(1 << 20, 4096);
        var large = string.Join(',', Enumerable.Repeat("1.25", 2000));

        var ignored = await work.ImportAsync($$"""{"licenses":[{{large}}],"images":[{"id":1,"file_name":"a/1.png"}],"annotations":[]}""", limits: limits);
        var refused = await work.ImportAsync($$"""{"images":[{"id":1,"file_name":"a/1.png"}],"annotations":[{"image_id":1,"segmentation":[[{{large}}]]}]}""", limits: limits);

        Assert.Equal(AnnotationImportState.Completed, ignored.State);
        Assert.Equal((AnnotationImportState.Failed, "ANNOTATION_FILE_INVALID"), (refused.State, refused.Error!.Code));
    }

    [Fact]
    public async Task Steps_that_are_cut_off_and_repeated_add_nothing_twice()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 2);
        await work.ImportAsync(Coco("""{"image_id":1,"category_id":9,"bbox":[1,1,3,3]}"""));
        var import = await work.UploadAnnotationsAsync(Coco("""{"image_id":1,"category_id":7,"bbox":[2,2,3,3]},{"image_id":2,"category_id":8,"bbox":[2,2,3,3]}"""), AnnotationMode.Add);

        // The first run of reading was cut off before it recorded that it was done.
        Assert.True(await work.ReadAnnotationsAsync(import.Id));
        await using (var database = fixture.Database())
            await database.AnnotationImports.Where(row => row.Id == import.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.Images, (long?)null), Cancellation);
        Assert.True(await work.ReadAnnotationsAsync(import.Id));
        Assert.True(await work.ReadAnnotationsAsync(import.Id));
        await work.WriteAnnotationsAsync(import.Id);
        var done = await work.ImportAsync(import.Id);

        Assert.Equal((AnnotationImportState.Completed, 1L, 1L, 1L), (done.State, done.Taken, done.RefusedAnnotations, done.ImagesLeft));
        Assert.Equal("""[{"class":"cat","box":[1,1,3,3]},{"class":"dog","box":[2,2,3,3]}]""", (await work.AnnotationsAsync())["a/1.png"]);
        Assert.Equal("[]", (await work.AnnotationsAsync())["a/2.png"]);
    }

    [Fact]
    public async Task Deleting_the_dataset_or_an_image_while_annotations_are_imported_loses_nothing_else()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 2);
        var import = await work.UploadAnnotationsAsync(Coco("""{"image_id":1,"category_id":9,"bbox":[1,1,3,3]}"""));
        Assert.True(await work.ReadAnnotationsAsync(import.Id));
        await work.RemoveAsync((await work.ImagesAsync())[0].Id);
        Assert.Equal(AnnotationImportState.Completed, (await work.ImportAsync(import.Id)).State);
        Assert.Equal(["a/2.png"], (await work.AnnotationsAsync()).Keys);

        var second = await work.UploadAnnotationsAsync(Coco(""));
        await work.DeleteAsync();
        Assert.Equal(AnnotationImportState.Cancelled, (await work.ImportAsync(second.Id)).State);
        Assert.Empty(await work.AnnotationsAsync());
    }

    [Fact]
    public async Task Images_of_a_classification_have_no_annotations()
    {
        var work = await fixture.NewDatasetAsync();
        var image = (await work.UploadAsync(("cat/1.png", ArchiveFiles.Png(1))))[0];
        Assert.Equal(ErrorCodes.DatasetHasNoAnnotations, (await Assert.ThrowsAsync<ProblemException>(() => work.UploadAnnotationsAsync("{}"))).Error);
        Assert.Equal(ErrorCodes.DatasetHasNoAnnotations, (await Assert.ThrowsAsync<ProblemException>(() => work.AnnotateAsync(image.Id, []))).Error);
    }

    [Fact]
    public async Task Images_of_other_tasks_get_no_class_from_their_folder()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 1);
        Assert.Null((await work.ImagesAsync())[0].Class);
    }

    [Fact]
    public async Task Wrong_annotations_of_one_image_are_named_and_nothing_is_written()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 1);
        var image = (await work.ImagesAsync())[0].Id;
        var refused = await Assert.ThrowsAsync<ProblemException>(() => work.AnnotateAsync(image,
            [new() { Class = "cat", Box = [0, 0, 2, 2] }, new() { Class = "cow", Box = [0, 0, 2, 2] }, new() { Class = "cat", Box = [0, 0, 2, double.NaN] }]));

        Assert.Equal(ErrorCodes.ValidationFailed, refused.Error);
        Assert.Equal(["annotations[1].class", "annotations[2].box"], refused.Errors.Keys);
        Assert.Empty(await work.AnnotationsAsync());
    }

    [Fact]
    public async Task The_version_of_annotations_changes_with_every_write()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 1);
        var image = (await work.ImagesAsync())[0].Id;
        var seen = new List<uint>();
        var first = await work.AnnotateAsync(image, [new() { Class = "cat", Box = [0, 0, 2, 2] }], present => seen.Add(present.Version));
        var second = await work.AnnotateAsync(image, [], present => seen.Add(present.Version));

        Assert.Equal([0u, first.Version], seen);
        Assert.NotEqual(first.Version, second.Version);
        Assert.Equal("[]", (await work.AnnotationsAsync())["a/1.png"]);
    }

    [Fact]
    public async Task A_large_file_is_read_in_pieces_wherever_they_end()
    {
        var work = await NewAsync(TaskType.ObjectDetection, 3);
        var file = new StringBuilder("""{"annotations":[""");
        const int Count = 12_000;
        for (var i = 0; i < Count; i++)
            file.Append(i > 0 ? "," : "").Append($$"""{"id":{{i}},"image_id":{{1 + i % 3}},"category_id":{{7 + i % 2 * 2}},"bbox":[{{i % 5}},1,2,2],"note":"{{new string('é', i % 40)}}"}""");
        file.Append("""],"images":[{"id":1,"file_name":"a/1.png"},{"id":2,"file_name":"a/2.png"},{"id":3,"file_name":"a/3.png"}],"categories":[{"id":7,"name":"dog"},{"id":9,"name":"cat"}]}""");

        var import = await work.ImportAsync(file.ToString());

        Assert.Equal((AnnotationImportState.Completed, (long)Count, 0L), (import.State, import.Taken, import.RefusedAnnotations));
        var first = AnnotationText.Read((await work.AnnotationsAsync())["a/1.png"]);
        Assert.Equal(Enumerable.Range(0, Count).Where(i => i % 3 == 0).Select(i => (double)(i % 5)), first.Select(annotation => annotation.Box[0]));
    }
}
