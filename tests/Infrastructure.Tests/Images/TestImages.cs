using System.Buffers.Binary;
using System.IO.Compression;
using NetVips;
using VisionPlatform.Images;

namespace VisionPlatform.Infrastructure.Tests.Images;

/// <summary>Images made by hand (PNG, BMP) and, from those, by libvips (the rest).</summary>
public static class TestImages
{
    public enum PngColour : byte
    {
        Grey = 0,
        Rgb = 2,
        GreyAlpha = 4,
        Rgba = 6,
    }

    /// <summary>A PNG whose samples are given by position and channel, from 0 to 1.</summary>
    public static byte[] Png(int width, int height, Func<int, int, int, double> sample, PngColour colour = PngColour.Rgb, int bits = 8)
    {
        var channels = colour switch { PngColour.Grey => 1, PngColour.GreyAlpha => 2, PngColour.Rgb => 3, _ => 4 };
        using var rows = new MemoryStream();
        using (var zip = new ZLibStream(rows, CompressionLevel.Fastest, leaveOpen: true))
            for (var y = 0; y < height; y++)
            {
                zip.WriteByte(0);
                for (var x = 0; x < width; x++)
                    for (var channel = 0; channel < channels; channel++)
                    {
                        var value = (int)Math.Round(sample(x, y, channel) * ((1 << bits) - 1));
                        if (bits == 16)
                            zip.WriteByte((byte)(value >> 8));
                        zip.WriteByte((byte)value);
                    }
            }
        return PngOf(width, height, bits, (byte)colour, rows.ToArray());
    }

    /// <summary>A valid PNG header of any size over the given compressed rows.</summary>
    public static byte[] PngOf(int width, int height, int bits, byte colour, byte[] data)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = ((byte)bits, colour);
        return [0x89, .. "PNG\r\n\u001a\n"u8, .. Chunk("IHDR"u8, header), .. Chunk("IDAT"u8, data), .. Chunk("IEND"u8, [])];
    }

    /// <summary>The PNG in another format, e.g. <c>.jpg[Q=90]</c>, written by libvips.</summary>
    public static byte[] Converted(byte[] png, string suffix)
    {
        Vips.EnsureReady();
        using var image = Image.NewFromBuffer(png);
        return image.WriteToBuffer(suffix);
    }

    /// <summary>A CMYK JPEG, as print programs make them.</summary>
    public static byte[] CmykJpeg(byte[] png)
    {
        Vips.EnsureReady();
        using var image = Image.NewFromBuffer(png);
        using var cmyk = image.Colourspace(Enums.Interpretation.Cmyk);
        return cmyk.JpegsaveBuffer(q: 90);
    }

    /// <summary>A JPEG with the gain map by which newer phones show it brighter (ISO 21496-1, "Ultra HDR").</summary>
    public static byte[] UltraHdrJpeg(int width, int height)
    {
        Vips.EnsureReady();
        using var black = Image.Black(width, height, 3);
        using var grey = black + 0.5;
        using var light = grey.Cast(Enums.BandFormat.Float);
        using var scene = light.Copy(interpretation: Enums.Interpretation.Scrgb);
        return (byte[])Operation.Call("uhdrsave_buffer", null, scene);
    }

    /// <summary>The JPEG with an EXIF block that holds nothing but the orientation (1…8).</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] tiff = [(byte)'I', (byte)'I', 0x2A, 0, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0];
        byte[] exif = [.. "Exif\0\0"u8, .. tiff];
        return [0xFF, 0xD8, 0xFF, 0xE1, (byte)((exif.Length + 2) >> 8), (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }

    /// <summary>An uncompressed bitmap; <paramref name="bits"/> 24, 32 or 8 (a grey palette).</summary>
    public static byte[] Bmp(int width, int height, Func<int, int, (byte R, byte G, byte B)> pixel, int bits = 24, bool topDown = false)
    {
        var palette = bits == 8 ? Enumerable.Range(0, 256).SelectMany(i => new byte[] { (byte)i, (byte)i, (byte)i, 0 }).ToArray() : [];
        var stride = (width * bits + 31) / 32 * 4;
        var offset = 54 + palette.Length;
        var file = new byte[offset + stride * height];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), file.Length);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(10), offset);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(14), 40);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(18), width);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(22), topDown ? -height : height);
        (file[26], file[28]) = (1, (byte)bits);
        palette.CopyTo(file, 54);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
            {
                var (r, g, b) = pixel(x, y);
                var at = offset + stride * (topDown ? y : height - 1 - y) + x * bits / 8;
                if (bits == 8)
                    file[at] = r;
                else
                    (file[at], file[at + 1], file[at + 2]) = (b, g, r);
            }
        return file;
    }

    /// <summary>The 8-bit RGB samples of an image.</summary>
    public static (int Width, int Height, Func<int, int, (byte R, byte G, byte B)> Pixel) Decoded(byte[] content)
    {
        Vips.EnsureReady();
        using var image = Image.NewFromBuffer(content);
        var (width, pixels) = (image.Width, image.WriteToMemory<byte>());
        Assert.Equal((3, width * image.Height * 3), (image.Bands, pixels.Length));
        return (width, image.Height, (x, y) => (pixels[(y * width + x) * 3], pixels[(y * width + x) * 3 + 1], pixels[(y * width + x) * 3 + 2]));
    }

    private static byte[] Chunk(ReadOnlySpan<byte> type, byte[] data)
    {
        byte[] body = [.. type, .. data];
        var frame = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(frame, data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), Crc32(body));
        return [.. frame[..4], .. body, .. frame[4..]];
    }

    private static uint Crc32(byte[] data)
    {
        var crc = uint.MaxValue;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ (0xEDB88320 & (uint)-(int)(crc & 1));
        }
        return ~crc;
    }
}
