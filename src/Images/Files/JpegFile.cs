namespace VisionPlatform.Images.Files;

/// <summary>JPEG (ITU-T T.81): baseline and progressive, Huffman coded, 8 bits, with 1, 3 or 4 components.</summary>
internal static class JpegFile
{
    private const byte StartOfScan = 0xDA, EndOfImage = 0xD9;

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
                RequireMarkers(bytes, position);
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

    /// <summary>Walks over the scans up to the end of the image or of the file. A marker that cannot be there was made by damage: one decoder ends at it, another fails.</summary>
    /// <param name="position">Of the first scan's marker.</param>
    private static void RequireMarkers(FileBytes bytes, int position)
    {
        while (true)
        {
            var marker = bytes[position];
            if (marker == EndOfImage)
                return;
            var length = position + 3 > bytes.Length ? 0 : bytes.UInt16(position + 1, bigEndian: true);
            if (length < 2 || position + 1 + length > bytes.Length || !IsSegment(marker, bytes.Slice(position + 3, length - 2)))
                throw RefusedImageException.Truncated();
            position += 1 + length;
            var next = NextMarker(bytes.Content, position);
            if (marker != StartOfScan && bytes.Content.AsSpan(position..next).ContainsAnyExcept((byte)0xFF))
                throw RefusedImageException.Truncated();
            if (next == bytes.Length)
                return;
            position = next + 1;
        }
    }

    /// <summary>Position of the FF before the next marker with a length, or the end. In a scan 0 stands for the byte FF, and restart markers have no length.</summary>
    private static int NextMarker(ReadOnlySpan<byte> content, int position)
    {
        while (true)
        {
            var found = content[position..].IndexOf((byte)0xFF);
            if (found < 0 || position + found + 1 == content.Length)
                return content.Length;
            position += found + 1;
            if (content[position] is not (0 or 0xFF or (>= 0xD0 and <= 0xD7)))
                return position - 1;
        }
    }

    /// <summary>Whether a segment may be between scans and has the length that its content says.</summary>
    private static bool IsSegment(byte marker, ReadOnlySpan<byte> body)
    {
        switch (marker)
        {
            case StartOfScan:
                return body.Length > 0 && body[0] is >= 1 and <= 4 && body.Length == 4 + 2 * body[0];
            case 0xC4:
                while (body.Length >= 17)
                {
                    var codes = 0;
                    foreach (var count in body[1..17])
                        codes += count;
                    if (codes > 256 || body.Length < 17 + codes)
                        return false;
                    body = body[(17 + codes)..];
                }
                return body.Length == 0;
            case 0xDB:
                while (body.Length > 0)
                {
                    var table = (body[0] >> 4) switch { 0 => 65, 1 => 129, _ => int.MaxValue };
                    if (body.Length < table)
                        return false;
                    body = body[table..];
                }
                return true;
            case 0xDD:
                return body.Length == 2;
            default:
                return marker is 0xFE or (>= 0xE0 and <= 0xEF);
        }
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
