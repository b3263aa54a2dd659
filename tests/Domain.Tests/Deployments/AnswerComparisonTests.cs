using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Deployments;

namespace VisionPlatform.Domain.Tests.Deployments;

/// <summary>Where the answers of two models to an image differ.</summary>
public sealed class AnswerComparisonTests
{
    [Fact]
    public void The_same_class_is_no_difference_and_another_one_is_a_pair()
    {
        var same = Boxes([new Finding("dent", 0.9, null)], [new Finding("dent", 0.6, null)]);
        Assert.Empty(same.Pairs);
        Assert.Equal(0.3, same.ConfidenceDifference, 6);

        Assert.Equal([("dent", "scratch")], Boxes([new Finding("dent", 0.9, null)], [new Finding("scratch", 0.9, null)]).Pairs);
        Assert.Empty(Boxes([], []).Pairs);
    }

    [Fact]
    public void Objects_are_the_same_when_their_boxes_overlap_by_half_of_their_union()
    {
        Finding left = new("dent", 0.9, [0, 0, 10, 10]), near = new("dent", 0.8, [0, 0, 10, 20]), far = new("dent", 0.8, [0, 0, 10, 21]);

        Assert.Empty(Boxes([left], [near]).Pairs);
        Assert.Equal([("dent", null), (null, "dent")], Boxes([left], [far]).Pairs);
    }

    [Fact]
    public void An_object_is_paired_with_one_of_its_class_before_another_and_each_once()
    {
        Finding dent = new("dent", 0.9, [0, 0, 10, 10]), scratch = new("scratch", 0.95, [0, 0, 10, 10]), second = new("dent", 0.5, [1, 0, 10, 10]);

        Assert.Empty(Boxes([scratch, dent], [dent, scratch]).Pairs);
        Assert.Equal([("dent", null)], Boxes([dent, second], [dent]).Pairs);
        Assert.Equal([("dent", "scratch")], Boxes([dent], [scratch]).Pairs);
    }

    [Fact]
    public void Boxes_without_an_area_are_no_object_of_the_other()
    {
        Finding empty = new("dent", 0.9, [5, 5, 0, 0]);

        Assert.Equal(2, Boxes([empty], [empty]).Pairs.Count);
    }

    [Theory]
    [InlineData(TaskType.ImageClassification, AgreementMeasure.SameClass)]
    [InlineData(TaskType.ObjectDetection, AgreementMeasure.BoxIou)]
    [InlineData(TaskType.OrientedDetection, AgreementMeasure.BoxIou)]
    [InlineData(TaskType.InstanceSegmentation, AgreementMeasure.MaskIou)]
    [InlineData(TaskType.SemanticSegmentation, AgreementMeasure.PixelAgreement)]
    [InlineData(TaskType.KeypointDetection, AgreementMeasure.KeypointSimilarity)]
    public void The_task_of_the_models_says_what_is_measured(TaskType task, AgreementMeasure measure) => Assert.Equal(measure, AgreementMeasures.Of(task));

    [Fact]
    public void Boxes_of_an_object_are_measured_and_classes_of_images_are_not()
    {
        Assert.Equal([0.5], Boxes([new Finding("dent", 0.9, [0, 0, 10, 10])], [new Finding("dent", 0.8, [0, 0, 10, 20])]).Agreements);
        Assert.Empty(AnswerComparison.Of(AgreementMeasure.SameClass, [new(new("dent", 0.9, null))], [new(new("dent", 0.9, null))]).Agreements);
        Assert.Empty(Boxes([new Finding("INVALID_IMAGE", 0, null)], [new Finding("INVALID_IMAGE", 0, null)]).Agreements);
    }

    [Fact]
    public void The_same_object_with_another_mask_is_a_pair_of_its_class()
    {
        // Of 8 pixels the others have 6 (three quarters) and 4 (half).
        ShapedFinding whole = Masked("dent", "####", "####"), most = Masked("dent", "####", "##.."), half = Masked("dent", "####", "....");

        var alike = AnswerComparison.Of(AgreementMeasure.MaskIou, [whole], [most]);
        Assert.Empty(alike.Pairs);
        Assert.Equal([0.75], alike.Agreements);
        var differs = AnswerComparison.Of(AgreementMeasure.MaskIou, [whole], [half]);
        Assert.Equal([("dent", "dent")], differs.Pairs);
        Assert.Equal([0.5], differs.Agreements);
    }

    [Fact]
    public void Objects_are_paired_by_their_boxes_before_their_masks_are_compared()
    {
        var far = Masked("dent", "####", "####") with { Finding = new Finding("dent", 0.9, [100, 100, 4, 2]) };

        Assert.Equal([("dent", null), (null, "dent")], AnswerComparison.Of(AgreementMeasure.MaskIou, [Masked("dent", "####", "####")], [far]).Pairs);
    }

    [Fact]
    public void An_object_without_a_mask_is_compared_by_its_box()
    {
        var boxed = new ShapedFinding(new Finding("dent", 0.9, [0, 0, 4, 2]));

        var compared = AnswerComparison.Of(AgreementMeasure.MaskIou, [Masked("dent", "####", "####")], [boxed]);
        Assert.Empty(compared.Pairs);
        Assert.Empty(compared.Agreements);
    }

    [Fact]
    public void Pixels_agree_when_both_say_the_same_class_or_none()
    {
        // a: dent 4, scratch 2, nothing 2. b: dent 3, scratch 3, nothing 2. They differ in one pixel of eight.
        ShapedFinding[] a = [Masked("dent", "####", "...."), Masked("scratch", "....", "##..")], b = [Masked("dent", "###.", "...."), Masked("scratch", "...#", "##..")];

        Assert.Equal([7 / 8.0], AnswerComparison.Of(AgreementMeasure.PixelAgreement, a, b).Agreements);
        // The scratch of two pixels is one of three: the same class there, in another shape. The dent has three of four.
        Assert.Equal([("scratch", "scratch")], AnswerComparison.Of(AgreementMeasure.PixelAgreement, a, b).Pairs);
        Assert.Equal([1.0], AnswerComparison.Of(AgreementMeasure.PixelAgreement, a, a).Agreements);
        Assert.Equal([1.0], AnswerComparison.Of(AgreementMeasure.PixelAgreement, [], []).Agreements);
        Assert.Equal([0.5], AnswerComparison.Of(AgreementMeasure.PixelAgreement, [Masked("dent", "####", "....")], []).Agreements);
    }

    [Fact]
    public void A_region_of_another_class_is_a_pair_of_both_and_one_elsewhere_is_two()
    {
        ShapedFinding dent = Masked("dent", "####", "...."), scratch = Masked("scratch", "####", "...."), elsewhere = Masked("dent", "....", "####");

        Assert.Equal([("dent", "scratch")], AnswerComparison.Of(AgreementMeasure.PixelAgreement, [dent], [scratch]).Pairs);
        Assert.Equal([("dent", null), (null, "dent")], AnswerComparison.Of(AgreementMeasure.PixelAgreement, [dent], [elsewhere]).Pairs);
        Assert.Equal([0.0], AnswerComparison.Of(AgreementMeasure.PixelAgreement, [dent], [elsewhere]).Agreements);
        Assert.Empty(AnswerComparison.Of(AgreementMeasure.PixelAgreement, [dent], [new(new("INVALID_IMAGE", 0, null))]).Agreements);
    }

    [Fact]
    public void Keypoints_are_compared_by_their_distance_in_relation_to_the_object()
    {
        // Boxes of 10 × 10: exp(−d² / (2 · 100 · (2 · 0.0669)²)) is 0.756 for d = 1 and 0.327 for d = 2.
        var still = Posed([2, 2, 0.9], [8, 8, 0.9]);

        Assert.Equal([1.0], Similarity(still, still).Agreements);
        Assert.Equal((1 + 0.7563) / 2, Assert.Single(Similarity(still, Posed([2, 2, 0.9], [8, 9, 0.9])).Agreements), 4);
        Assert.Empty(Similarity(still, Posed([2, 2, 0.9], [8, 9, 0.9])).Pairs);
        var moved = Similarity(still, Posed([2, 2, 0.9], [8, 10, 0.9]));
        Assert.Equal((1 + 0.3272) / 2, Assert.Single(moved.Agreements), 4);
        Assert.Equal([("person", "person")], moved.Pairs);
    }

    [Fact]
    public void A_keypoint_of_which_neither_is_sure_does_not_count_and_lists_of_another_length_are_not_alike()
    {
        Assert.Equal([1.0], Similarity(Posed([2, 2, 0.9], [8, 8, 0.2]), Posed([2, 2, 0.9], [3, 3, 0.4])).Agreements);
        Assert.True(Similarity(Posed([2, 2, 0.9], [8, 8, 0.2]), Posed([2, 2, 0.9], [3, 3, 0.5])).Agreements[0] < 0.51);
        Assert.Empty(Similarity(Posed([2, 2, 0.1]), Posed([2, 2, 0.1])).Agreements);
        Assert.Equal([("person", "person")], Similarity(Posed([2, 2, 0.9]), Posed([2, 2, 0.9], [8, 8, 0.9])).Pairs);
    }

    private static AnswerComparison Boxes(IReadOnlyList<Finding> answer, IReadOnlyList<Finding> other) =>
        AnswerComparison.Of(AgreementMeasure.BoxIou, [.. answer.Select(found => new ShapedFinding(found))], [.. other.Select(found => new ShapedFinding(found))]);

    private static AnswerComparison Similarity(ShapedFinding answer, ShapedFinding other) => AnswerComparison.Of(AgreementMeasure.KeypointSimilarity, [answer], [other]);

    private static ShapedFinding Posed(params double[][] keypoints) => new(new Finding("person", 0.9, [0, 0, 10, 10]), Keypoints: keypoints);

    /// <summary>An object in a box of the whole image, with a mask drawn by rows.</summary>
    private static ShapedFinding Masked(string name, params string[] rows) =>
        new(new Finding(name, 0.9, [0, 0, rows[0].Length, rows.Length]), RunLengthMask.Of(rows.Length, rows[0].Length, (row, column) => rows[row][column] == '#'));
}
