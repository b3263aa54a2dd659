using System.Text.RegularExpressions;
using NetVips;
using VisionPlatform.Images;

namespace VisionPlatform.Infrastructure.Tests.Images;

public sealed partial class ImageInspectorTests
{
    private static readonly ImageInspector Inspector = new();

    /// <summary>600 × 300 with texture, so that no format can leave a part of the data out.</summary>
    private static readonly byte[] Texture = TestImages.Png(600, 300, (x, y, channel) => (x * 7 + y * 13 + channel * 50 + x * y % 31) % 256 / 255.0);

    public static TheoryData<string, ImageFormat> Formats => new()
    {
        { ".png", ImageFormat.Png },
        { ".jpg", ImageFormat.Jpeg },
        { ".jpg[interlace]", ImageFormat.Jpeg },
        { ".webp", ImageFormat.Webp },
        { ".webp[lossless]", ImageFormat.Webp },
        { ".gif", ImageFormat.Gif },
        { ".tif", ImageFormat.Tiff },
        { ".tif[compression=deflate,tile]", ImageFormat.Tiff },
    };

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_accepted_format_is_recognized_by_content_measured_and_gets_a_thumbnail(string suffix, ImageFormat format)
    {
        var file = suffix == ".png" ? Texture : TestImages.Converted(Texture, suffix);

        var header = Inspector.ReadHeader(file);
        var seen = Inspector.Inspect(file);

        Assert.Equal(new ImageFacts(format, 600, 300), header.Facts);
        Assert.Null(seen.Defect);
        Assert.Equal(new ImageFacts(format, 600, 300), seen.Facts);
        Assert.Equal(new ImageFacts(ImageFormat.Jpeg, 256, 128), Inspector.ReadHeader(seen.Thumbnail!).Facts);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public async Task A_file_cut_anywhere_is_refused(string suffix, ImageFormat format)
    {
        var file = suffix == ".png" ? Texture : TestImages.Converted(Texture, suffix);

        foreach (var share in (double[])[0.05, 0.3, 0.6, 0.9, 0.97])
        {
            var cut = Inspector.Inspect(file[..(int)(file.Length * share)]);
            Assert.True(cut.Defect is ImageDefect.Truncated or ImageDefect.NotAnImage, $"{format} cut at {share:p0} was taken");
            Assert.Null(cut.Thumbnail);
            Assert.Equal(cut.Defect, (await Inspector.CheckAsync(file[..(int)(file.Length * share)], TestContext.Current.CancellationToken)).Defect);
        }
        Assert.Equal(Inspector.ReadHeader(file).Facts, (await Inspector.CheckAsync(file, TestContext.Current.CancellationToken)).Facts);
    }

    [Fact]
    public void A_jpeg_or_png_without_its_end_is_reported_as_truncated()
    {
        var jpeg = TestImages.Converted(Texture, ".jpg");

        Assert.Equal(ImageDefect.Truncated, Inspector.Inspect(jpeg[..(jpeg.Length / 2)]).Defect);
        Assert.Equal(ImageDefect.Truncated, Inspector.Inspect(Texture[..(Texture.Length / 2)]).Defect);
    }

    [Fact]
    public void Damaged_png_data_is_refused()
    {
        var file = Texture.ToArray();
        file.AsSpan(file.Length / 2, 64).Fill(0xA5);

        Assert.Equal(ImageDefect.Truncated, Inspector.Inspect(file).Defect);
    }

    public static TheoryData<byte[]> NoImages => new((byte[][])
    [
        Array.Empty<byte>(),
        "x"u8.ToArray(),
        "just some text that is no image at all"u8.ToArray(),
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"/>"u8.ToArray(),
        "%PDF-1.7 %âãÏÓ"u8.ToArray(),
        "PK\u0003\u0004zip"u8.ToArray(),
        [0xFF, 0xD8, 0xFF],
        [.. "BM"u8, .. new byte[60]],
        [.. "GIF89a"u8],
        [.. "RIFF"u8, 0, 0, 0, 0, .. "WEBPVP8 "u8],
        [0x89, .. "PNG\r\n\u001a\n"u8, 0, 0, 0],
    ]);

    [Theory]
    [MemberData(nameof(NoImages))]
    public void A_file_that_is_not_an_image_of_an_accepted_format_is_refused(byte[] content) =>
        Assert.Equal(ImageDefect.NotAnImage, Inspector.Inspect(content).Defect);

    [Fact]
    public void Only_the_loaders_of_accepted_formats_are_enabled()
    {
        Vips.EnsureReady();

        var enabled = NetVips.NetVips.GetOperations().Where(name => Loader().IsMatch(name)).Where(name =>
        {
            using var operation = Operation.NewFromName(name);
            return !operation.GetFlags().HasFlag(Enums.OperationFlags.BLOCKED);
        });

        Assert.Equal(["gifload", "jpegload", "pngload", "tiffload", "webpload"], enabled.Select(name => name.Split('_')[0]).Distinct().Order(StringComparer.Ordinal));
    }

    [GeneratedRegex("^[a-z0-9]+load(_buffer|_source)?$")]
    private static partial Regex Loader();

    [Fact]
    public void An_image_over_the_pixel_limit_is_refused_by_its_header()
    {
        // It has no pixels: whoever decodes it first says that it is damaged, as an inspector without a limit does.
        var bomb = TestImages.PngOf(60000, 60000, 8, 2, [0x78, 0x9C, 3, 0, 0, 0, 0, 1]);

        var seen = Inspector.Inspect(bomb);

        Assert.Equal(ImageDefect.TooLarge, seen.Defect);
        Assert.Equal((60000, 60000), (seen.Facts!.Width, seen.Facts.Height));
        Assert.Equal(ImageDefect.Truncated, new ImageInspector(long.MaxValue).Inspect(bomb).Defect);
    }

    [Fact]
    public void The_pixel_limit_is_exact()
    {
        var image = TestImages.Png(100, 50, (_, _, _) => 0.5);

        Assert.Null(new ImageInspector(5000).Inspect(image).Defect);
        Assert.Equal(ImageDefect.TooLarge, new ImageInspector(4999).Inspect(image).Defect);
    }

    [Theory]
    [InlineData(TestImages.PngColour.Grey, 8)]
    [InlineData(TestImages.PngColour.Grey, 16)]
    [InlineData(TestImages.PngColour.Rgb, 16)]
    [InlineData(TestImages.PngColour.GreyAlpha, 8)]
    [InlineData(TestImages.PngColour.Rgba, 16)]
    public void Grey_alpha_and_sixteen_bit_images_get_an_rgb_thumbnail_of_the_same_brightness(TestImages.PngColour colour, int bits)
    {
        var opaque = colour is TestImages.PngColour.GreyAlpha or TestImages.PngColour.Rgba;
        var alphaChannel = colour == TestImages.PngColour.GreyAlpha ? 1 : 3;
        var image = TestImages.Png(40, 30, (_, _, channel) => opaque && channel == alphaChannel ? 1 : 0.25, colour, bits);

        var thumbnail = TestImages.Decoded(Inspector.Inspect(image).Thumbnail!);

        Assert.Equal((40, 30), (thumbnail.Width, thumbnail.Height));
        AssertNear((64, 64, 64), thumbnail.Pixel(20, 15));
    }

    [Fact]
    public void Transparent_pixels_become_white()
    {
        var image = TestImages.Png(64, 64, (x, _, channel) => channel == 3 ? (x < 32 ? 0 : 1) : 0, TestImages.PngColour.Rgba);

        var thumbnail = TestImages.Decoded(Inspector.Inspect(image).Thumbnail!);

        AssertNear((255, 255, 255), thumbnail.Pixel(5, 30));
        AssertNear((0, 0, 0), thumbnail.Pixel(60, 30));
    }

    [Fact]
    public void A_cmyk_jpeg_becomes_rgb()
    {
        var image = TestImages.CmykJpeg(TestImages.Png(400, 400, (_, _, channel) => channel == 0 ? 1 : 0));

        var seen = Inspector.Inspect(image);

        Assert.Equal(new ImageFacts(ImageFormat.Jpeg, 400, 400), seen.Facts);
        var (r, g, b) = TestImages.Decoded(seen.Thumbnail!).Pixel(100, 100);
        Assert.True(r > 180 && g < 90 && b < 90, $"red became {r},{g},{b}");
    }

    [Fact]
    public void A_jpeg_with_a_gain_map_is_read_as_a_jpeg()
    {
        var seen = Inspector.Inspect(TestImages.UltraHdrJpeg(300, 200));

        Assert.Equal(new ImageFacts(ImageFormat.Jpeg, 300, 200), seen.Facts);
        Assert.Equal((256, 171), (TestImages.Decoded(seen.Thumbnail!).Width, TestImages.Decoded(seen.Thumbnail!).Height));
    }

    [Fact]
    public void The_thumbnail_and_the_size_are_those_of_the_upright_image()
    {
        // Orientation 6: turn a quarter clockwise; the left edge (dark) comes to the top.
        var jpeg = TestImages.WithOrientation(TestImages.Converted(TestImages.Png(200, 100, (x, _, _) => x < 100 ? 0 : 1), ".jpg"), 6);

        var seen = Inspector.Inspect(jpeg);

        Assert.Equal((100, 200), (seen.Facts!.Width, seen.Facts.Height));
        var thumbnail = TestImages.Decoded(seen.Thumbnail!);
        Assert.Equal((100, 200), (thumbnail.Width, thumbnail.Height));
        AssertNear((0, 0, 0), thumbnail.Pixel(50, 20));
        AssertNear((255, 255, 255), thumbnail.Pixel(50, 180));
    }

    [Theory]
    [InlineData(24, false)]
    [InlineData(24, true)]
    [InlineData(32, false)]
    [InlineData(8, false)]
    public void A_bitmap_is_read_whichever_way_its_rows_run(int bits, bool topDown)
    {
        var file = TestImages.Bmp(33, 20, (_, y) => y < 10 ? ((byte)255, (byte)255, (byte)255) : ((byte)0, (byte)0, (byte)0), bits, topDown);

        var seen = Inspector.Inspect(file);

        Assert.Equal(new ImageFacts(ImageFormat.Bmp, 33, 20), seen.Facts);
        var thumbnail = TestImages.Decoded(seen.Thumbnail!);
        AssertNear((255, 255, 255), thumbnail.Pixel(16, 3));
        AssertNear((0, 0, 0), thumbnail.Pixel(16, 17));
        Assert.Equal(ImageDefect.Truncated, Inspector.Inspect(file[..^5]).Defect);
    }

    [Fact]
    public async Task Many_images_are_inspected_correctly_in_parallel()
    {
        var files = Enumerable.Range(1, 24).Select(i => TestImages.Png(i * 10, i * 5, (_, _, _) => i / 24.0)).ToArray();

        await Parallel.ForEachAsync(Enumerable.Range(0, 480), TestContext.Current.CancellationToken, (i, _) =>
        {
            var (file, size) = (files[i % 24], i % 24 + 1);
            var seen = i % 3 == 0 ? Inspector.Inspect(file[..(file.Length / 2)]) : Inspector.Inspect(file);
            if (i % 3 == 0)
                Assert.NotNull(seen.Defect);
            else
                Assert.Equal((size * 10, size * 5), (seen.Facts!.Width, seen.Facts.Height));
            return ValueTask.CompletedTask;
        });
    }

    [Fact]
    public async Task Good_images_are_read_whole_while_the_garbage_collector_moves_memory()
    {
        var file = TestImages.Converted(Texture, ".jpg");
        var collecting = true;
        var collector = Task.Run(() =>
        {
            while (Volatile.Read(ref collecting))
            {
                _ = Enumerable.Range(0, 500).Select(i => new byte[i * 20]).ToArray();
                GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
            }
        }, TestContext.Current.CancellationToken);

        var seen = new ImageInspection[200];
        await Parallel.ForAsync(0, seen.Length, TestContext.Current.CancellationToken, async (i, token) =>
            // A new array each time: those that are old already do not move.
            seen[i] = i % 2 == 0 ? await Inspector.InspectAsync([.. file], token) : await Inspector.CheckAsync([.. file], token));
        Volatile.Write(ref collecting, false);
        await collector;

        Assert.All(seen, one => Assert.Null(one.Defect));
    }

    private static void AssertNear((byte R, byte G, byte B) expected, (byte R, byte G, byte B) actual) =>
        Assert.True(Math.Abs(expected.R - actual.R) < 8 && Math.Abs(expected.G - actual.G) < 8 && Math.Abs(expected.B - actual.B) < 8, $"expected {expected}, got {actual}");
}
