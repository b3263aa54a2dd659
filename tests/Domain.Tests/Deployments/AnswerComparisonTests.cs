using VisionPlatform.Domain.Deployments;

namespace VisionPlatform.Domain.Tests.Deployments;

/// <summary>Where the answers of two models to an image differ.</summary>
public sealed class AnswerComparisonTests
{
    [Fact]
    public void The_same_class_is_no_difference_and_another_one_is_a_pair()
    {
        var same = AnswerComparison.Of([new Finding("dent", 0.9, null)], [new Finding("dent", 0.6, null)]);
        Assert.Empty(same.Pairs);
        Assert.Equal(0.3, same.ConfidenceDifference, 6);

        Assert.Equal([("dent", "scratch")], AnswerComparison.Of([new Finding("dent", 0.9, null)], [new Finding("scratch", 0.9, null)]).Pairs);
        Assert.Empty(AnswerComparison.Of([], []).Pairs);
    }

    [Fact]
    public void Objects_are_the_same_when_their_boxes_overlap_by_half_of_their_union()
    {
        Finding left = new("dent", 0.9, [0, 0, 10, 10]), near = new("dent", 0.8, [0, 0, 10, 20]), far = new("dent", 0.8, [0, 0, 10, 21]);

        Assert.Empty(AnswerComparison.Of([left], [near]).Pairs);
        Assert.Equal([("dent", null), (null, "dent")], AnswerComparison.Of([left], [far]).Pairs);
    }

    [Fact]
    public void An_object_is_paired_with_one_of_its_class_before_another_and_each_once()
    {
        Finding dent = new("dent", 0.9, [0, 0, 10, 10]), scratch = new("scratch", 0.95, [0, 0, 10, 10]), second = new("dent", 0.5, [1, 0, 10, 10]);

        Assert.Empty(AnswerComparison.Of([scratch, dent], [dent, scratch]).Pairs);
        Assert.Equal([("dent", null)], AnswerComparison.Of([dent, second], [dent]).Pairs);
        Assert.Equal([("dent", "scratch")], AnswerComparison.Of([dent], [scratch]).Pairs);
    }

    [Fact]
    public void Boxes_without_an_area_are_no_object_of_the_other()
    {
        Finding empty = new("dent", 0.9, [5, 5, 0, 0]);

        Assert.Equal(2, AnswerComparison.Of([empty], [empty]).Pairs.Count);
    }
}
