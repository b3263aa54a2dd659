namespace VisionPlatform.Images.Files;

/// <summary>
/// An image file as its structure describes it, and the file with nothing but what its pixels need: no decoder ever sees a colour profile, an EXIF
/// block, a comment or a second frame. <c>trainers/sdk/trainer_sdk/image_files.py</c> does the same for trainers: a change here is a change there.
/// <c>docs/images.md</c> has the rule in words.
/// </summary>
/// <param name="Format">Type, found from the content.</param>
/// <param name="Width">Width of the stored pixels, before <see cref="Orientation"/>.</param>
/// <param name="Height">Height of the stored pixels.</param>
/// <param name="Content">The file without metadata.</param>
/// <param name="Samples">Decoded bytes of a pixel.</param>
internal sealed record ImageFile(ImageFormat Format, int Width, int Height, byte[] Content, int Samples)
{
    /// <summary>1 to 8, as EXIF numbers them; 5 and above exchange width and height.</summary>
    public int Orientation { get; init; } = 1;

    /// <summary>Where the coded pixels lie on a white ground of the stored size; null when they are all of it.</summary>
    public (int Left, int Top)? Offset { get; init; }

    /// <summary>Whether the samples are inks: cyan, magenta, yellow, black.</summary>
    public bool IsCmyk { get; init; }

    /// <summary>Whether the pixels are CCITT codes (TIFF compressions 2 to 4).</summary>
    public bool IsFax { get; init; }

    public ImageFacts Facts => Orientation >= 5 ? new(Format, Height, Width) : new(Format, Width, Height);

    /// <summary>Decoded bytes for each allowed pixel, at most: four channels of 8 bits, or two of 16.</summary>
    private const int BytesPerPixel = 4;

    /// <summary>Reads the structure and compares the size with the limit.</summary>
    /// <param name="maxPixels">Width × height allowed. An image may also take at most four decoded bytes for each allowed pixel.</param>
    /// <exception cref="RefusedImageException">As <see cref="Read(byte[])"/>, or the image is too large; then <see cref="RefusedImageException.Facts"/> says how large.</exception>
    public static ImageFile Read(byte[] content, long maxPixels)
    {
        var file = Read(content);
        var pixels = (long)file.Width * file.Height;
        if (pixels > maxPixels)
            throw RefusedImageException.TooLarge($"has {file.Width} × {file.Height} pixels; at most {maxPixels / 1e6:0.##} million are allowed", file.Facts);
        var maxBytes = maxPixels > long.MaxValue / BytesPerPixel ? long.MaxValue : maxPixels * BytesPerPixel;
        return (decimal)pixels * file.Samples > maxBytes
            ? throw RefusedImageException.TooLarge($"takes {pixels / 1_000_000 * file.Samples} MB decoded; at most {maxBytes / 1_000_000} MB are allowed", file.Facts)
            : file;
    }

    /// <summary>Recognises the type by the first bytes and reads the structure.</summary>
    /// <exception cref="RefusedImageException">The file is not an image, or is one that the platform does not read.</exception>
    public static ImageFile Read(byte[] content)
    {
        if (ImageSignature.Of(content) is not { } format)
            throw RefusedImageException.NotAnImage(content.Length == 0 ? "is empty" : "is no JPEG, PNG, GIF, BMP, WebP or TIFF file");
        var bytes = new FileBytes(content, format);
        var file = format switch
        {
            ImageFormat.Jpeg => JpegFile.Read(bytes),
            ImageFormat.Png => PngFile.Read(bytes),
            ImageFormat.Gif => GifFile.Read(bytes),
            ImageFormat.Webp => WebpFile.Read(bytes),
            ImageFormat.Tiff => TiffFile.Read(bytes),
            ImageFormat.Bmp => BmpImage.ReadFile(content),
            _ => throw new ArgumentOutOfRangeException(nameof(content)),
        };
        return file is { Width: > 0, Height: > 0 } ? file : throw RefusedImageException.NotAnImage("has no pixels");
    }
}
