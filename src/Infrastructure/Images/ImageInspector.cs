namespace VisionPlatform.Infrastructure.Images;

/// <summary>Why a file is no image the platform takes.</summary>
public enum ImageDefect
{
    /// <summary>Not one of the image types taken, or a header that makes no sense.</summary>
    NotAnImage,

    /// <summary>More pixels than allowed; found before anything is decoded.</summary>
    TooLarge,

    /// <summary>The data ends early or is damaged.</summary>
    Truncated,
}

/// <summary>What the header of an image says.</summary>
/// <param name="Format">Type by content.</param>
/// <param name="Width">Pixels as stored, before any EXIF orientation: what decoders in training see.</param>
/// <param name="Height">Pixels as stored.</param>
public sealed record ImageFacts(ImageFormat Format, int Width, int Height)
{
    /// <summary>Media type.</summary>
    public string ContentType => Format.ContentType();
}

/// <summary>The outcome of looking into a file: facts and a thumbnail, or a defect.</summary>
public sealed record ImageInspection
{
    /// <summary>Header facts; null when the file is no image.</summary>
    public ImageFacts? Facts { get; init; }

    /// <summary>JPEG of at most 256 × 256 pixels, upright, on white; null when there is a defect.</summary>
    public byte[]? Thumbnail { get; init; }

    /// <summary>What is wrong, or null for a good image.</summary>
    public ImageDefect? Defect { get; init; }

    /// <summary>What is wrong in words.</summary>
    public string? Detail { get; init; }

    internal static ImageInspection Refused(ImageDefect defect, string detail, ImageFacts? facts = null) => new() { Defect = defect, Detail = detail, Facts = facts };
}

/// <summary>
/// Checks uploaded files by content and makes their thumbnails with libvips. Only the loaders of the six types taken are enabled, and an
/// image over the pixel limit is refused from its header. Thread-safe; work is CPU-bound, so callers bound how many run at once.
/// </summary>
/// <param name="maxPixels">Width × height allowed.</param>
public sealed class ImageInspector(long maxPixels = ImageInspector.DefaultMaxPixels)
{
    /// <summary>100 megapixels.</summary>
    public const long DefaultMaxPixels = 100_000_000;

    /// <summary>Longest side of a thumbnail, in pixels. Smaller images are not enlarged.</summary>
    public const int ThumbnailSize = 256;

    private const string ThumbnailOptions = ".jpg[Q=85,strip]";

    /// <summary>As loader option: the thumbnail function has a fail_on of its own, which it does not hand on to the PNG, JPEG and GIF loaders.</summary>
    private const string FailOnDamage = "[fail_on=error]";

    /// <summary>Reads type and size from the header, without decoding pixels.</summary>
    public ImageInspection ReadHeader(ReadOnlySpan<byte> content)
    {
        if (ImageSignature.Of(content) is not { } format)
            return ImageInspection.Refused(ImageDefect.NotAnImage, content.IsEmpty ? "The file is empty." : "The content is no JPEG, PNG, GIF, BMP, WebP or TIFF image.");
        if (ReadSize(format, content) is not ({ } width, { } height))
            return ImageInspection.Refused(ImageDefect.NotAnImage, $"The file begins like {Name(format)} but its header cannot be read.");
        var facts = new ImageFacts(format, width, height);
        return (long)width * height > maxPixels
            ? ImageInspection.Refused(ImageDefect.TooLarge, $"The image has {width} × {height} pixels; at most {maxPixels / 1_000_000} million are allowed.", facts)
            : new ImageInspection { Facts = facts };
    }

    /// <summary>Reads the header, decodes the whole image to see that it is complete, and makes its thumbnail.</summary>
    public ImageInspection Inspect(ReadOnlySpan<byte> content)
    {
        var header = ReadHeader(content);
        if (header.Defect is not null)
            return header;
        var facts = header.Facts!;
        var thumbnail = facts.Format == ImageFormat.Bmp ? ThumbnailOfBmp(content) : Thumbnail(content);
        return thumbnail is null
            ? ImageInspection.Refused(ImageDefect.Truncated, $"The {Name(facts.Format)} data ends early or is damaged.", facts)
            : header with { Thumbnail = thumbnail };
    }

    private static (int? Width, int? Height) ReadSize(ImageFormat format, ReadOnlySpan<byte> content)
    {
        if (format == ImageFormat.Bmp)
            return BmpImage.ReadHeader(content) is { } bmp ? (bmp.Width, bmp.Height) : (null, null);
        Vips.EnsureReady();
        unsafe
        {
            fixed (byte* buffer = content)
            {
                using var image = new Image(Vips.Open(buffer, (nuint)content.Length, "", 0));
                if (!image.IsNull)
                    return (Vips.Width(image), Vips.Height(image));
                Vips.ClearError();
                return (null, null);
            }
        }
    }

    private static unsafe byte[]? Thumbnail(ReadOnlySpan<byte> content)
    {
        fixed (byte* buffer = content)
        {
            var status = Vips.ThumbnailOfBuffer(buffer, (nuint)content.Length, out var made,
                ThumbnailSize, "height", ThumbnailSize, "size", Vips.SizeDown, "option_string", FailOnDamage, 0);
            using var thumbnail = new Image(status == 0 ? made : 0);
            return Encode(thumbnail);
        }
    }

    private static unsafe byte[]? ThumbnailOfBmp(ReadOnlySpan<byte> content)
    {
        if (BmpImage.Decode(content) is not { } bmp)
            return null;
        Vips.EnsureReady();
        fixed (byte* pixels = bmp.Pixels)
        {
            using var image = new Image(Vips.OpenPixels(pixels, (nuint)bmp.Pixels.Length, bmp.Width, bmp.Height, BmpImage.Bands, Vips.FormatUchar));
            var status = Vips.ThumbnailOfImage(image, out var made, ThumbnailSize, "height", ThumbnailSize, "size", Vips.SizeDown, 0);
            using var thumbnail = new Image(status == 0 ? made : 0);
            return Encode(thumbnail);
        }
    }

    /// <summary>JPEG bytes of an image of any colour space, alpha composited on white; null when a step fails. Pixels are only computed here.</summary>
    private static unsafe byte[]? Encode(Image source)
    {
        using var colours = new Image(!source.IsNull && Vips.ConvertColours(source, out var converted, Vips.InterpretationSrgb, 0) == 0 ? converted : 0);
        using var flat = new Image(!colours.IsNull && Vips.HasAlpha(colours) != 0 ? OnWhite(colours) : 0);
        var last = flat.IsNull ? colours : flat;
        if (last.IsNull || Vips.Write(last, ThumbnailOptions, out var buffer, out var length, 0) != 0)
        {
            Vips.ClearError();
            return null;
        }
        var bytes = new ReadOnlySpan<byte>((void*)buffer, checked((int)length)).ToArray();
        Vips.Free(buffer);
        return bytes;
    }

    private static unsafe nint OnWhite(Image image)
    {
        var white = stackalloc double[] { 255, 255, 255 };
        var area = Vips.NewDoubles(white, 3);
        var status = Vips.Flatten(image, out var flat, "background", area, 0);
        Vips.FreeArea(area);
        return status == 0 ? flat : 0;
    }

    private static string Name(ImageFormat format) => format == ImageFormat.Webp ? "WebP" : format.ToString().ToUpperInvariant();

    /// <summary>Owns one reference to a VipsImage.</summary>
    private readonly struct Image(nint handle) : IDisposable
    {
        public bool IsNull => handle == 0;

        public static implicit operator nint(Image image) => image.Handle;

        private nint Handle => handle;

        public void Dispose()
        {
            if (handle != 0)
                Vips.Unref(handle);
        }
    }
}
