using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace VisionPlatform.Infrastructure.Archives;

/// <summary>Unpacks the data of one entry of a ZIP.</summary>
public static class ZipData
{
    /// <summary>Bytes of a local header without name and extra field.</summary>
    public const int HeaderSize = 30;

    /// <summary>Longest local header: name and extra field have at most 65,535 bytes each.</summary>
    public const int LongestHeader = HeaderSize + 2 * 65_535;

    private const uint HeaderSignature = 0x04034B50;

    public static bool CanUnpack(int method) => method is 0 or 8;

    /// <summary>Unpacks an entry. Sizes and CRC of the directory count: the local header may leave them to a descriptor after the data.</summary>
    /// <param name="local">The archive from the local header on, to the end of the data or beyond.</param>
    /// <param name="method">0 or 8.</param>
    /// <param name="compressedSize">Bytes of the data.</param>
    /// <param name="size">Unpacked bytes.</param>
    /// <param name="crc32">CRC-32 of the unpacked bytes.</param>
    /// <exception cref="ArchiveDamagedException">The data is not what the directory says.</exception>
    public static byte[] Unpack(ReadOnlyMemory<byte> local, int method, long compressedSize, long size, uint crc32)
    {
        var header = local.Span;
        if (header.Length < HeaderSize || BinaryPrimitives.ReadUInt32LittleEndian(header) != HeaderSignature)
            throw new ArchiveDamagedException("The entry does not begin where the list of entries says.");
        if (BinaryPrimitives.ReadUInt16LittleEndian(header[8..]) != method)
            throw new ArchiveDamagedException("The entry and the list of entries name different methods of compression.");
        var start = HeaderSize + BinaryPrimitives.ReadUInt16LittleEndian(header[26..]) + BinaryPrimitives.ReadUInt16LittleEndian(header[28..]);
        if (start + compressedSize > local.Length)
            throw new ArchiveDamagedException("The entry ends early.");
        var data = local.Slice(start, (int)compressedSize);
        var content = method == 0 ? data.ToArray() : Inflate(data, size);
        if (content.Length != size || Crc32.HashToUInt32(content) != crc32)
            throw new ArchiveDamagedException("The content of the entry differs from what the list of entries says.");
        return content;
    }

    /// <summary>Never unpacks more than one byte more than announced.</summary>
    private static byte[] Inflate(ReadOnlyMemory<byte> data, long size)
    {
        var content = GC.AllocateUninitializedArray<byte>((int)size);
        try
        {
            using var inflate = new DeflateStream(new MemoryStream(data.ToArray(), writable: false), CompressionMode.Decompress);
            if (inflate.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) < content.Length || inflate.ReadByte() >= 0)
                throw new ArchiveDamagedException("The entry unpacks to another size than the list of entries says.");
        }
        catch (InvalidDataException damaged)
        {
            throw new ArchiveDamagedException("The compressed data of the entry is damaged.", damaged);
        }
        return content;
    }
}
