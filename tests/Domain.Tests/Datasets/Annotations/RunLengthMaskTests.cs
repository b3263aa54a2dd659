using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Domain.Tests.Datasets.Annotations;

public sealed class RunLengthMaskTests
{
    [Fact]
    public void Runs_go_down_the_columns()
    {
        // . # .
        // # # .
        var mask = RunLengthMask.FromRuns(2, 3, [1, 3, 2]);
        Assert.Equal([false, true, false, true, true, false], Enumerable.Range(0, 6).Select(i => mask.Has(i / 3, i % 3)));
        Assert.Equal(3, mask.Area);
        Assert.Equal("132", mask.Compress());
        Assert.Equal([1L, 3, 2], RunLengthMask.Of(2, 3, mask.Has).Runs);
    }

    /// <summary>Texts worked out by the steps of rleToString in the COCO API.</summary>
    [Theory]
    [InlineData(10, 10, new long[] { 100 }, "T3")]
    [InlineData(10, 10, new long[] { 0, 100 }, "0T3")]
    [InlineData(4, 5, new long[] { 6, 2, 2, 2, 8 }, "62206")]
    [InlineData(50, 100, new long[] { 160, 2, 48, 2, 48, 2, 4738 }, "P52`1000bb4")]
    public void The_compressed_text_is_that_of_the_coco_tools(int height, int width, long[] runs, string text)
    {
        Assert.Equal(text, RunLengthMask.FromRuns(height, width, runs).Compress());
        Assert.Equal(runs, RunLengthMask.Parse(height, width, text).Runs);
    }

    [Fact]
    public void Any_mask_is_the_same_after_compressing_and_reading()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var (height, width) = (random.Next(1, 70), random.Next(1, 70));
            var density = random.NextDouble();
            var pixels = new bool[height, width];
            for (var row = 0; row < height; row++)
                for (var column = 0; column < width; column++)
                    pixels[row, column] = random.NextDouble() < density && (round % 2 == 0 || column > width / 2);
            var mask = RunLengthMask.Of(height, width, (row, column) => pixels[row, column]);

            var read = RunLengthMask.Parse(height, width, mask.Compress());

            Assert.Equal(mask.Runs, read.Runs);
            Assert.Equal(pixels.Cast<bool>().LongCount(inside => inside), read.Area);
            var inside = Enumerable.Range(0, height * width).Where(i => pixels[i / width, i % width]).Select(i => (Row: i / width, Column: i % width)).ToList();
            var bounds = read.Bounds();
            Assert.Equal(inside.Count == 0, bounds is null);
            if (bounds is { } around)
                Assert.Equal(
                    (inside.Min(one => one.Column), inside.Min(one => one.Row), inside.Max(one => one.Column) + 1, inside.Max(one => one.Row) + 1),
                    ((int)around.Left, (int)around.Top, (int)around.Right, (int)around.Bottom));
        }
    }

    [Fact]
    public void Pixels_inside_two_masks_are_counted_whatever_their_runs()
    {
        var random = new Random(11);
        for (var round = 0; round < 100; round++)
        {
            var (height, width) = (random.Next(1, 20), random.Next(1, 20));
            bool[][] pixels = [.. Enumerable.Range(0, 2).Select(_ => Enumerable.Range(0, height * width).Select(_ => random.NextDouble() < round / 99.0).ToArray())];
            RunLengthMask[] masks = [.. pixels.Select(plane => RunLengthMask.Of(height, width, (row, column) => plane[row * width + column]))];

            Assert.Equal(pixels[0].Zip(pixels[1]).LongCount(both => both.First && both.Second), masks[0].CommonWith(masks[1]));
            Assert.Equal(masks[0].Area, masks[0].CommonWith(masks[0]));
            Assert.Equal(0, masks[0].CommonWith(RunLengthMask.Of(height + 1, width, (_, _) => true)));
        }
        // Runs of no pixels, as in the uncompressed form of others.
        Assert.Equal(2, RunLengthMask.FromRuns(1, 4, [0, 2, 0, 1, 1, 0]).CommonWith(RunLengthMask.FromRuns(1, 4, [1, 0, 0, 3])));
    }

    [Theory]
    [InlineData("")]
    [InlineData("P")]
    [InlineData("!")]
    [InlineData("T3T3")]
    [InlineData("5O")]
    [InlineData("oooooooooooooooo")]
    public void Damaged_runs_are_refused(string text) => Assert.Throws<FormatException>(() => RunLengthMask.Parse(10, 10, text));
}
