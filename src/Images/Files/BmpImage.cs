using System.Buffers.Binary;
using System.Numerics;

namespace VisionPlatform.Images.Files;

/// <summary>
/// Decodes Windows bitmaps. libvips has no loader of its own for them; its ImageMagick loader is not safe for uploads and not in NetVips. Reads 1,
/// 4 and 8 bits with palette, 16, 24 and 32 bits, and bit fields, bottom-up or top-down, with headers from OS/2 1.x to version 5. Pixels of
/// bit fields with an alpha mask are put on white. Does not read run-length encoding.
/// </summary>
internal sealed record BmpImage(int Width, int Height, byte[] Pixels)
{
    /// <summary>Bytes of the file header and the OS/2 info header.</summary>
    public const int SmallestHeader = 26;

    /// <summary>Bytes of a decoded pixel: red, green, blue.</summary>
    public const int Bands = 3;

    private const int FileHeader = 14;
    private const uint Uncompressed = 0;
    private const uint BitFields = 3;
    private const uint AlphaBitFields = 6;

    /// <summary>The structure of a bitmap.</summary>
    /// <exception cref="RefusedImageException">The header is invalid, the kind of bitmap is not supported, or the data ends early.</exception>
    public static ImageFile ReadFile(byte[] content)
    {
        var header = ReadHeader(content) ?? throw RefusedImageException.NotAnImage("has a damaged header or is a BMP of a rare kind; compressed bitmaps are not read");
        return header.DataOffset + header.Stride * header.Height <= content.Length
            ? new ImageFile(ImageFormat.Bmp, header.Width, header.Height, content, Bands)
            : throw RefusedImageException.Truncated();
    }

    /// <summary>Reads the header. Returns null if it is invalid or the kind of bitmap is not supported.</summary>
    public static BmpHeader? ReadHeader(ReadOnlySpan<byte> content)
    {
        if (content.Length < SmallestHeader)
            return null;
        var offset = BinaryPrimitives.ReadUInt32LittleEndian(content[10..]);
        var infoSize = BinaryPrimitives.ReadUInt32LittleEndian(content[14..]);
        if (offset > int.MaxValue || content.Length < FileHeader + infoSize)
            return null;
        var header = infoSize switch
        {
            12 => new BmpHeader(
                BinaryPrimitives.ReadUInt16LittleEndian(content[18..]), BinaryPrimitives.ReadUInt16LittleEndian(content[20..]), TopDown: false,
                BinaryPrimitives.ReadUInt16LittleEndian(content[24..]), Uncompressed, (int)offset, (int)infoSize),
            >= 40 and <= 256 => new BmpHeader(
                BinaryPrimitives.ReadInt32LittleEndian(content[18..]),
                // A negative height means that the rows go from top to bottom.
                BinaryPrimitives.ReadInt32LittleEndian(content[22..]) is var height && height > int.MinValue ? Math.Abs(height) : 0, height < 0,
                BinaryPrimitives.ReadUInt16LittleEndian(content[28..]), BinaryPrimitives.ReadUInt32LittleEndian(content[30..]), (int)offset, (int)infoSize),
            _ => null,
        };
        return header is { Width: > 0, Height: > 0 } && (header.Compression, header.Bits) is (Uncompressed, 1 or 4 or 8 or 16 or 24 or 32) or (BitFields or AlphaBitFields, 16 or 32)
            ? header
            : null;
    }

    /// <summary>Decodes to interleaved RGB rows from top to bottom; null if the data ends early or the header is invalid.</summary>
    public static BmpImage? Decode(ReadOnlySpan<byte> content)
    {
        if (ReadHeader(content) is not { } header)
            return null;
        var stride = header.Stride;
        if (header.DataOffset + stride * header.Height > content.Length || (long)header.Width * header.Height * Bands > Array.MaxLength)
            return null;
        var palette = header.Bits <= 8 ? Palette(header, content) : [];
        var masks = Masks(header, content);
        if (palette is null || masks is null)
            return null;

        var pixels = GC.AllocateUninitializedArray<byte>(header.Width * header.Height * Bands);
        for (var y = 0; y < header.Height; y++)
        {
            var row = content.Slice((int)(header.DataOffset + stride * (header.TopDown ? y : header.Height - 1 - y)), (int)stride);
            var target = pixels.AsSpan(y * header.Width * Bands, header.Width * Bands);
            if (header.Bits <= 8)
                ReadIndexed(row, header.Bits, palette, target);
            else if (header.Bits == 24)
                ReadBgr(row, target);
            else
                ReadMasked(row, header.Bits, masks.Value, target);
        }
        return new BmpImage(header.Width, header.Height, pixels);
    }

    /// <summary>256 entries of RGB; indexes past the file's palette are black. Null if the file ends within the palette.</summary>
    private static byte[]? Palette(BmpHeader header, ReadOnlySpan<byte> content)
    {
        var entry = header.InfoSize == 12 ? 3 : 4;
        var used = header.InfoSize >= 40 ? BinaryPrimitives.ReadUInt32LittleEndian(content[46..]) : 0;
        var count = (int)(used is > 0 and <= 256 ? used : 1u << header.Bits);
        var start = FileHeader + header.InfoSize;
        if (start + count * entry > content.Length)
            return null;
        var palette = new byte[256 * Bands];
        for (var i = 0; i < count; i++)
            (palette[i * 3], palette[i * 3 + 1], palette[i * 3 + 2]) = (content[start + i * entry + 2], content[start + i * entry + 1], content[start + i * entry]);
        return palette;
    }

    /// <summary>Bit masks of red, green, blue, alpha: those of the file, or by default 5-5-5 (16 bits) and 8-8-8 (32 bits). Null if the file ends before them.</summary>
    private static (uint Red, uint Green, uint Blue, uint Alpha)? Masks(BmpHeader header, ReadOnlySpan<byte> content)
    {
        if (header.Compression == Uncompressed)
            return header.Bits == 16 ? (0x7C00u, 0x03E0u, 0x001Fu, 0u) : (0xFF0000u, 0x00FF00u, 0x0000FFu, 0u);
        // The masks follow a 40-byte header. Later versions have them inside the header, at the same offset.
        if (content.Length < 70)
            return null;
        // Headers before version 3 (56 bytes) have an alpha mask only with this compression.
        var alpha = header.InfoSize >= 56 || header.Compression == AlphaBitFields ? BinaryPrimitives.ReadUInt32LittleEndian(content[66..]) : 0;
        return (BinaryPrimitives.ReadUInt32LittleEndian(content[54..]), BinaryPrimitives.ReadUInt32LittleEndian(content[58..]), BinaryPrimitives.ReadUInt32LittleEndian(content[62..]), alpha);
    }

    private static void ReadIndexed(ReadOnlySpan<byte> row, int bits, ReadOnlySpan<byte> palette, Span<byte> target)
    {
        var perByte = 8 / bits;
        var mask = (1 << bits) - 1;
        for (var x = 0; x * Bands < target.Length; x++)
        {
            var index = (row[x / perByte] >> (8 - bits - x % perByte * bits)) & mask;
            palette.Slice(index * Bands, Bands).CopyTo(target[(x * Bands)..]);
        }
    }

    private static void ReadBgr(ReadOnlySpan<byte> row, Span<byte> target)
    {
        for (var i = 0; i < target.Length; i += Bands)
            (target[i], target[i + 1], target[i + 2]) = (row[i + 2], row[i + 1], row[i]);
    }

    private static void ReadMasked(ReadOnlySpan<byte> row, int bits, (uint Red, uint Green, uint Blue, uint Alpha) masks, Span<byte> target)
    {
        for (var x = 0; x * Bands < target.Length; x++)
        {
            var value = bits == 16 ? BinaryPrimitives.ReadUInt16LittleEndian(row[(x * 2)..]) : BinaryPrimitives.ReadUInt32LittleEndian(row[(x * 4)..]);
            var opacity = masks.Alpha == 0 ? 255 : Channel(value, masks.Alpha);
            target[x * Bands] = OnWhite(Channel(value, masks.Red), opacity);
            target[x * Bands + 1] = OnWhite(Channel(value, masks.Green), opacity);
            target[x * Bands + 2] = OnWhite(Channel(value, masks.Blue), opacity);
        }
    }

    private static byte OnWhite(int colour, int opacity) => (byte)((colour * opacity + 255 * (255 - opacity) + 127) / 255);

    /// <summary>The masked bits scaled to 0…255.</summary>
    private static byte Channel(uint value, uint mask)
    {
        if (mask == 0)
            return 0;
        var shift = BitOperations.TrailingZeroCount(mask);
        return (byte)((ulong)((value & mask) >> shift) * 255 / (mask >> shift));
    }
}

/// <summary>Content of a bitmap's header.</summary>
internal sealed record BmpHeader(int Width, int Height, bool TopDown, int Bits, uint Compression, int DataOffset, int InfoSize)
{
    /// <summary>Bytes of a row.</summary>
    public long Stride => ((long)Width * Bits + 31) / 32 * 4;
}
