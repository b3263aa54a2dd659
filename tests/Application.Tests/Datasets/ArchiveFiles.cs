using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using VisionPlatform.Infrastructure.Tests.Images;
using ZstdSharp;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>Archives as people make them, and as nobody should.</summary>
internal static class ArchiveFiles
{
    /// <summary>A PNG whose content depends on the number.</summary>
    public static byte[] Png(int number) => TestImages.Png(8, 8, (x, y, _) => (x * 7 + y * 13 + number * 29) % 251 / 255.0);

    /// <summary>A ZIP; names that end in a slash are folders.</summary>
    /// <param name="streamed">Whether it is written to something that cannot seek: sizes and CRC follow the data.</param>
    public static byte[] Zip(IEnumerable<(string Name, byte[] Content)> files, CompressionLevel level = CompressionLevel.Fastest, bool streamed = false)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(streamed ? new OnlyForward(bytes) : bytes, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var (name, content) in files)
            {
                using var entry = zip.CreateEntry(name, level).Open();
                entry.Write(content);
            }
        return bytes.ToArray();
    }

    public static byte[] Tar(IEnumerable<TarEntry> entries)
    {
        var bytes = new MemoryStream();
        using (var tar = new TarWriter(bytes, TarEntryFormat.Pax, leaveOpen: true))
            foreach (var entry in entries)
                tar.WriteEntry(entry);
        return bytes.ToArray();
    }

    public static byte[] Tar(IEnumerable<(string Name, byte[] Content)> files) =>
        Tar(files.Select(file => new PaxTarEntry(TarEntryType.RegularFile, file.Name) { DataStream = new MemoryStream(file.Content) }));

    public static byte[] Gzip(byte[] content)
    {
        var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
            gzip.Write(content);
        return bytes.ToArray();
    }

    public static byte[] Zstd(byte[] content)
    {
        using var compressor = new Compressor();
        return compressor.Wrap(content).ToArray();
    }

    /// <summary>Changes the header of an entry in the list at the end of a ZIP.</summary>
    public static byte[] WithHeader(this byte[] zip, string name, HeaderChange change)
    {
        var copy = zip.ToArray();
        var at = copy.AsSpan().LastIndexOf(Encoding.UTF8.GetBytes(name)) - 46;
        Assert.Equal(0x02014B50u, BinaryPrimitives.ReadUInt32LittleEndian(copy.AsSpan(at)));
        change(copy.AsSpan(at));
        return copy;
    }

    public delegate void HeaderChange(Span<byte> header);

    public sealed class OnlyForward(Stream target) : Stream
    {
        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => target.Write(buffer, offset, count);
    }
}
