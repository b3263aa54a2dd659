using NetVips;

namespace VisionPlatform.Infrastructure.Images;

/// <summary>Why the platform refuses a file as an image.</summary>
public enum ImageDefect
{
    /// <summary>The file is not of a supported image type, or its header is invalid.</summary>
    NotAnImage,

    /// <summary>The image has more pixels than allowed. Found before decoding.</summary>
    TooLarge,

    /// <summary>The data ends early or is damaged.</summary>
    Truncated,
}

/// <summary>Type and size of an image, from its header.</summary>
/// <param name="Format">Type, found from the content.</param>
/// <param name="Width">Width in pixels as stored, before the EXIF orientation is applied. Trainers read images in the same way.</param>
/// <param name="Height">Height in pixels as stored.</param>
public sealed record ImageFacts(ImageFormat Format, int Width, int Height)
{
    /// <summary>Media type.</summary>
    public string ContentType => Format.ContentType();
}

/// <summary>The result of inspecting a file: properties and a thumbnail, or a defect.</summary>
public sealed record ImageInspection
{
    /// <summary>Properties from the header; null if the file is not an image.</summary>
    public ImageFacts? Facts { get; init; }

    /// <summary>JPEG of at most 256 × 256 pixels, upright, on white; null when there is a defect.</summary>
    public byte[]? Thumbnail { get; init; }

    /// <summary>What is wrong, or null for a good image.</summary>
    public ImageDefect? Defect { get; init; }

    /// <summary>Description of the defect; null for a good image.</summary>
    public string? Detail { get; init; }

    internal static ImageInspection Refused(ImageDefect defect, string detail, ImageFacts? facts = null) => new() { Defect = defect, Detail = detail, Facts = facts };
}

/// <summary>
/// Checks uploaded files by content and makes their thumbnails with libvips. Only loaders for the supported types are enabled. An image with too
/// many pixels is refused before it is decoded. Thread-safe.
/// </summary>
/// <param name="maxPixels">Width × height allowed.</param>
public sealed class ImageInspector(long maxPixels = ImageInspector.DefaultMaxPixels) : IDisposable
{
    /// <summary>100 megapixels.</summary>
    public const long DefaultMaxPixels = 100_000_000;

    /// <summary>Longest side of a thumbnail, in pixels. Smaller images are not enlarged.</summary>
    public const int ThumbnailSize = 256;

    /// <summary>Set as an option of the loader, because the thumbnail function does not pass its own fail_on to the PNG, JPEG and GIF loaders.</summary>
    private const string FailOnDamage = "[fail_on=error]";

    private static readonly double[] White = [255, 255, 255];

    // Decode one image per processor: decoding is CPU work, and a large image takes hundreds of megabytes.
    private readonly SemaphoreSlim _slots = new(Environment.ProcessorCount);

    /// <summary>Reads type and size from the header, without decoding pixels.</summary>
    public ImageInspection ReadHeader(byte[] content)
    {
        if (ImageSignature.Of(content) is not { } format)
            return ImageInspection.Refused(ImageDefect.NotAnImage, content.Length == 0 ? "The file is empty." : "The content is no JPEG, PNG, GIF, BMP, WebP or TIFF image.");
        if (ReadSize(format, content) is not ({ } width, { } height))
            return ImageInspection.Refused(ImageDefect.NotAnImage, $"The file begins like {Name(format)} but its header cannot be read.");
        var facts = new ImageFacts(format, width, height);
        return (long)width * height > maxPixels
            ? ImageInspection.Refused(ImageDefect.TooLarge, $"The image has {width} × {height} pixels; at most {maxPixels / 1_000_000} million are allowed.", facts)
            : new ImageInspection { Facts = facts };
    }

    /// <summary>Like <see cref="Inspect"/>, but waits while as many images as there are processors are being inspected.</summary>
    public async Task<ImageInspection> InspectAsync(byte[] content, CancellationToken cancellation)
    {
        await _slots.WaitAsync(cancellation);
        try
        {
            return Inspect(content);
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose() => _slots.Dispose();

    /// <summary>Reads the header, decodes the whole image to see that it is complete, and makes its thumbnail.</summary>
    public ImageInspection Inspect(byte[] content)
    {
        var header = ReadHeader(content);
        if (header.Defect is not null)
            return header;
        var facts = header.Facts!;
        return Thumbnail(facts.Format, content) is { } thumbnail
            ? header with { Thumbnail = thumbnail }
            : ImageInspection.Refused(ImageDefect.Truncated, $"The {Name(facts.Format)} data ends early or is damaged.", facts);
    }

    private static (int? Width, int? Height) ReadSize(ImageFormat format, byte[] content)
    {
        if (format == ImageFormat.Bmp)
            return BmpImage.ReadHeader(content) is { } bmp ? (bmp.Width, bmp.Height) : (null, null);
        Vips.EnsureReady();
        try
        {
            using var source = Source.NewFromMemory(content);
            using var image = Image.NewFromSource(source);
            return (image.Width, image.Height);
        }
        catch (VipsException)
        {
            return (null, null);
        }
    }

    private static byte[]? Thumbnail(ImageFormat format, byte[] content)
    {
        try
        {
            return format == ImageFormat.Bmp ? ThumbnailOfBmp(content) : Thumbnail(content);
        }
        catch (VipsException)
        {
            return null;
        }
    }

    private static byte[] Thumbnail(byte[] content)
    {
        using var source = Source.NewFromMemory(content);
        using var thumbnail = Image.ThumbnailSource(source, ThumbnailSize, FailOnDamage, ThumbnailSize, Enums.Size.Down);
        return Encode(thumbnail);
    }

    private static byte[]? ThumbnailOfBmp(byte[] content)
    {
        if (BmpImage.Decode(content) is not { } bmp)
            return null;
        Vips.EnsureReady();
        using var image = Image.NewFromMemory(bmp.Pixels, bmp.Width, bmp.Height, BmpImage.Bands, Enums.BandFormat.Uchar);
        using var thumbnail = image.ThumbnailImage(ThumbnailSize, ThumbnailSize, Enums.Size.Down);
        return Encode(thumbnail);
    }

    /// <summary>JPEG bytes of an image of any colour space, composited on white if it has alpha. libvips is lazy: it computes the pixels here.</summary>
    private static byte[] Encode(Image source)
    {
        using var colours = source.Colourspace(Enums.Interpretation.Srgb);
        using var flat = colours.HasAlpha() ? colours.Flatten(White) : null;
        return (flat ?? colours).JpegsaveBuffer(q: 85, keep: Enums.ForeignKeep.None);
    }

    private static string Name(ImageFormat format) => format == ImageFormat.Webp ? "WebP" : format.ToString().ToUpperInvariant();
}
