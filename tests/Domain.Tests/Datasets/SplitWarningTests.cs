using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Tests.Datasets;

public sealed class SplitWarningTests
{
    private static readonly SplitSettings WithoutVal = new([0.9, 0, 0.1], Stratified: false);

    private static IReadOnlyList<SplitWarning> WarningsOf(SplitSettings settings, params (string Content, string? Class, Split Split)[] images) =>
        SplitWarnings.Of([.. images.Select(image => new SplitImage(image.Content, image.Class))], [.. images.Select(image => image.Split)], settings);

    [Fact]
    public void A_class_that_is_missing_from_train_or_val_is_named_with_its_counts()
    {
        var warnings = WarningsOf(
            SplitSettings.Default, ("1", "cat", Split.Train), ("2", "cat", Split.Val), ("3", "dog", Split.Test), ("4", "dog", Split.Test), ("5", "emu", Split.Train));

        Assert.Equal(
            [(SplitWarningKind.ClassNotInTrain, "dog", new SplitCounts(0, 0, 2)), (SplitWarningKind.ClassNotInVal, "dog", new(0, 0, 2)), (SplitWarningKind.ClassNotInVal, "emu", new(1, 0, 0))],
            warnings.Select(warning => (warning.Kind, warning.Class!, warning.Images)));
        Assert.Equal("The class 'dog' has no image to train on: 0 train, 0 val, 2 test.", warnings[0].Message);
    }

    [Fact]
    public void A_split_that_is_not_wanted_is_not_missed() =>
        Assert.Empty(WarningsOf(WithoutVal, ("1", "cat", Split.Train), ("2", "dog", Split.Train), ("3", null, Split.Test)));

    [Fact]
    public void Copies_of_a_file_are_counted_and_a_file_with_two_classes_is_reported()
    {
        var warnings = WarningsOf(WithoutVal, ("1", "cat", Split.Train), ("1", "cat", Split.Train), ("2", "cat", Split.Train), ("2", "dog", Split.Train), ("3", "dog", Split.Train));

        Assert.Equal([SplitWarningKind.RepeatedImages, SplitWarningKind.ContradictingClasses], warnings.Select(warning => warning.Kind));
        Assert.Equal([new SplitCounts(4, 0, 0), new SplitCounts(2, 0, 0)], warnings.Select(warning => warning.Images));
        Assert.Equal("4 images are copies of 2 files.", warnings[0].Message);
    }

    [Fact]
    public void A_thousand_classes_without_images_make_a_short_list_that_counts_the_rest()
    {
        var warnings = WarningsOf(WithoutVal, [.. Enumerable.Range(0, 1000).Select(i => ($"{i}", (string?)$"class {i:000}", Split.Test))]);

        Assert.Equal(SplitWarnings.MostOfAKind, warnings.Count);
        Assert.EndsWith("The same is true of 980 more classes.", warnings[^1].Message);
    }
}
