using NetVips;
using VisionPlatform.Images.Files;

namespace VisionPlatform.Images;

/// <summary>Why the platform refuses a file as an image.</summary>
public enum ImageDefect
{
    /// <summary>The file is not of a supported image type, has a layout that the platform and its trainers do not read alike, or its header is invalid.</summary>
    NotAnImage,

    /// <summary>The image has more pixels, or takes more memory, than allowed. Found before decoding.</summary>
    TooLarge,

    /// <summary>The data ends early or is damaged.</summary>
    Truncated,
}

/// <summary>Type and size of an image, from its header.</summary>
/// <param name="Format">Type, found from the content.</param>
/// <param name="Width">Width in pixels of the upright image: after the EXIF orientation. Thumbnails and trainers show the same image.</param>
/// <param name="Height">Height in pixels of the upright image.</param>
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

    /// <summary>JPEG of at most 256 × 256 pixels, upright, on white; null when there is a defect, or none was asked for.</summary>
    public byte[]? Thumbnail { get; init; }

    /// <summary>What is wrong, or null for a good image.</summary>
    public ImageDefect? Defect { get; init; }

    /// <summary>Description of the defect; null for a good image.</summary>
    public string? Detail { get; init; }

    internal static ImageInspection Refused(ImageDefect defect, string detail, ImageFacts? facts = null) => new() { Defect = defect, Detail = detail, Facts = facts };
}

/// <summary>
/// Checks uploaded files by content and makes their thumbnails with libvips. What a pixel is, is the rule of <c>docs/images.md</c>, which trainers
/// follow too. Only loaders for the supported types are enabled. An image with too many pixels is refused before it is decoded. Thread-safe.
/// </summary>
/// <param name="maxPixels">Width × height allowed. An image may also take at most four decoded bytes for each allowed pixel.</param>
public sealed class ImageInspector(long maxPixels = ImageInspector.DefaultMaxPixels) : IDisposable
{
    /// <summary>100 megapixels.</summary>
    public const long DefaultMaxPixels = 100_000_000;

    /// <summary>Longest side of a thumbnail, in pixels. Smaller images are not enlarged.</summary>
    public const int ThumbnailSize = 256;

    /// <summary>Decoded bytes of all images that are inspected at one time.</summary>
    private const long Memory = 1L << 30;

    // Decode one image per processor: decoding is CPU work.
    private readonly SemaphoreSlim _slots = new(Environment.ProcessorCount);
    private readonly DecodeMemory _memory = new(Memory);

    /// <summary>Reads type and size from the structure of the file, without decoding pixels.</summary>
    public ImageInspection ReadHeader(byte[] content) => Read(content).Seen;

    /// <summary>Like <see cref="Inspect(byte[])"/>, but waits while as many images as there are processors are being inspected, or they take too much memory.</summary>
    public Task<ImageInspection> InspectAsync(byte[] content, CancellationToken cancellation) => InTurnAsync(content, Inspect, cancellation);

    /// <summary>Like <see cref="InspectAsync"/>, but makes no thumbnail, which takes a fraction of the time.</summary>
    public Task<ImageInspection> CheckAsync(byte[] content, CancellationToken cancellation) => InTurnAsync(content, Check, cancellation);

    private async Task<ImageInspection> InTurnAsync(byte[] content, Func<ImageFile, ImageInspection> inspect, CancellationToken cancellation)
    {
        var (seen, file) = Read(content);
        if (file is null)
            return seen;
        await _slots.WaitAsync(cancellation);
        try
        {
            var taken = await _memory.TakeAsync((long)file.Width * file.Height * file.Samples, cancellation);
            try
            {
                return inspect(file);
            }
            finally
            {
                _memory.GiveBack(taken);
            }
        }
        finally
        {
            _slots.Release();
        }
    }

    public void Dispose()
    {
        _slots.Dispose();
        _memory.Dispose();
    }

    /// <summary>Reads the structure, decodes the whole image to see that it is complete, and makes its thumbnail.</summary>
    public ImageInspection Inspect(byte[] content)
    {
        var (seen, file) = Read(content);
        return file is null ? seen : Inspect(file);
    }

    private static ImageInspection Inspect(ImageFile file) => Decoded(file, () => ImageDecoder.Thumbnail(file, ThumbnailSize));

    private static ImageInspection Check(ImageFile file) => Decoded(file, () =>
    {
        ImageDecoder.ReadWhole(file);
        return null;
    });

    private static ImageInspection Decoded(ImageFile file, Func<byte[]?> decode)
    {
        try
        {
            return new ImageInspection { Facts = file.Facts, Thumbnail = decode() };
        }
        catch (Exception damaged) when (damaged is VipsException or RefusedImageException)
        {
            return ImageInspection.Refused(ImageDefect.Truncated, $"The {file.Format.DisplayName()} data ends early or is damaged.", file.Facts);
        }
    }

    /// <summary>The structure of an image within the limits, or why there is none.</summary>
    private (ImageInspection Seen, ImageFile? File) Read(byte[] content)
    {
        try
        {
            var file = ImageFile.Read(content, maxPixels);
            return (new ImageInspection { Facts = file.Facts }, file);
        }
        catch (RefusedImageException refused)
        {
            return (ImageInspection.Refused(refused.Defect, refused.Message, refused.Facts), null);
        }
    }
}
