namespace VisionPlatform.Infrastructure.Images.Files;

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

    public ImageFacts Facts => Orientation >= 5 ? new(Format, Height, Width) : new(Format, Width, Height);

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

/// <summary>Why a file is refused.</summary>
/// <param name="defect">The kind of defect.</param>
/// <param name="predicate">Completes the sentence "The image …".</param>
internal sealed class RefusedImageException(ImageDefect defect, string predicate) : Exception($"The image {predicate}.")
{
    public ImageDefect Defect { get; } = defect;

    public static RefusedImageException NotAnImage(string predicate) => new(ImageDefect.NotAnImage, predicate);

    public static RefusedImageException Truncated(string predicate = "ends early or is damaged") => new(ImageDefect.Truncated, predicate);
}
