using System.IO.Hashing;

namespace VisionPlatform.Images.Files;

/// <summary>PNG (ISO/IEC 15948). Only its critical chunks and tRNS make pixels; eXIf may hold the orientation. What else is in it may be damaged.</summary>
internal static class PngFile
{
    public static ImageFile Read(FileBytes bytes)
    {
        using var kept = new MemoryStream(bytes.Length);
        kept.Write(bytes.Slice(0, 8));
        ReadOnlySpan<byte> header = [], palette = [], transparent = [];
        var (orientation, hasData) = (1, false);
        for (long position = 8; ;)
        {
            if (position > 8 && position + 12 > bytes.Length)
                throw RefusedImageException.Truncated();
            var length = bytes.UInt32(position, bigEndian: true);
            var end = position + 12 + length;
            if (end > bytes.Length)
                throw position == 8 ? bytes.Damaged() : RefusedImageException.Truncated();
            var kind = bytes.Slice(position + 4, 4);
            if (position == 8 && !kind.SequenceEqual("IHDR"u8))
                throw bytes.Damaged();
            var body = bytes.Slice(position + 8, length);
            var isSound = Crc32.HashToUInt32(bytes.Slice(position + 4, length + 4)) == bytes.UInt32(end - 4, bigEndian: true);
            var isTransparency = kind.SequenceEqual("tRNS"u8);
            if ((kind[0] & 0x20) == 0 || isTransparency)
            {
                var (isHeader, isPalette, isData) = (kind.SequenceEqual("IHDR"u8), kind.SequenceEqual("PLTE"u8), kind.SequenceEqual("IDAT"u8));
                var isLate = ((isPalette || isTransparency) && (hasData || transparent.Length > 0)) || (isPalette && palette.Length > 0);
                var isKnown = isHeader || isPalette || isTransparency || isData || kind.SequenceEqual("IEND"u8);
                if (!isSound || !isKnown || isLate || isHeader != (position == 8))
                    throw position == 8 ? bytes.Damaged() : RefusedImageException.Truncated();
                if (isHeader)
                    header = body.Length == 13 ? body : throw bytes.Damaged();
                else if (isPalette)
                    palette = body;
                else if (isTransparency)
                    transparent = body;
                hasData |= isData;
                // A palette is only for indexes, and transparent entries are not for images with an alpha channel.
                if (!(isPalette && header[9] != 3) && !(isTransparency && header[9] >= 4))
                    kept.Write(bytes.Slice(position, end - position));
                if (kind.SequenceEqual("IEND"u8))
                    break;
            }
            else if (isSound && kind.SequenceEqual("eXIf"u8))
                orientation = TiffDirectory.OrientationOf(body.ToArray());
            position = end;
        }
        return FileOf(bytes, header, palette, transparent, hasData, kept.ToArray()) with { Orientation = orientation };
    }

    private static ImageFile FileOf(
        FileBytes bytes, ReadOnlySpan<byte> header, ReadOnlySpan<byte> palette, ReadOnlySpan<byte> transparent, bool hasData, byte[] kept)
    {
        var start = new FileBytes(header.ToArray(), bytes.Format);
        var (width, height, depth, colour) = (start.UInt32(0, bigEndian: true), start.UInt32(4, bigEndian: true), header[8], header[9]);
        var channels = (colour, depth) switch
        {
            (0, 1 or 2 or 4 or 8 or 16) or (3, 1 or 2 or 4 or 8) => 1,
            (4, 8 or 16) => 2,
            (2, 8 or 16) => 3,
            (6, 8 or 16) => 4,
            _ => throw bytes.Damaged(),
        };
        if (!hasData || width > int.MaxValue || height > int.MaxValue || header[10..] is not [0, 0, 0 or 1])
            throw bytes.Damaged();
        if (colour == 3 && (palette.Length == 0 || palette.Length % 3 != 0 || palette.Length > 3 << depth || transparent.Length > palette.Length / 3))
            throw RefusedImageException.NotAnImage("has a damaged palette");
        if (colour is 0 or 2 && transparent.Length > 0)
        {
            if (depth == 16)
                throw RefusedImageException.NotAnImage("is a 16-bit PNG with a transparent colour, which is not supported");
            if (transparent.Length != (colour == 0 ? 2 : 6))
                throw RefusedImageException.Truncated();
        }
        return new ImageFile(ImageFormat.Png, (int)width, (int)height, kept, channels * (depth == 16 ? 2 : 1));
    }
}
