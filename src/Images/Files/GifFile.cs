namespace VisionPlatform.Images.Files;

/// <summary>GIF 87a and 89a. Its first frame becomes a file of its own, with a palette of 256 colours of which those the file lacks are black.</summary>
internal static class GifFile
{
    private const byte Extension = 0x21, GraphicControl = 0xF9, Frame = 0x2C, End = 0x3B;

    public static ImageFile Read(FileBytes bytes)
    {
        var (width, height, flags) = (bytes.UInt16(6, false), bytes.UInt16(8, false), bytes[10]);
        var position = 13;
        var table = Table(bytes, flags, ref position);
        byte? transparent = null;
        while (bytes[position] == Extension)
        {
            if (bytes[position + 1] == GraphicControl && bytes[position + 2] >= 4)
                transparent = (bytes[position + 3] & 1) != 0 ? bytes[position + 6] : null;
            position = AfterBlocks(bytes, position + 2);
        }
        if (bytes[position] != Frame)
            throw RefusedImageException.NotAnImage("has no pixels");
        var (left, top, wide, high) = (bytes.UInt16(position + 1, false), bytes.UInt16(position + 3, false), bytes.UInt16(position + 5, false), bytes.UInt16(position + 7, false));
        flags = bytes[position + 9];
        position += 10;
        if (Table(bytes, flags, ref position) is { Length: > 0 } own)
            table = own;
        if (table.Length == 0 || bytes[position] is < 2 or > 8 || wide == 0 || high == 0)
            throw bytes.Damaged();
        int end;
        try
        {
            end = AfterBlocks(bytes, position + 1);
        }
        catch (RefusedImageException)
        {
            throw RefusedImageException.Truncated();
        }
        if (!IsWhole(bytes, position, wide * high))
            throw RefusedImageException.Truncated();
        byte[] palette = new byte[768];
        table.CopyTo(palette);
        byte[] content =
        [
            .. "GIF89a"u8, (byte)wide, (byte)(wide >> 8), (byte)high, (byte)(high >> 8), 0xF7, 0, 0, .. palette,
            .. (byte[])(transparent is { } index ? [Extension, GraphicControl, 4, 1, 0, 0, index, 0] : []),
            Frame, 0, 0, 0, 0, (byte)wide, (byte)(wide >> 8), (byte)high, (byte)(high >> 8), (byte)(flags & 0x40), .. bytes.Slice(position, end - position), End,
        ];
        (width, height) = (Math.Max(width, left + wide), Math.Max(height, top + high));
        return new ImageFile(ImageFormat.Gif, width, height, content, Samples: 4) { Offset = (width, height) == (wide, high) ? null : (left, top) };
    }

    /// <summary>Whether the LZW data (GIF89a, appendix F) makes this many pixels. libvips takes missing ones for transparent.</summary>
    private static bool IsWhole(FileBytes bytes, int position, int pixels)
    {
        const int MaxCodes = 4096;
        var first = bytes[position];
        var (clear, end) = (1 << first, (1 << first) + 1);
        // How many pixels each code stands for.
        Span<ushort> lengths = stackalloc ushort[MaxCodes];
        lengths[..clear].Fill(1);
        var (next, width, previous, made) = (end + 1, first + 1, -1, 0);
        var (buffer, available) = (0u, 0);
        for (position++; bytes[position] is > 0 and var length; position += length + 1)
            foreach (var value in bytes.Slice(position + 1, length))
            {
                buffer |= (uint)value << available;
                available += 8;
                while (available >= width)
                {
                    var code = (int)(buffer & ((1u << width) - 1));
                    buffer >>= width;
                    available -= width;
                    if (code == clear)
                    {
                        (next, width, previous) = (end + 1, first + 1, -1);
                        continue;
                    }
                    if (code == end || code > next || (code == next && (previous < 0 || next == MaxCodes)) || (previous < 0 && code > clear))
                        return false;
                    if (previous >= 0 && next < MaxCodes)
                    {
                        lengths[next++] = (ushort)(lengths[previous] + 1);
                        if (next == 1 << width && width < 12)
                            width++;
                    }
                    made += lengths[code];
                    if (made >= pixels)
                        return true;
                    previous = code;
                }
            }
        return false;
    }

    private static ReadOnlySpan<byte> Table(FileBytes bytes, byte flags, ref int position)
    {
        if ((flags & 0x80) == 0)
            return [];
        var table = bytes.Slice(position, 6 << (flags & 7));
        position += table.Length;
        return table;
    }

    private static int AfterBlocks(FileBytes bytes, int position)
    {
        while (bytes[position] is > 0 and var length)
            position += length + 1;
        return position + 1;
    }
}
