using System.IO.Compression;
using System.Text;

namespace VisionPlatform.Application.Datasets;

/// <summary>A file of a ZIP.</summary>
/// <param name="Name">Name with forward slashes.</param>
/// <param name="Size">Bytes.</param>
public readonly record struct StoredFile(string Name, long Size);

/// <summary>
/// A ZIP of files that are stored without compression, written by <see cref="ZipArchive"/> to a stream that cannot seek. Its length follows from names
/// and sizes alone, so it is known before the first byte is written; with one time for all files, the same files give the same bytes.
/// </summary>
public static class StoredZip
{
    // Sizes of the records (PKWARE APPNOTE 4.3). Checksums follow the data, because they are not known before it; that of an empty file is 0.
    private const int LocalHeader = 30, Descriptor = 16, CentralHeader = 46, End = 22, End64 = 56 + 20, Offset64 = 4 + 8;

    /// <summary>Bytes of the ZIP. No file may have 4 GB.</summary>
    public static long LengthOf(IEnumerable<StoredFile> files)
    {
        var (offset, directory, count) = (0L, 0L, 0);
        foreach (var file in files)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(file.Size, uint.MaxValue);
            var name = Encoding.UTF8.GetByteCount(file.Name);
            directory += CentralHeader + name + (offset > uint.MaxValue ? Offset64 : 0);
            offset += LocalHeader + name + file.Size + (file.Size > 0 ? Descriptor : 0);
            count++;
        }
        var is64 = count >= ushort.MaxValue || offset > uint.MaxValue || directory > uint.MaxValue;
        return offset + directory + End + (is64 ? End64 : 0);
    }

    /// <summary>Writes the ZIP.</summary>
    /// <param name="files">Names and the content of each, which is read when its turn comes and must have the size that was counted.</param>
    /// <param name="time">Time of all files; ZIPs know it to two seconds.</param>
    /// <param name="target">Where to; need not be seekable.</param>
    /// <param name="cancellation">Cancels.</param>
    public static async Task WriteAsync(IAsyncEnumerable<(string Name, Stream Content)> files, DateTimeOffset time, Stream target, CancellationToken cancellation)
    {
        await using var zip = await ZipArchive.CreateAsync(target, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8, cancellation);
        await foreach (var (name, content) in files.WithCancellation(cancellation))
        {
            var entry = zip.CreateEntry(name, CompressionLevel.NoCompression);
            entry.LastWriteTime = time.ToUniversalTime();
            await using var written = await entry.OpenAsync(cancellation);
            await content.CopyToAsync(written, cancellation);
        }
    }
}
