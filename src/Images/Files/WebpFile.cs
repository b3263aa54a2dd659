using System.Buffers.Binary;

namespace VisionPlatform.Images.Files;

/// <summary>WebP (RFC 9649). Its first frame becomes a still image of its own.</summary>
internal static class WebpFile
{
    private readonly record struct Chunk(uint Name, int Start, int Length);

    private static readonly uint Extended = NameOf("VP8X"u8), Animated = NameOf("ANMF"u8), Alpha = NameOf("ALPH"u8), Lossy = NameOf("VP8 "u8), Lossless = NameOf("VP8L"u8), Exif = NameOf("EXIF"u8);

    public static ImageFile Read(FileBytes bytes)
    {
        var size = 8L + bytes.UInt32(4, bigEndian: false);
        if (size > bytes.Length)
            throw RefusedImageException.Truncated();
        var chunks = Chunks(bytes, 12, (int)size);
        var orientation = 1;
        foreach (var chunk in chunks.Where(chunk => chunk.Name == Exif))
        {
            var block = bytes.Slice(chunk.Start, chunk.Length);
            orientation = TiffDirectory.OrientationOf((block.StartsWith("Exif\0\0"u8) ? block[6..] : block).ToArray());
        }
        (int Width, int Height)? canvas = chunks is [{ Name: var first } extended, ..] && first == Extended
            ? (UInt24(bytes, extended, 4) + 1, UInt24(bytes, extended, 7) + 1)
            : null;
        var (left, top) = (0, 0);
        var frame = chunks;
        if (chunks.Exists(chunk => chunk.Name == Animated))
        {
            var animated = chunks.Find(chunk => chunk.Name == Animated);
            (left, top) = (2 * UInt24(bytes, animated, 0), 2 * UInt24(bytes, animated, 3));
            frame = Chunks(bytes, animated.Start + 16, animated.Start + animated.Length);
        }
        var index = frame.FindIndex(chunk => chunk.Name == Lossy || chunk.Name == Lossless);
        if (index < 0)
            throw RefusedImageException.NotAnImage("has no pixels");
        var pixels = frame[index];
        var (wide, high) = SizeOf(bytes, pixels);
        var alpha = pixels.Name == Lossy ? frame.FindIndex(chunk => chunk.Name == Alpha) : -1;
        var (width, height) = canvas ?? (wide, high);
        if (left + wide > width || top + high > height)
            throw bytes.Damaged();

        using var content = new MemoryStream(pixels.Length + 64);
        content.Write("RIFF\0\0\0\0WEBP"u8);
        if (alpha >= 0)
        {
            Write(content, Extended, [0x10, 0, 0, 0, .. Three(wide - 1), .. Three(high - 1)]);
            Write(content, Alpha, bytes.Slice(frame[alpha].Start, frame[alpha].Length));
        }
        Write(content, pixels.Name, bytes.Slice(pixels.Start, pixels.Length));
        var file = content.ToArray();
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(4), file.Length - 8);
        return new ImageFile(ImageFormat.Webp, width, height, file, Samples: 4)
        {
            Orientation = orientation, Offset = (width, height) == (wide, high) ? null : (left, top),
        };
    }

    private static (int Width, int Height) SizeOf(FileBytes bytes, Chunk pixels)
    {
        if (pixels.Length < 10 && pixels.Name == Lossy || pixels.Length < 5)
            throw bytes.Damaged();
        if (pixels.Name == Lossy)
            return (bytes.UInt16(pixels.Start + 6, false) & 0x3FFF, bytes.UInt16(pixels.Start + 8, false) & 0x3FFF);
        var bits = bytes.UInt32(pixels.Start + 1, false);
        return ((int)(bits & 0x3FFF) + 1, (int)(bits >> 14 & 0x3FFF) + 1);
    }

    private static List<Chunk> Chunks(FileBytes bytes, int position, int end)
    {
        var chunks = new List<Chunk>();
        while (position + 8 <= end)
        {
            var length = bytes.UInt32(position + 4, bigEndian: false);
            if (position + 8L + length > end)
                throw RefusedImageException.Truncated();
            chunks.Add(new Chunk(bytes.UInt32(position, bigEndian: false), position + 8, (int)length));
            position += 8 + (int)length + (int)(length % 2);
        }
        return chunks;
    }

    private static void Write(MemoryStream target, uint name, ReadOnlySpan<byte> body)
    {
        Span<byte> head = stackalloc byte[8];
        BinaryPrimitives.WriteUInt32LittleEndian(head, name);
        BinaryPrimitives.WriteInt32LittleEndian(head[4..], body.Length);
        target.Write(head);
        target.Write(body);
        if (body.Length % 2 == 1)
            target.WriteByte(0);
    }

    private static int UInt24(FileBytes bytes, Chunk chunk, int position) =>
        position + 3 <= chunk.Length ? bytes.UInt16(chunk.Start + position, false) + (bytes[chunk.Start + position + 2] << 16) : throw bytes.Damaged();

    private static byte[] Three(int value) => [(byte)value, (byte)(value >> 8), (byte)(value >> 16)];

    private static uint NameOf(ReadOnlySpan<byte> name) => BinaryPrimitives.ReadUInt32LittleEndian(name);
}
