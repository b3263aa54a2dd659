using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Domain.Tests.Training;

/// <summary>When the answer of a model for an image is right.</summary>
public sealed class PredictionRuleTests
{
    private static readonly double[] Square = [10, 10, 20, 20];

    [Theory]
    [InlineData("cat", "cat", ImageOutcome.Right)]
    [InlineData("cat", "dog", ImageOutcome.Wrong)]
    [InlineData("cat", null, ImageOutcome.Wrong)]
    [InlineData(null, "dog", ImageOutcome.NotMeasured)]
    public void A_classification_is_right_when_the_class_is_that_of_the_image(string? truth, string? answer, ImageOutcome outcome) =>
        Assert.Equal(new ImageVerdict(outcome), PredictionRule.Judge(TaskType.ImageClassification, new ImageTruth(truth, [], 100, 100), new PredictedAnswer(answer, 0.9)));

    [Theory]
    [InlineData(TaskType.ImageClassification)]
    [InlineData(TaskType.ObjectDetection)]
    [InlineData(TaskType.SemanticSegmentation)]
    public void An_image_that_could_not_be_read_has_failed(TaskType task)
    {
        var answer = new PredictedAnswer(Error: "UNREADABLE");
        Assert.Equal(ImageOutcome.Failed, PredictionRule.Judge(task, new ImageTruth("cat", [], 100, 100), answer).Outcome);
        Assert.Equal(ImageOutcome.Failed, PredictionRule.WithoutTruth(task, answer).Outcome);
    }

    [Fact]
    public void Objects_are_right_when_each_is_found_and_nothing_else_is()
    {
        Assert.Equal(Verdict(ImageOutcome.Right, 0, 0), Detect([new("cat", Square)], [Found("cat", [12, 10, 20, 20])]));
        Assert.Equal(Verdict(ImageOutcome.Right, 0, 0), Detect([], []));
        Assert.Equal(Verdict(ImageOutcome.NoneFound, 1, 0), Detect([new("cat", Square)], []));
        Assert.Equal(Verdict(ImageOutcome.Wrong, 0, 1), Detect([], [Found("cat", Square)]));
        Assert.Equal(Verdict(ImageOutcome.Wrong, 1, 1), Detect([new("cat", Square)], [Found("dog", Square)]));
        Assert.Equal(Verdict(ImageOutcome.Wrong, 0, 1), Detect([new("cat", Square)], [Found("cat", Square), Found("cat", Square, 0.5)]));
    }

    [Theory]
    [InlineData(6.6, ImageOutcome.Right)] // 13.4 of 26.6 pixels: 0.504
    [InlineData(6.7, ImageOutcome.Wrong)] // 13.3 of 26.7 pixels: 0.498
    public void An_object_is_found_from_half_of_the_union_on(double shift, ImageOutcome outcome) =>
        Assert.Equal(outcome, Detect([new("cat", Square)], [Found("cat", [10 + shift, 10, 20, 20])]).Outcome);

    [Fact]
    public void The_surest_object_takes_the_true_one_that_it_overlaps_most()
    {
        // Taken in another order, the first would take what the second needs.
        Annotation[] truth = [new("cat", [0, 0, 20, 20]), new("cat", [4, 0, 20, 20])];
        Assert.Equal(Verdict(ImageOutcome.Right, 0, 0), Detect(truth, [Found("cat", [5, 0, 20, 20], 0.9), Found("cat", [-5, 0, 20, 20], 0.6)]));
    }

    [Fact]
    public void A_group_of_objects_is_neither_found_nor_missed()
    {
        Annotation crowd = new("cat", [0, 0, 90, 90], Crowd: true);
        Assert.Equal(Verdict(ImageOutcome.Right, 0, 0), Detect([crowd], []));
        Assert.Equal(Verdict(ImageOutcome.Right, 0, 0), Detect([crowd], [Found("cat", Square), Found("cat", [50, 50, 9, 9])]));
        Assert.Equal(Verdict(ImageOutcome.Wrong, 0, 1), Detect([crowd], [Found("dog", Square)]));
    }

    [Fact]
    public void Masks_are_compared_and_not_their_boxes()
    {
        double[] triangle = [10, 10, 30, 10, 10, 30], other = [30, 30, 30, 10, 10, 30];
        Annotation truth = new("cat", Square, [triangle]);
        Assert.Equal(ImageOutcome.Right, Judge(TaskType.InstanceSegmentation, [truth], [new FoundObject("cat", Square, Rle: Runs(triangle), Confidence: 0.9)]).Outcome);
        Assert.Equal(Verdict(ImageOutcome.Wrong, 1, 1), Judge(TaskType.InstanceSegmentation, [truth], [new FoundObject("cat", Square, Rle: Runs(other), Confidence: 0.9)]));
        Assert.Equal(Verdict(ImageOutcome.Wrong, 1, 1), Judge(TaskType.InstanceSegmentation, [truth], [new FoundObject("cat", Square, Rle: new RleText([100, 100], "no runs"), Confidence: 0.9)]));
        Assert.Equal(Verdict(ImageOutcome.Wrong, 1, 1), Judge(TaskType.InstanceSegmentation, [truth], [new FoundObject("cat", Square, Rle: new RleText([5, 5], "no runs"), Confidence: 0.9)]));
    }

    [Fact]
    public void Rotated_boxes_are_compared_by_their_corners()
    {
        double[] diamond = [20, 10, 30, 20, 20, 30, 10, 20], straight = [10, 10, 30, 10, 30, 30, 10, 30], turnedBack = [10, 20, 20, 30, 30, 20, 20, 10];
        Annotation truth = new("ship", Square, [diamond]);
        Assert.Equal(ImageOutcome.Right, Judge(TaskType.OrientedDetection, [truth], [new FoundObject("ship", Square, [turnedBack], Confidence: 0.9)]).Outcome);
        Assert.Equal(0.5, ObjectOverlap.OfRings(straight, diamond), 6);
        Assert.Equal(0, ObjectOverlap.OfRings(straight, [40, 40, 50, 40, 50, 50]), 6);
        Assert.Equal(Verdict(ImageOutcome.Wrong, 1, 1), Judge(TaskType.OrientedDetection, [truth], [new FoundObject("ship", Square, [[10, 10, 30]], Confidence: 0.9)]));
    }

    [Fact]
    public void Keypoints_are_compared_by_their_distance_for_the_size_of_the_object()
    {
        Annotation truth = new("person", [0, 0, 50, 50], Keypoints: [[10, 10, 2], [40, 40, 1], [0, 0, 0]]);
        Assert.Equal(ImageOutcome.Right, Judge(TaskType.KeypointDetection, [truth], [Person([12, 10, 2], [40, 42, 2], [90, 90, 2])]).Outcome);
        Assert.Equal(ImageOutcome.Wrong, Judge(TaskType.KeypointDetection, [truth], [Person([30, 10, 2], [40, 10, 2], [0, 0, 2])]).Outcome);
        // Half of the labelled ones in place, the others not there.
        Assert.Equal(0.5, ObjectOverlap.OfKeypoints([[10, 10, 2]], truth.Keypoints!, 2500), 6);

        static FoundObject Person(params double[][] points) => new("person", [0, 0, 50, 50], Keypoints: points, Confidence: 0.9);
    }

    [Fact]
    public void Areas_are_compared_by_class_and_stray_pixels_of_another_class_do_not_count()
    {
        double[] left = [0, 0, 50, 0, 50, 100, 0, 100], most = [0, 0, 40, 0, 40, 100, 0, 100], few = [0, 0, 20, 0, 20, 100, 0, 100], stray = [90, 0, 100, 0, 100, 9, 90, 9], more = [90, 0, 100, 0, 100, 10, 90, 10];
        Annotation[] truth = [new("road", [0, 0, 50, 100], [left]), new("road", [0, 0, 20, 100], [few])];
        Assert.Equal(Verdict(ImageOutcome.Right, 0, 0), Judge(TaskType.SemanticSegmentation, truth, [Area("road", most), Area("sky", stray)]));
        Assert.Equal(Verdict(ImageOutcome.Wrong, 1, 0), Judge(TaskType.SemanticSegmentation, truth, [Area("road", few)]));
        Assert.Equal(Verdict(ImageOutcome.Wrong, 0, 1), Judge(TaskType.SemanticSegmentation, truth, [Area("road", left), Area("sky", more)]));
        Assert.Equal(Verdict(ImageOutcome.NoneFound, 1, 0), Judge(TaskType.SemanticSegmentation, truth, []));

        static FoundObject Area(string name, double[] ring) => new(name, [0, 0, 1, 1], Rle: Runs(ring));
    }

    [Fact]
    public void Without_annotations_one_knows_only_whether_something_was_found()
    {
        Assert.Equal(ImageOutcome.NotMeasured, PredictionRule.WithoutTruth(TaskType.ImageClassification, new PredictedAnswer("cat", 0.9)).Outcome);
        Assert.Equal(ImageOutcome.NoneFound, PredictionRule.WithoutTruth(TaskType.ObjectDetection, new PredictedAnswer(Annotations: [])).Outcome);
        Assert.Equal(ImageOutcome.NotMeasured, PredictionRule.WithoutTruth(TaskType.ObjectDetection, new PredictedAnswer(Annotations: [Found("cat", Square)])).Outcome);
    }

    [Fact]
    public void An_object_whose_box_is_none_is_found_in_vain() =>
        Assert.Equal(Verdict(ImageOutcome.Wrong, 1, 2), Detect([new("cat", Square)], [Found("cat", [1, 2]), Found("cat", [double.NaN, 0, 5, 5])]));

    private static ImageVerdict Verdict(ImageOutcome outcome, int missed, int spurious) => new(outcome, missed, spurious);

    private static ImageVerdict Detect(Annotation[] truth, FoundObject[] found) => Judge(TaskType.ObjectDetection, truth, found);

    private static ImageVerdict Judge(TaskType task, Annotation[] truth, FoundObject[] found) => PredictionRule.Judge(task, new ImageTruth(null, truth, 100, 100), new PredictedAnswer(Annotations: found));

    private static FoundObject Found(string name, double[] box, double confidence = 0.9) => new(name, box, Confidence: confidence);

    private static RleText Runs(double[] ring) => new([100, 100], RunLengthMask.Of(100, 100, [ring]).Compress());
}
