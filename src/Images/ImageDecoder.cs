using NetVips;
using VisionPlatform.Images.Files;

namespace VisionPlatform.Images;

/// <summary>What a pixel is: turns the samples of a file into upright 8-bit RGB on white, with libvips. <c>trainer_sdk/images.py</c> is its twin.</summary>
internal static class ImageDecoder
{
    /// <summary>Set as an option of the loader, because the thumbnail function does not pass its own fail_on to the PNG, JPEG and GIF loaders.</summary>
    private const string FailOnDamage = "[fail_on=error]";

    /// <summary>libtiff only warns of CCITT codes that it cannot read, and makes up the pixels. Nothing but what the pixels need is left in the file, so there is no other warning.</summary>
    private const string FailOnWarning = "[fail_on=warning]";

    /// <summary>The largest reduction that the JPEG decoder can do.</summary>
    private const int JpegShrink = 8;

    private static readonly double[] White = [255, 255, 255];

    /// <summary>JPEG bytes of the upright image in at most <paramref name="size"/> × <paramref name="size"/> pixels. Decodes the whole file.</summary>
    /// <exception cref="VipsException">The data is damaged.</exception>
    /// <exception cref="RefusedImageException">The data ends early.</exception>
    public static byte[] Thumbnail(ImageFile file, int size)
    {
        Vips.EnsureReady();
        // libvips is lazy: it reads the file while it writes the thumbnail. Until then the source must keep the array from being moved.
        using var source = Source.NewFromMemory(file.Content);
        using var small = Small(file, source, size);
        using var upright = Upright(small, file.Orientation);
        return upright.JpegsaveBuffer(q: 85, keep: Enums.ForeignKeep.None);
    }

    /// <summary>Decodes the whole file and keeps nothing of it: says whether it is complete.</summary>
    /// <exception cref="VipsException">The data is damaged.</exception>
    /// <exception cref="RefusedImageException">The data ends early.</exception>
    public static void ReadWhole(ImageFile file)
    {
        Vips.EnsureReady();
        if (file.Format == ImageFormat.Bmp)
        {
            _ = BmpImage.Decode(file.Content) ?? throw RefusedImageException.Truncated();
            return;
        }
        using var source = Source.NewFromMemory(file.Content);
        // A reduced JPEG is read to its end as a whole one is, in less time.
        using var stored = file.Format == ImageFormat.Jpeg && Math.Min(file.Width, file.Height) >= 8 * JpegShrink
            ? Image.JpegloadSource(source, shrink: JpegShrink, failOn: Enums.FailOn.Error, access: Enums.Access.Sequential)
            : Image.NewFromSource(source, LoaderOptions(file), Enums.Access.Sequential);
        _ = stored.Avg();
    }

    /// <summary>An image much larger than wanted is first reduced by whole steps, but never to less than this many times the wanted size.</summary>
    private const int ReducingGap = 3;

    /// <summary>Bytes that are decoded at a time, of an image that is reduced.</summary>
    private const int StripBytes = 4 << 20;

    /// <summary>The part of the reduction to an upright size that the JPEG decoder does: 1, 2, 4 or 8; 1 for other types.</summary>
    public static int JpegScale(ImageFile file, int width, int height) => file.Orientation >= 5 ? Factors(file, height, width).Scale : Factors(file, width, height).Scale;

    /// <summary>The upright image as interleaved RGB rows of exactly this size, whatever its proportions. Decodes the whole file.</summary>
    /// <exception cref="VipsException">The data is damaged.</exception>
    /// <exception cref="RefusedImageException">The data ends early.</exception>
    public static byte[] Resized(ImageFile file, int width, int height, Interpolation interpolation)
    {
        Vips.EnsureReady();
        var (storedWidth, storedHeight) = file.Orientation >= 5 ? (height, width) : (width, height);
        var (scale, across, down) = interpolation == Interpolation.Nearest ? (1, 1, 1) : Factors(file, storedWidth, storedHeight);
        using var source = Source.NewFromMemory(file.Content);
        using var whole = Whole(file, source, scale);
        var reduced = Reduced(whole, across, down);
        var resized = Resampling.Resize(
            reduced, Math.Min(reduced.Width, (float)file.Width / (scale * across)), Math.Min(reduced.Height, (float)file.Height / (scale * down)), storedWidth, storedHeight, interpolation);
        return Turned(resized, file.Orientation);
    }

    /// <summary>By how much the stored image is reduced before it is resized: by the JPEG decoder, and then by blocks of pixels.</summary>
    private static (int Scale, int Across, int Down) Factors(ImageFile file, int width, int height)
    {
        var (across, down) = (Math.Max(1, file.Width / (ReducingGap * width)), Math.Max(1, file.Height / (ReducingGap * height)));
        var scale = file.Format != ImageFormat.Jpeg ? 1 : Math.Min(across, down) switch { >= 8 => 8, >= 4 => 4, >= 2 => 2, _ => 1 };
        return (scale, Math.Max(1, across / scale), Math.Max(1, down / scale));
    }

    /// <summary>The pixels, reduced to means of blocks. Decodes strip after strip, so that only the reduced image is held whole.</summary>
    private static RgbPixels Reduced(Image image, int across, int down)
    {
        // Computes on this thread: starting the threads of libvips takes longer than decoding a small image.
        using var region = Region.New(image);
        if (across == 1 && down == 1)
            return new RgbPixels(region.Fetch(0, 0, image.Width, image.Height), image.Width, image.Height);
        var (width, height) = ((image.Width + across - 1) / across, (image.Height + down - 1) / down);
        var values = GC.AllocateUninitializedArray<byte>(width * height * 3);
        var rows = Math.Max(1, StripBytes / (image.Width * 3) / down) * down;
        for (var top = 0; top < image.Height; top += rows)
        {
            var strip = region.Fetch(0, top, image.Width, Math.Min(rows, image.Height - top));
            Resampling.Reduce(strip, image.Width, across, down, values.AsSpan(top / down * width * 3));
        }
        return new RgbPixels(values, width, height);
    }

    /// <summary>The rows of the upright image, of a stored one with this orientation.</summary>
    private static byte[] Turned(RgbPixels stored, int orientation)
    {
        if (orientation is < 2 or > 8)
            return stored.Values;
        var (width, height) = orientation >= 5 ? (stored.Height, stored.Width) : (stored.Width, stored.Height);
        var upright = GC.AllocateUninitializedArray<byte>(stored.Values.Length);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var (column, row) = orientation switch
                {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, width - 1 - x),
                    7 => (height - 1 - y, width - 1 - x),
                    _ => (height - 1 - y, x),
                };
                stored.Values.AsSpan(((row * stored.Width) + column) * 3, 3).CopyTo(upright.AsSpan(((y * width) + x) * 3));
            }
        return upright;
    }

    /// <summary>The stored image as three bands of 8 bits, of a JPEG reduced by a scale.</summary>
    private static Image Whole(ImageFile file, Source source, int jpegScale)
    {
        if (file.Format == ImageFormat.Bmp)
        {
            var bmp = BmpImage.Decode(file.Content) ?? throw RefusedImageException.Truncated();
            using var pixels = Image.NewFromMemory(bmp.Pixels, bmp.Width, bmp.Height, BmpImage.Bands, Enums.BandFormat.Uchar);
            return pixels.Copy(interpretation: Enums.Interpretation.Srgb);
        }
        var stored = file.Format == ImageFormat.Jpeg
            ? Image.JpegloadSource(source, shrink: jpegScale, failOn: Enums.FailOn.Error, access: Enums.Access.Sequential)
            : Image.NewFromSource(source, LoaderOptions(file), Enums.Access.Sequential);
        // Most are so already, and each operation costs a small image as much time as its decoder takes.
        if (stored is { Bands: 3, Format: Enums.BandFormat.Uchar } && file is { IsCmyk: false, Offset: null })
            return stored;
        using var _ = stored;
        using var rgb = Rgb(stored, file);
        return file.Offset is var (left, top) ? rgb.Embed(left, top, file.Width, file.Height, Enums.Extend.Background, White) : rgb.Copy();
    }

    private static Image Small(ImageFile file, Source source, int size)
    {
        if (file.Format == ImageFormat.Bmp)
        {
            var bmp = BmpImage.Decode(file.Content) ?? throw RefusedImageException.Truncated();
            using var pixels = Image.NewFromMemory(bmp.Pixels, bmp.Width, bmp.Height, BmpImage.Bands, Enums.BandFormat.Uchar);
            return pixels.ThumbnailImage(size, size, Enums.Size.Down, noRotate: true);
        }
        // Only the thumbnail function lets the JPEG decoder do a part of the reduction, which is several times faster.
        if (file is { Format: ImageFormat.Jpeg, IsCmyk: false })
        {
            using var reduced = Image.ThumbnailSource(source, size, FailOnDamage, size, Enums.Size.Down, noRotate: true);
            return Rgb(reduced, file);
        }
        using var stored = Image.NewFromSource(source, LoaderOptions(file), Enums.Access.Sequential);
        using var rgb = Rgb(stored, file);
        using var whole = file.Offset is var (left, top) ? rgb.Embed(left, top, file.Width, file.Height, Enums.Extend.Background, White) : rgb.Copy();
        return whole.ThumbnailImage(size, size, Enums.Size.Down, noRotate: true);
    }

    /// <summary>Decoded samples as three bands of 8 bits.</summary>
    private static Image Rgb(Image stored, ImageFile file)
    {
        using var eightBits = stored.Format == Enums.BandFormat.Uchar ? stored.Copy() : (stored / 257).Rint().Cast(Enums.BandFormat.Uchar);
        if (file.IsCmyk)
            return FromCmyk(eightBits);
        using var colours = eightBits.Bands > 2 ? eightBits.Copy() : Repeated(eightBits);
        using var labelled = colours.Copy(interpretation: Enums.Interpretation.Srgb);
        return labelled.Bands == 4 ? labelled.Flatten(White) : labelled.Copy();
    }

    private static Image Repeated(Image grey)
    {
        using var first = grey[0];
        return grey.Bands == 1 ? first.Bandjoin(first, first) : first.Bandjoin(first, grey);
    }

    /// <summary>What is left of white after each ink and black: (255 - ink) × (255 - black) / 255.</summary>
    private static Image FromCmyk(Image inks)
    {
        using var paper = 255 - inks;
        using var colours = paper.ExtractBand(0, 3);
        using var black = paper.ExtractBand(3);
        using var mixed = colours * black / 255;
        using var bytes = mixed.Rint().Cast(Enums.BandFormat.Uchar);
        return bytes.Copy(interpretation: Enums.Interpretation.Srgb);
    }

    private static Image Upright(Image image, int orientation) => orientation switch
    {
        2 => image.Flip(Enums.Direction.Horizontal),
        3 => image.Rot180(),
        4 => image.Flip(Enums.Direction.Vertical),
        5 => Then(image.Rot90(), turned => turned.Flip(Enums.Direction.Horizontal)),
        6 => image.Rot90(),
        7 => Then(image.Rot270(), turned => turned.Flip(Enums.Direction.Horizontal)),
        8 => image.Rot270(),
        _ => image.Copy(),
    };

    private static string LoaderOptions(ImageFile file) => file.IsFax ? FailOnWarning : FailOnDamage;

    private static Image Then(Image first, Func<Image, Image> next)
    {
        using (first)
            return next(first);
    }
}
