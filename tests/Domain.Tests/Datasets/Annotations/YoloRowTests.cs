using System.Globalization;
using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Domain.Tests.Datasets.Annotations;

/// <summary>The rows of YOLO labels.</summary>
public sealed class YoloRowTests
{
    private static readonly YoloForm Boxes = new(ObjectShape.Box, 0, null), Outlines = new(ObjectShape.Mask, 0, null), Rotated = new(ObjectShape.RotatedBox, 0, null);
    private static readonly Dictionary<int, string> Names = new() { [0] = "cat", [1] = "dog" };

    [Fact]
    public void A_box_is_its_centre_and_size_and_is_scaled_to_the_image()
    {
        var draft = Good("1 0.5 0.5 0.25 0.5", Boxes);
        Assert.Equal(("dog", "0.375 0.25 0.25 0.5"), (draft.Class, Text(draft.Box!)));
        Assert.Equal("75 25 50 50", Text(YoloRow.Scaled(draft, 200, 100).Box!));
    }

    [Fact]
    public void An_outline_is_a_polygon_and_a_rotated_box_has_four_points()
    {
        Assert.Equal("20 10 40 10 40 30", Text(YoloRow.Scaled(Good("0 0.1 0.1 0.2 0.1 0.2 0.3\r", Outlines), 200, 100).Polygons![0]));
        Assert.Equal(8, Good("0 0.1 0.1 0.2 0.1 0.2 0.3 0.1 0.3", Rotated).Polygons![0].Count);
    }

    [Theory]
    [InlineData("0 0.5 0.5 0.4 0.4  0.1 0.2 2  0 0 0", 3, "20 20 2;0 0 0")]
    [InlineData("0 0.5 0.5 0.4 0.4  0.1 0.2  0 0", 2, "20 20 2;0 0 0")]
    [InlineData("0 0.5 0.5 0.4 0.4  0.1 0.2  0 0", null, "20 20 2;0 0 0")]
    [InlineData("0 0.5 0.5 0.4 0.4  0.1 0.2 1  0.3 0.4 2", null, "20 20 1;60 40 2")]
    public void Keypoints_have_two_or_three_numbers(string row, int? values, string points)
    {
        var draft = YoloRow.Scaled(Good(row, new YoloForm(ObjectShape.Keypoints, 2, values)), 200, 100);
        Assert.Equal("60 30 80 40", Text(draft.Box!));
        Assert.Equal(points, string.Join(';', draft.Keypoints!.Select(Text)));
    }

    [Theory]
    [InlineData("2 0.5 0.5 0.1 0.1", AnnotationFault.UnknownClass, "no class 2; it has 2, the last is 1")]
    [InlineData("-1 0.5 0.5 0.1 0.1", AnnotationFault.Malformed, "'-1' is no number of a class")]
    [InlineData("cat 0.5 0.5 0.1 0.1", AnnotationFault.Malformed, "'cat' is no number of a class")]
    [InlineData("0.0 0.5 0.5 0.1 0.1", AnnotationFault.Malformed, "'0.0' is no number of a class")]
    [InlineData("0 0.5 nan 0.1 0.1", AnnotationFault.Malformed, "'nan' is no number")]
    [InlineData("0 0.5 0.5 0.1 inf", AnnotationFault.Malformed, "'inf' is no number")]
    [InlineData("0 0.5 0,5 0.1 0.1", AnnotationFault.Malformed, "'0,5' is no number")]
    [InlineData("0 320 240 10 10", AnnotationFault.Malformed, "320 is not a part of the image")]
    [InlineData("0 2 0.5 0.1 0.1", AnnotationFault.Malformed, "2 is not a part of the image")]
    [InlineData("0 0.5 -0.2 0.1 0.1", AnnotationFault.Malformed, "-0.2 is not a part of the image")]
    [InlineData("0", AnnotationFault.Malformed, "not 0")]
    [InlineData("0 0.1 0.2", AnnotationFault.Malformed, "not 2")]
    [InlineData("0 0.1 0.1 0.2 0.1 0.2 0.3 0.4", AnnotationFault.InvalidPolygon, "even number of coordinates, not 7")]
    public void A_wrong_row_says_what_is_wrong(string row, AnnotationFault fault, string message)
    {
        Assert.Null(YoloRow.Parse(row, Outlines, Names, out var problem));
        Assert.Equal(fault, problem!.Fault);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0 0.5 0.5 0.4 0.4 0.1 0.2 2", 3, AnnotationFault.InvalidKeypoints, "10 together, not 7")]
    [InlineData("0 0.5 0.5 0.4 0.4", null, AnnotationFault.InvalidKeypoints, "10 together, not 4")]
    [InlineData("0 0.5 0.5 0.4 0.4 0.1 0.2 3 0 0 0", 3, AnnotationFault.InvalidKeypoints, "visibility of a keypoint is 0, 1 or 2, not 3")]
    [InlineData("0 0.5 0.5 0.4 0.4 0.1 2 2 0 0 0", 3, AnnotationFault.Malformed, "2 is not a part of the image")]
    public void Wrong_keypoints_are_refused(string row, int? values, AnnotationFault fault, string message)
    {
        Assert.Null(YoloRow.Parse(row, new YoloForm(ObjectShape.Keypoints, 2, values), Names, out var problem));
        Assert.Equal(fault, problem!.Fault);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
    }

    private static AnnotationDraft Good(string row, YoloForm form)
    {
        var draft = YoloRow.Parse(row, form, Names, out var problem);
        Assert.Null(problem);
        return draft!;
    }

    private static string Text(IEnumerable<double> numbers) => string.Join(' ', numbers.Select(number => Math.Round(number, 6).ToString(CultureInfo.InvariantCulture)));
}
