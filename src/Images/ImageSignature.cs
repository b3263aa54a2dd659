using VisionPlatform.Images.Files;

namespace VisionPlatform.Images;

/// <summary>The supported image types. They are recognised by the first bytes of the content, not by the file name.</summary>
public enum ImageFormat
{
    Jpeg,
    Png,
    Gif,
    Bmp,
    Webp,
    Tiff,
}

/// <summary>Finds the type of an image from its content.</summary>
public static class ImageSignature
{
    /// <summary>The type that the first bytes indicate; null if it is not supported.</summary>
    public static ImageFormat? Of(ReadOnlySpan<byte> content) => content switch
    {
        [0xFF, 0xD8, 0xFF, ..] => ImageFormat.Jpeg,
        [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A, ..] => ImageFormat.Png,
        [(byte)'G', (byte)'I', (byte)'F', (byte)'8', (byte)'7' or (byte)'9', (byte)'a', ..] => ImageFormat.Gif,
        [(byte)'R', (byte)'I', (byte)'F', (byte)'F', _, _, _, _, (byte)'W', (byte)'E', (byte)'B', (byte)'P', ..] => ImageFormat.Webp,
        [(byte)'I', (byte)'I', 0x2A or 0x2B, 0x00, ..] or [(byte)'M', (byte)'M', 0x00, 0x2A or 0x2B, ..] => ImageFormat.Tiff,
        [(byte)'B', (byte)'M', _, _, _, _, 0, 0, 0, 0, ..] when content.Length >= BmpImage.SmallestHeader => ImageFormat.Bmp,
        _ => null,
    };

    /// <summary>Name of an image type for people.</summary>
    public static string DisplayName(this ImageFormat format) => format == ImageFormat.Webp ? "WebP" : format.ToString().ToUpperInvariant();

    /// <summary>Media type of an image type.</summary>
    public static string ContentType(this ImageFormat format) => format switch
    {
        ImageFormat.Jpeg => "image/jpeg",
        ImageFormat.Png => "image/png",
        ImageFormat.Gif => "image/gif",
        ImageFormat.Bmp => "image/bmp",
        ImageFormat.Webp => "image/webp",
        ImageFormat.Tiff => "image/tiff",
        _ => throw new ArgumentOutOfRangeException(nameof(format)),
    };
}
