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

    /// <summary>The part of the reduction to an upright size that the JPEG decoder does: 1, 2, 4 or 8; 1 for other types.</summary>
    public static int JpegScale(ImageFile file, int width, int height)
    {
        if (file.Format != ImageFormat.Jpeg)
            return 1;
        if (file.Orientation >= 5)
            (width, height) = (height, width);
        var factor = Math.Min(file.Width / (ReducingGap * width), file.Height / (ReducingGap * height));
        return factor >= 8 ? 8 : factor >= 4 ? 4 : factor >= 2 ? 2 : 1;
    }

    /// <summary>The upright image as interleaved RGB rows of exactly this size, whatever its proportions. Decodes the whole file.</summary>
    /// <exception cref="VipsException">The data is damaged.</exception>
    /// <exception cref="RefusedImageException">The data ends early.</exception>
    public static byte[] Resized(ImageFile file, int width, int height, Interpolation interpolation)
    {
        Vips.EnsureReady();
        using var source = Source.NewFromMemory(file.Content);
        using var whole = Whole(file, source, interpolation == Interpolation.Nearest ? 1 : JpegScale(file, width, height));
        using var fitted = file.Orientation >= 5 ? Fitted(whole, height, width, interpolation) : Fitted(whole, width, height, interpolation);
        if (file.Orientation == 1)
            return fitted.WriteToMemory<byte>();
        // Turning reads the rows in another order than the decoder writes them.
        using var inMemory = fitted.CopyMemory();
        using var upright = Upright(inMemory, file.Orientation);
        return upright.WriteToMemory<byte>();
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
        using var stored = jpegScale > 1
            ? Image.JpegloadSource(source, shrink: jpegScale, failOn: Enums.FailOn.Error, access: Enums.Access.Sequential)
            : Image.NewFromSource(source, LoaderOptions(file), Enums.Access.Sequential);
        using var rgb = Rgb(stored, file);
        return file.Offset is var (left, top) ? rgb.Embed(left, top, file.Width, file.Height, Enums.Extend.Background, White) : rgb.Copy();
    }

    private static Image Fitted(Image image, int width, int height, Interpolation interpolation)
    {
        if (image.Width == width && image.Height == height)
            return image.Copy();
        double across = (double)width / image.Width, down = (double)height / image.Height;
        var kernel = interpolation switch
        {
            Interpolation.Nearest => Enums.Kernel.Nearest,
            Interpolation.Bicubic => Enums.Kernel.Cubic,
            _ => Enums.Kernel.Linear,
        };
        if (across <= 1 && down <= 1 && interpolation != Interpolation.Nearest)
            return image.Resize(across, kernel, ReducingGap, down);
        // Enlarging does not read the rows from top to bottom.
        using var inMemory = image.CopyMemory();
        return inMemory.Resize(across, kernel, ReducingGap, down);
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
