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
    public void The_common_pixels_of_two_masks_are_those_inside_both()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var (height, width) = (random.Next(1, 12), random.Next(1, 12));
            var (one, other) = (Random(height, width), Random(height, width));
            Assert.Equal(Enumerable.Range(0, height * width).LongCount(i => one.Has(i / width, i % width) && other.Has(i / width, i % width)), one.Common(other));
            Assert.Equal(one.Area, one.Common(one));
        }
        Assert.Equal(0, Random(3, 4).Common(Random(4, 3)));
        // Runs of no pixels, as in the uncompressed form of others.
        Assert.Equal(2, RunLengthMask.FromRuns(1, 4, [0, 2, 0, 1, 1, 0]).Common(RunLengthMask.FromRuns(1, 4, [1, 0, 0, 3])));

        RunLengthMask Random(int height, int width)
        {
            var density = random.Next(4) / 3.0;
            var pixels = Enumerable.Range(0, height * width).Select(_ => random.NextDouble() < density).ToArray();
            return RunLengthMask.Of(height, width, (row, column) => pixels[row * width + column]);
        }
    }

    [Fact]
    public void Rings_become_the_pixels_whose_middle_is_in_one_of_them()
    {
        var mask = RunLengthMask.Of(4, 5, [[0, 0, 2, 0, 2, 4, 0, 4], [1, 1, 4, 1, 4, 3, 1, 3]]);

        Assert.Equal(["##...", "####.", "####.", "##..."], Rows(mask));
        Assert.Equal(["#....", "##...", "###..", "####."], Rows(RunLengthMask.Of(4, 5, [[0, 0, 4, 4, 0, 4]])));
        Assert.Equal([".....", ".....", ".....", "....."], Rows(RunLengthMask.Of(4, 5, [[9, 9, 12, 9, 12, 12]])));
        Assert.Equal(["#####", "#####", "#####", "#####"], Rows(RunLengthMask.Of(4, 5, [[-3, -3, 9, -3, 9, 9, -3, 9]])));
        Assert.Equal(mask.Runs, RunLengthMask.FromRuns(4, 5, mask.Runs).Runs);

        static string[] Rows(RunLengthMask mask) =>
            [.. Enumerable.Range(0, mask.Height).Select(row => string.Concat(Enumerable.Range(0, mask.Width).Select(column => mask.Has(row, column) ? '#' : '.')))];
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
