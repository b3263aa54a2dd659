using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Domain.Tests.Datasets.Annotations;

public sealed class AnnotationRulesTests
{
    private static readonly ClassList Classes = new(["cat", "Dog"]);
    private static readonly KeypointList Eyes = KeypointList.Of(["left eye", "right eye", "nose"], [[0, 1]], null);

    private static AnnotationScope Scope(TaskType task, int width = 100, int height = 50) => new(task, width, height, Classes, Eyes);

    private static CheckedAnnotation Check(TaskType task, AnnotationDraft draft) => AnnotationRules.Check(draft, Scope(task));

    private static string TextOf(TaskType task, AnnotationDraft draft)
    {
        var done = Check(task, draft);
        Assert.True(done.Problem is null, done.Problem?.Message);
        return AnnotationText.Write(done.Annotation!);
    }

    private static (AnnotationFault, string) ProblemOf(TaskType task, AnnotationDraft draft)
    {
        var done = Check(task, draft);
        Assert.Null(done.Annotation);
        return (done.Problem!.Fault, done.Problem.Field);
    }

    [Fact]
    public void A_box_is_clipped_to_the_image_and_its_class_is_spelled_as_in_the_dataset()
    {
        Assert.Equal("""{"class":"Dog","box":[0,10.13,20.5,39.87]}""", TextOf(TaskType.ObjectDetection, new() { Class = "dOG", Box = [-5, 10.126, 25.5, 60] }));
        Assert.True(Check(TaskType.ObjectDetection, new() { Class = "cat", Box = [-5, 10, 25, 10] }).Clipped);
        Assert.False(Check(TaskType.ObjectDetection, new() { Class = "cat", Box = [0, 0, 100, 50] }).Clipped);
    }

    [Fact]
    public void Wrong_boxes_classes_and_members_are_named()
    {
        const TaskType Task = TaskType.ObjectDetection;
        Assert.Equal((AnnotationFault.UnknownClass, "class"), ProblemOf(Task, new() { Class = "cow", Box = [0, 0, 1, 1] }));
        Assert.Equal((AnnotationFault.UnknownClass, "class"), ProblemOf(Task, new() { Box = [0, 0, 1, 1] }));
        Assert.Equal((AnnotationFault.InvalidBox, "box"), ProblemOf(Task, new() { Class = "cat" }));
        Assert.Equal((AnnotationFault.InvalidBox, "box"), ProblemOf(Task, new() { Class = "cat", Box = [0, 0, 1] }));
        Assert.Equal((AnnotationFault.InvalidBox, "box"), ProblemOf(Task, new() { Class = "cat", Box = [0, 0, -1, 1] }));
        Assert.Equal((AnnotationFault.InvalidBox, "box"), ProblemOf(Task, new() { Class = "cat", Box = [0, 0, 0, 5] }));
        Assert.Equal((AnnotationFault.InvalidBox, "box"), ProblemOf(Task, new() { Class = "cat", Box = [0, 0, 0.001, 5] }));
        Assert.Equal((AnnotationFault.InvalidBox, "box"), ProblemOf(Task, new() { Class = "cat", Box = [double.NaN, 0, 1, 1] }));
        Assert.Equal((AnnotationFault.OutsideImage, "box"), ProblemOf(Task, new() { Class = "cat", Box = [100, 0, 5, 5] }));
        Assert.Equal((AnnotationFault.DoesNotApply, "polygons"), ProblemOf(Task, new() { Class = "cat", Box = [0, 0, 1, 1], Polygons = [[0, 0, 1, 0, 1, 1]] }));
        Assert.Equal((AnnotationFault.DoesNotApply, "keypoints"), ProblemOf(Task, new() { Class = "cat", Box = [0, 0, 1, 1], Keypoints = [] }));
        Assert.Equal((AnnotationFault.DoesNotApply, "rle"), ProblemOf(Task, new() { Class = "cat", Box = [0, 0, 1, 1], Rle = new([50, 100], "0") }));
    }

    [Fact]
    public void Polygons_are_clipped_and_the_box_encloses_them()
    {
        Assert.Equal(
            """{"class":"cat","box":[10,5,30,20],"polygons":[[10,5,40,5,40,25,10,25]]}""",
            TextOf(TaskType.InstanceSegmentation, new() { Class = "cat", Box = [12, 6, 2, 2], Polygons = [[10, 5, 40, 5, 40, 25, 10, 25]] }));
        // A triangle whose left corner is outside becomes a trapezoid.
        var clipped = Check(TaskType.SemanticSegmentation, new() { Class = "cat", Polygons = [[-10, 20, 10, 10, 10, 30]] });
        Assert.True(clipped.Clipped);
        Assert.Equal([0, 10, 10, 20], clipped.Annotation!.Box);
        Assert.Equal([(0, 15), (0, 25), (10, 10), (10, 30)], clipped.Annotation.Polygons![0].Chunk(2).Select(point => ((int)point[0], (int)point[1])).Order());
    }

    [Fact]
    public void A_ring_outside_the_image_is_left_out_beside_one_inside()
    {
        var done = Check(TaskType.InstanceSegmentation, new() { Class = "cat", Polygons = [[0, 0, 10, 0, 10, 10], [200, 0, 210, 0, 210, 10]] });
        Assert.Equal([0, 0, 10, 10], done.Annotation!.Box);
        Assert.Single(done.Annotation.Polygons!);
        Assert.True(done.Clipped);
    }

    [Fact]
    public void Wrong_masks_are_named()
    {
        const TaskType Task = TaskType.InstanceSegmentation;
        Assert.Equal((AnnotationFault.MissingShape, "polygons"), ProblemOf(Task, new() { Class = "cat", Box = [0, 0, 1, 1] }));
        Assert.Equal((AnnotationFault.InvalidPolygon, "polygons[1]"), ProblemOf(Task, new() { Class = "cat", Polygons = [[0, 0, 9, 0, 9, 9], [0, 0, 1, 1]] }));
        Assert.Equal((AnnotationFault.InvalidPolygon, "polygons[0]"), ProblemOf(Task, new() { Class = "cat", Polygons = [[0, 0, 1, 1, 2, 2]] }));
        Assert.Equal((AnnotationFault.OutsideImage, "polygons"), ProblemOf(Task, new() { Class = "cat", Polygons = [[200, 0, 210, 0, 210, 10]] }));
        Assert.Equal((AnnotationFault.InvalidMask, "rle.size"), ProblemOf(Task, new() { Class = "cat", Rle = new([2, 2], "112") }));
        Assert.Equal((AnnotationFault.InvalidMask, "rle"), ProblemOf(Task, new() { Class = "cat", Rle = new([50, 100], "~~") }));
        Assert.Equal((AnnotationFault.InvalidMask, "rle"), ProblemOf(Task, new() { Class = "cat", Mask = RunLengthMask.FromRuns(50, 100, [5000]) }));
        Assert.Equal((AnnotationFault.DoesNotApply, "rle"), ProblemOf(Task, new() { Class = "cat", Polygons = [[0, 0, 9, 0, 9, 9]], Rle = new([50, 100], "0") }));
    }

    [Fact]
    public void A_mask_of_runs_is_stored_compressed_with_the_box_around_it()
    {
        var mask = RunLengthMask.Of(50, 100, (row, column) => row is >= 10 and < 12 && column is >= 3 and < 6);
        Assert.Equal(
            """{"class":"cat","box":[3,10,3,2],"rle":{"size":[50,100],"counts":"COUNTS"}}""".Replace("COUNTS", mask.Compress(), StringComparison.Ordinal),
            TextOf(TaskType.SemanticSegmentation, new() { Class = "cat", Mask = mask }));
    }

    [Fact]
    public void A_rotated_box_has_four_corners_which_stay_four_at_the_border()
    {
        Assert.Equal(
            """{"class":"cat","box":[0,0,20,20],"polygons":[[10,0,20,10,10,20,0,10]]}""",
            TextOf(TaskType.OrientedDetection, new() { Class = "cat", Polygons = [[10, -3, 20, 10, 10, 20, 0, 10]] }));
        Assert.Equal((AnnotationFault.MissingShape, "polygons"), ProblemOf(TaskType.OrientedDetection, new() { Class = "cat", Box = [0, 0, 5, 5] }));
        Assert.Equal((AnnotationFault.MissingShape, "polygons"), ProblemOf(TaskType.OrientedDetection, new() { Class = "cat", Polygons = [[0, 0, 5, 5, 0, 5]] }));
        Assert.Equal((AnnotationFault.OutsideImage, "polygons[0]"), ProblemOf(TaskType.OrientedDetection, new() { Class = "cat", Polygons = [[-9, 0, -5, 0, -5, 5, -9, 5]] }));
    }

    [Fact]
    public void Keypoints_are_those_of_the_dataset_and_lie_in_the_box()
    {
        Assert.Equal(
            """{"class":"cat","box":[5,5,15,10],"keypoints":[[20,6,2],[0,0,0],[7,15,1]],"crowd":true}""",
            TextOf(TaskType.KeypointDetection, new() { Class = "cat", Box = [5, 5, 10, 10], Keypoints = [[20, 6, 2], [3, 3, 0], [7, 15, 1]], Crowd = true }));
        // One outside the image cannot be labelled in it.
        var done = Check(TaskType.KeypointDetection, new() { Class = "cat", Box = [5, 5, 10, 10], Keypoints = [[101, 6, 2], [6, 6, 2], [7, 7, 2]] });
        Assert.True(done.Clipped);
        Assert.Equal([0, 0, 0], done.Annotation!.Keypoints![0]);
        Assert.Equal((AnnotationFault.InvalidKeypoints, "keypoints"), ProblemOf(TaskType.KeypointDetection, new() { Class = "cat", Box = [5, 5, 10, 10], Keypoints = [[1, 1, 2]] }));
        Assert.Equal((AnnotationFault.InvalidKeypoints, "keypoints[1]"), ProblemOf(TaskType.KeypointDetection, new() { Class = "cat", Box = [5, 5, 10, 10], Keypoints = [[1, 1, 2], [1, 1, 3], [1, 1, 2]] }));
        Assert.Equal((AnnotationFault.MissingShape, "keypoints"), ProblemOf(TaskType.KeypointDetection, new() { Class = "cat", Box = [5, 5, 10, 10] }));
    }

    [Fact]
    public void What_is_written_is_read_back_and_written_the_same()
    {
        var checkedOne = Check(TaskType.KeypointDetection, new() { Class = "cat", Box = [5, 5.555, 10, 10], Keypoints = [[20, 6, 2], [3, 3, 0], [7, 15, 1]] }).Annotation!;
        var text = AnnotationText.Write([checkedOne, checkedOne]);
        Assert.Equal(text, AnnotationText.Write(AnnotationText.Read(text)));
        Assert.Equal(2, AnnotationText.Count(AnnotationText.Read(text))["cat"]);
    }
}
