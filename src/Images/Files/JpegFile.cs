namespace VisionPlatform.Images.Files;

/// <summary>JPEG (ITU-T T.81): baseline and progressive, Huffman coded, 8 bits, with 1, 3 or 4 components.</summary>
internal static class JpegFile
{
    private const byte StartOfScan = 0xDA;

    public static ImageFile Read(FileBytes bytes)
    {
        using var kept = new MemoryStream(bytes.Length);
        kept.Write(bytes.Slice(0, 2));
        (int Width, int Height, int Components)? frame = null;
        var orientation = 1;
        for (var position = 2; ;)
        {
            if (bytes[position] != 0xFF)
                throw bytes.Damaged();
            while (bytes[position] == 0xFF)
                position++;
            var marker = bytes[position];
            if (marker is 0x01 or (>= 0xD0 and <= 0xD7)) // Without a length.
            {
                position++;
                continue;
            }
            var length = bytes.UInt16(position + 1, bigEndian: true);
            if (marker is 0xD8 or 0xD9 || length < 2)
                throw bytes.Damaged();
            var body = bytes.Slice(position + 3, length - 2);
            if (marker == StartOfScan)
            {
                kept.WriteByte(0xFF);
                kept.Write(bytes.Slice(position, bytes.Length - position));
                break;
            }
            if (IsFrame(marker))
                frame = frame is null ? ReadFrame(marker, body) : throw bytes.Damaged();
            if (marker == 0xE1 && orientation == 1 && body.StartsWith("Exif\0\0"u8))
                orientation = TiffDirectory.OrientationOf(body[6..].ToArray());
            if (IsNeeded(marker, body))
            {
                kept.WriteByte(0xFF);
                kept.Write(bytes.Slice(position, length + 1));
            }
            position += length + 1;
        }
        var (width, height, components) = frame ?? throw bytes.Damaged();
        return new ImageFile(ImageFormat.Jpeg, width, height, kept.ToArray(), components) { Orientation = orientation, IsCmyk = components == 4 };
    }

    private static bool IsFrame(byte marker) => marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC);

    private static (int Width, int Height, int Components) ReadFrame(byte marker, ReadOnlySpan<byte> body) =>
        marker <= 0xC2 && body is [8, var h1, var h0, var w1, var w0, 1 or 3 or 4, ..]
            ? ((w1 << 8) | w0, (h1 << 8) | h0, body[5])
            : throw RefusedImageException.NotAnImage("is a JPEG of a rare kind; only 8 bits, Huffman coded, baseline or progressive, are read");

    /// <summary>Tables, the frame, and the two application segments that decide what the components mean.</summary>
    private static bool IsNeeded(byte marker, ReadOnlySpan<byte> body) => marker switch
    {
        0xC0 or 0xC1 or 0xC2 or 0xC4 or 0xDB or 0xDD => true,
        0xE0 => body.Length >= 14 && body.StartsWith("JFIF\0"u8),
        0xEE => body.Length >= 12 && body.StartsWith("Adobe"u8),
        _ => false,
    };
}
