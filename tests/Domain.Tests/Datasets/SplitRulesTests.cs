using System.Security.Cryptography;
using System.Text;
using VisionPlatform.Domain.Datasets;

namespace VisionPlatform.Domain.Tests.Datasets;

public sealed class SplitRulesTests
{
    private static readonly SplitImage[] Digits = [.. Enumerable.Range(0, 2000).Select(i => new SplitImage(Sha256Of($"{i % 10}/digit_{i / 10:0000}.png"), $"{i % 10}"))];

    private static string Sha256Of(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Computed with Python: int(hashlib.sha256(content).hexdigest()[:16], 16) % 10000.</summary>
    [Theory]
    [InlineData("3/img_0001.png", 3751)]
    [InlineData("ü/日本.png", 488)]
    public void The_bucket_of_a_content_is_fixed_for_ever(string content, int bucket) => Assert.Equal(bucket, SplitRules.Bucket(Sha256Of(content)));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Copies_of_a_file_are_in_one_split_even_with_different_classes(bool stratified)
    {
        SplitImage[] images = [.. Digits.SelectMany(digit => (SplitImage[])[digit, digit, digit with { Class = "other" }])];

        var splits = SplitRules.Assign(images, new SplitSettings([0.6, 0.2, 0.2], stratified));

        foreach (var copies in images.Zip(splits).GroupBy(pair => pair.First.Sha256, pair => pair.Second))
            Assert.Single(copies.Distinct());
        Assert.Equal(3, splits.Distinct().Count());
    }

    [Fact]
    public void The_shares_come_out_about_right()
    {
        var splits = SplitRules.Assign(Digits, SplitSettings.Default);

        Assert.InRange(splits.Count(split => split == Split.Train) / 2000.0, 0.77, 0.83);
        Assert.InRange(splits.Count(split => split == Split.Val) / 2000.0, 0.08, 0.12);
        Assert.InRange(splits.Count(split => split == Split.Test) / 2000.0, 0.08, 0.12);
    }

    [Fact]
    public void Adding_images_moves_none()
    {
        var before = SplitRules.Assign(Digits[..1000], SplitSettings.Default);
        var after = SplitRules.Assign(Digits, SplitSettings.Default);

        Assert.Equal(before, after[..1000]);
    }

    [Fact]
    public void A_stratified_split_keeps_the_shares_in_every_class()
    {
        var settings = new SplitSettings([0.7, 0.2, 0.1], Stratified: true);
        var splits = SplitRules.Assign(Digits, settings);

        for (var digit = 0; digit < 10; digit++)
        {
            var own = splits.Where((_, i) => Digits[i].Class == $"{digit}").ToArray();
            Assert.Equal((140, 40, 20), (own.Count(s => s == Split.Train), own.Count(s => s == Split.Val), own.Count(s => s == Split.Test)));
        }
        Assert.Equal(splits.Reverse(), SplitRules.Assign([.. Digits.Reverse()], settings));
    }

    [Fact]
    public void Within_a_class_the_stratified_split_follows_the_hash_of_the_content()
    {
        SplitImage[] one = [.. Digits.Where(image => image.Class == "7")];
        var splits = SplitRules.Assign(one, new SplitSettings([0.8, 0.1, 0.1], Stratified: true));

        var again = SplitRules.Assign([.. one[..150]], new SplitSettings([0.8, 0.1, 0.1], Stratified: true));

        Assert.True(splits.Take(150).Zip(again).Count(pair => pair.First != pair.Second) < 15, "half the class changed places");
    }

    /// <summary>Seven images at 0.7 and 0.2: train ends at 4.9 and val at 6.3. Ten at 0.25 and 0.25: at 2.5, which rounds up, and 5.</summary>
    [Theory]
    [InlineData(7, 0.7, 0.2, 5, 1, 1)]
    [InlineData(10, 0.25, 0.25, 3, 2, 5)]
    [InlineData(3, 0.34, 0.33, 1, 1, 1)]
    public void A_share_that_is_no_whole_number_is_rounded_half_up(int count, double train, double val, int trained, int validated, int tested)
    {
        var splits = SplitRules.Assign(Digits[..count].Select(digit => digit with { Class = "one" }).ToArray(), new SplitSettings([train, val, 1 - train - val], Stratified: true));

        Assert.Equal((trained, validated, tested), (splits.Count(s => s == Split.Train), splits.Count(s => s == Split.Val), splits.Count(s => s == Split.Test)));
    }

    [Fact]
    public void A_class_of_one_image_is_trained_on() =>
        Assert.Equal([Split.Train], SplitRules.Assign([new SplitImage(Sha256Of("x"), "a")], new SplitSettings([0.4, 0.3, 0.3], Stratified: true)));

    [Fact]
    public void Two_ratios_leave_no_test_images()
    {
        foreach (var stratified in (bool[])[false, true])
            Assert.DoesNotContain(Split.Test, SplitRules.Assign(Digits, new SplitSettings([0.85, 0.15], stratified)));
    }

    [Theory]
    [InlineData(new[] { 0.8, 0.1, 0.1 }, true)]
    [InlineData(new[] { 0.7, 0.3 }, true)]
    [InlineData(new[] { 1.0, 0.0, 0.0 }, true)]
    [InlineData(new[] { 0.1, 0.2, 0.7 }, true)]
    [InlineData(new[] { 0.8, 0.1, 0.2 }, false)]
    [InlineData(new[] { 0.0, 0.5, 0.5 }, false)]
    [InlineData(new[] { 1.2, -0.1, -0.1 }, false)]
    [InlineData(new[] { double.NaN, 0.5, 0.5 }, false)]
    [InlineData(new[] { 1.0 }, false)]
    [InlineData(new[] { 0.25, 0.25, 0.25, 0.25 }, false)]
    [InlineData(null, false)]
    public void Ratios_are_two_or_three_shares_of_one(double[]? ratios, bool good) => Assert.Equal(good, SplitRules.Problem(ratios) is null);
}
