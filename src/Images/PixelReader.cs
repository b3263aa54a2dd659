using VisionPlatform.Images.Files;

namespace VisionPlatform.Images;

/// <summary>How an image is resized. All of them look at every pixel of an image that becomes smaller, but for <see cref="Nearest"/>.</summary>
public enum Interpolation
{
    Nearest,
    Bilinear,

    /// <summary>Catmull-Rom.</summary>
    Bicubic,
}

/// <summary>An image file whose structure was read and whose size is within the limits. Nothing of it is decoded yet.</summary>
public sealed class MeasuredImage
{
    internal MeasuredImage(ImageFile file) => File = file;

    /// <summary>Type and size of the upright image.</summary>
    public ImageFacts Facts => File.Facts;

    internal ImageFile File { get; }

    /// <summary>How many pixels are decoded to make an image of this upright size: those of the file, but fewer of a large JPEG.</summary>
    public long DecodedPixels(int width, int height)
    {
        var scale = ImageDecoder.JpegScale(File, width, height);
        return (long)File.Width * File.Height / (scale * scale);
    }
}

/// <summary>
/// Reads the pixels of an image file at the size that a model takes, by the rule of <c>docs/images.md</c>. The trainers' twin is <c>resized_rgb</c> of
/// <c>trainer_sdk/images.py</c>. Decodes one image for each processor at a time, and no more than fit into the memory. Thread-safe.
/// </summary>
/// <param name="maxPixels">Width × height allowed, for one image.</param>
/// <param name="memory">Decoded bytes of all images that are read at one time. A larger image is read alone.</param>
public sealed class PixelReader(long maxPixels, long memory = PixelReader.DefaultMemory) : IDisposable
{
    /// <summary>512 MiB.</summary>
    public const long DefaultMemory = 512L << 20;

    private readonly SemaphoreSlim _slots = new(Environment.ProcessorCount);
    private readonly DecodeMemory _memory = new(memory);

    /// <summary>Reads the structure of a file.</summary>
    /// <exception cref="RefusedImageException">The file is not an image that the platform reads, or has too many pixels.</exception>
    public MeasuredImage Measure(byte[] content) => new(ImageFile.Read(content, maxPixels));

    /// <summary>The upright image as interleaved RGB rows of exactly this size, whatever its proportions.</summary>
    /// <exception cref="RefusedImageException">The data ends early or is damaged.</exception>
    public async Task<byte[]> ReadAsync(MeasuredImage image, int width, int height, Interpolation interpolation, CancellationToken cancellation)
    {
        await _slots.WaitAsync(cancellation);
        try
        {
            var taken = await _memory.TakeAsync(image.DecodedPixels(width, height) * image.File.Samples, cancellation);
            try
            {
                return ImageDecoder.Resized(image.File, width, height, interpolation);
            }
            catch (NetVips.VipsException)
            {
                throw RefusedImageException.Truncated();
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
}
