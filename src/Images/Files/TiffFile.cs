using System.Collections.Frozen;

namespace VisionPlatform.Images.Files;

/// <summary>TIFF 6.0 and BigTIFF, of the layouts that this platform and its trainers read alike.</summary>
internal static class TiffFile
{
    private const int StripOffsets = 273, RowsPerStrip = 278, StripSizes = 279, TileWidth = 322, TileHeight = 323, TileOffsets = 324, TileSizes = 325, MaxParts = 1 << 20;
    private const int Width = 256, Height = 257, Bits = 258, Compression = 259, Photometric = 262, FillOrder = 266, SamplesPerPixel = 277, Planar = 284, ColourMap = 320, ExtraSamples = 338, SampleFormat = 339;

    /// <summary>Sizes, strips, tiles, CCITT options, predictor, JPEG tables, YCbCr layout.</summary>
    private static readonly FrozenSet<int> Kept = FrozenSet.ToFrozenSet(
        [Width, Height, Bits, Compression, Photometric, FillOrder, StripOffsets, SamplesPerPixel, RowsPerStrip, StripSizes, Planar, 292, 293, 317, ColourMap, TileWidth, TileHeight, TileOffsets, TileSizes, ExtraSamples, SampleFormat, 347, 530, 531, 532]);

    public static ImageFile Read(FileBytes bytes)
    {
        var directory = new TiffDirectory(bytes);
        var bits = directory.Numbers(Bits) is { Length: > 0 } said ? said : [1];
        var (compression, photometric) = (directory.Number(Compression, 1), directory.Number(Photometric, -1));
        var (samples, planar, fillOrder) = (directory.Number(SamplesPerPixel, 1), directory.Number(Planar, 1), directory.Number(FillOrder, 1));
        var extra = directory.Numbers(ExtraSamples);
        if (directory.Numbers(SampleFormat).Any(format => format != 1))
            throw RefusedImageException.NotAnImage("is a TIFF with signed or floating-point samples, whose brightness is not defined; save it with 8 or 16 bits");
        var depth = bits[0];
        if (bits.Any(other => other != depth) || (bits.Length != 1 && bits.Length != samples) || depth is not (1 or 2 or 4 or 8 or 16))
            throw RefusedImageException.NotAnImage($"is a TIFF with {depth} bits for each sample; save it with 8 or 16 bits");
        if (extra.Length > 1 || !IsLayout(photometric, samples, extra is [var kind] ? kind : null, depth) || !IsCompression(compression, photometric, samples, depth, extra.Length)
            || (planar != 1 && samples > 1) || !(fillOrder == 1 || (fillOrder == 2 && depth == 1)))
            throw RefusedImageException.NotAnImage("is a TIFF of a rare layout; save it as grey, RGB, palette or CMYK with interleaved samples");
        if (photometric == 3 && directory.Numbers(ColourMap, limit: 768).Length != 3 << (int)depth)
            throw RefusedImageException.NotAnImage("has a damaged palette");
        var (width, height) = (directory.Number(Width, 0), directory.Number(Height, 0));
        if (width is < 1 or > int.MaxValue || height is < 1 or > int.MaxValue)
            throw RefusedImageException.NotAnImage("has no pixels");
        RequireData(bytes, directory, width, height, compression == 1 ? samples * depth : 0);
        return new ImageFile(ImageFormat.Tiff, (int)width, (int)height, directory.Trimmed(Kept), (int)samples * (depth == 16 ? 2 : 1))
        {
            Orientation = TiffDirectory.OrientationOf(bytes.Content), IsCmyk = photometric == 5, IsFax = compression is 2 or 3 or 4,
        };
    }

    /// <summary>Requires all strips, or all tiles, with all their bytes. Decoders differ in what they make of a file that lacks some.</summary>
    /// <param name="bits">Bits of a pixel that is not compressed; 0 when it is.</param>
    private static void RequireData(FileBytes bytes, TiffDirectory directory, long width, long height, long bits)
    {
        var isTiled = directory.Numbers(TileOffsets, MaxParts).Length > 0;
        var (wide, high) = isTiled ? (directory.Number(TileWidth, 0), directory.Number(TileHeight, 0)) : (width, Math.Min(directory.Number(RowsPerStrip, uint.MaxValue), height));
        if (wide < 1 || high < 1 || wide > int.MaxValue || high > int.MaxValue)
            throw bytes.Damaged();
        var offsets = directory.Numbers(isTiled ? TileOffsets : StripOffsets, MaxParts);
        var sizes = directory.Numbers(isTiled ? TileSizes : StripSizes, MaxParts);
        var (across, down) = ((width + wide - 1) / wide, (height + high - 1) / high);
        if (offsets.Length < across * down || (sizes.Length > 0 && offsets.Length != sizes.Length))
            throw bytes.Damaged();
        for (var i = 0; i < sizes.Length; i++)
        {
            var rows = isTiled ? high : Math.Min(high, height - i * high);
            if (offsets[i] < 0 || sizes[i] < 0 || offsets[i] > bytes.Length - sizes[i] || sizes[i] < (wide * bits + 7) / 8 * rows)
                throw RefusedImageException.Truncated();
        }
    }

    /// <summary>Photometric interpretation, samples of a pixel, meaning of the extra sample (1 premultiplied alpha, 2 alpha), bits of a sample.</summary>
    private static bool IsLayout(long photometric, long samples, long? extra, long depth) => (photometric, samples, extra) switch
    {
        (0 or 1, 1, null) => true,
        (1, 2, 2) => depth == 8,
        (2, 3, null) or (2, 4, 2) => depth is 8 or 16,
        (2, 4, 1) => depth == 8,
        (3, 1, null) => depth <= 8,
        (5, 4, null) or (6, 3, null) => depth == 8,
        _ => false,
    };

    /// <summary>None, CCITT, LZW, JPEG, deflate, PackBits. Only JPEG may store YCbCr, only two colours go with CCITT.</summary>
    private static bool IsCompression(long compression, long photometric, long samples, long depth, int extra) => compression switch
    {
        1 or 5 or 8 or 32773 or 32946 => photometric != 6,
        2 or 3 or 4 => depth == 1 && samples == 1 && photometric <= 1,
        7 => depth == 8 && photometric is 0 or 1 or 2 or 6 && extra == 0,
        _ => false,
    };
}
