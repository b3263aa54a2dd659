using System.Formats.Tar;
using System.IO.Compression;
using VisionPlatform.Domain.Datasets;
using ZstdSharp;

namespace VisionPlatform.Infrastructure.Archives;

/// <summary>The archive cannot be read. The message says why, as a sentence for people.</summary>
public sealed class ArchiveDamagedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Finds the type of an archive from its content.</summary>
public static class ArchiveFormats
{
    /// <summary>Bytes from the beginning that are enough to know the type.</summary>
    public const int Needed = 64 * 1024;

    /// <summary>The type; null when it is not supported.</summary>
    /// <param name="start">The first <see cref="Needed"/> bytes, or all when there are fewer.</param>
    public static ArchiveFormat? Of(byte[] start) => start switch
    {
        // A file header, or the end of an empty archive.
        [(byte)'P', (byte)'K', 3, 4, ..] or [(byte)'P', (byte)'K', 5, 6, ..] => ArchiveFormat.Zip,
        [0x1F, 0x8B, ..] => HasTar(start, ArchiveFormat.TarGz) ? ArchiveFormat.TarGz : null,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => HasTar(start, ArchiveFormat.TarZst) ? ArchiveFormat.TarZst : null,
        _ => HasTar(start, ArchiveFormat.Tar) ? ArchiveFormat.Tar : null,
    };

    /// <summary>Undoes the compression of a TAR.</summary>
    public static Stream Decompress(Stream source, ArchiveFormat format) => format switch
    {
        ArchiveFormat.TarGz => new GZipStream(source, CompressionMode.Decompress),
        ArchiveFormat.TarZst => new DecompressionStream(source),
        _ => source,
    };

    private static bool HasTar(byte[] start, ArchiveFormat format)
    {
        try
        {
            using var stream = Decompress(new MemoryStream(start), format);
            var header = new byte[512];
            if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length)
                return false;
            // POSIX and GNU archives say what they are; older ones have only their checksum.
            if (header.AsSpan(257, 5).SequenceEqual("ustar"u8))
                return true;
            using var tar = new TarReader(new MemoryStream(header));
            return tar.GetNextEntry() is not null;
        }
        catch (Exception other) when (other is InvalidDataException or IOException or FormatException or ZstdException)
        {
            return false;
        }
    }
}
