using System.Buffers.Binary;
using System.Text;

namespace VisionPlatform.Infrastructure.Archives;

/// <summary>Reads bytes of an archive: all that were asked for.</summary>
/// <param name="from">Position of the first byte.</param>
/// <param name="length">Bytes.</param>
/// <param name="cancellation">Cancels.</param>
public delegate Task<byte[]> ReadRange(long from, int length, CancellationToken cancellation);

/// <summary>An entry as the central directory describes it.</summary>
/// <param name="Name">Name with forward slashes; one that ends in a slash is a folder.</param>
/// <param name="Offset">Where its local header begins.</param>
/// <param name="Method">Compression method: 0 stored, 8 deflate.</param>
/// <param name="IsEncrypted">Whether its data is encrypted.</param>
/// <param name="UnixMode">Mode bits of Unix; 0 when the archive does not have them.</param>
public sealed record ZipEntry(string Name, long Offset, long CompressedSize, long Size, uint Crc32, int Method, bool IsEncrypted, int UnixMode)
{
    public bool IsFolder => Name.EndsWith('/');

    /// <summary>Whether it is a file, not a link or device. 0 is what archives of Windows have.</summary>
    public bool IsFile => (UnixMode & 0xF000) is 0x8000 or 0;
}

/// <summary>
/// Reads the central directory of a ZIP by ranges (PKWARE APPNOTE 6.3.10, 4.3.12 to 4.3.16), so that an archive in object storage is neither copied
/// nor read as a whole. <see cref="System.IO.Compression.ZipArchive"/> does not say where an entry lies, so each call that unpacks some entries would
/// have to read the directory again.
/// </summary>
public static class ZipDirectory
{
    private const int EndSize = 22, LongestComment = 65_535, LocatorSize = 20, End64Size = 56, HeaderSize = 46;
    private const uint EndSignature = 0x06054B50, LocatorSignature = 0x07064B50, End64Signature = 0x06064B50, HeaderSignature = 0x02014B50;
    private const int Window = 1024 * 1024;

    // Names without the flag for UTF-8 are in the code page of the first IBM PC, but many programs write UTF-8 all the same.
    private static readonly Encoding StrictUtf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);
    private static readonly Encoding IbmPc = CodePagesEncodingProvider.Instance.GetEncoding(437)!;

    /// <summary>Where the directory lies.</summary>
    private readonly record struct End(long Entries, long Offset, long Size);

    /// <summary>All entries in the order of the directory, folders included.</summary>
    /// <param name="read">Reads the archive.</param>
    /// <param name="length">Bytes of the archive.</param>
    /// <param name="most">More entries than this are an error before they are read.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <exception cref="ArchiveDamagedException">The directory is missing, or contradicts itself or the archive.</exception>
    /// <exception cref="ArchiveTooManyEntriesException">There are more than <paramref name="most"/>.</exception>
    public static async Task<IReadOnlyList<ZipEntry>> ReadAsync(ReadRange read, long length, int most, CancellationToken cancellation)
    {
        var end = await FindEndAsync(read, length, cancellation);
        if (end.Entries > most)
            throw new ArchiveTooManyEntriesException(end.Entries);
        if (end.Offset < 0 || end.Size < 0 || end.Offset > length - end.Size || end.Entries < 0 || end.Entries > end.Size / HeaderSize)
            throw new ArchiveDamagedException("The list of entries at the end of the ZIP does not fit the file.");
        var entries = new List<ZipEntry>((int)end.Entries);
        var window = Array.Empty<byte>();
        var (at, next, stop) = (0, end.Offset, end.Offset + end.Size);
        while (entries.Count < end.Entries)
        {
            if (window.Length - at < HeaderSize || window.Length - at < LengthAt(window.AsSpan(at)))
            {
                var more = (int)Math.Min(Window, stop - next);
                if (more == 0)
                    throw new ArchiveDamagedException("The list of entries at the end of the ZIP ends early.");
                var following = await read(next, more, cancellation);
                window = [.. window.AsSpan(at), .. following];
                (at, next) = (0, next + more);
                continue;
            }
            entries.Add(Parse(window.AsSpan(at), end.Offset));
            at += LengthAt(window.AsSpan(at));
        }
        RefuseOverlaps(entries, end.Offset);
        return entries;
    }

    private static async Task<End> FindEndAsync(ReadRange read, long length, CancellationToken cancellation)
    {
        var from = Math.Max(0, length - EndSize - LongestComment - LocatorSize);
        var tail = await read(from, (int)(length - from), cancellation);
        for (var at = tail.Length - EndSize; at >= 0; at--)
        {
            // The comment must reach exactly to the end: an entry may hold the signature too.
            if (UInt32(tail.AsSpan(at)) != EndSignature || at + EndSize + UInt16(tail.AsSpan(at + 20)) != tail.Length)
                continue;
            var end = new End(UInt16(tail.AsSpan(at + 10)), UInt32(tail.AsSpan(at + 16)), UInt32(tail.AsSpan(at + 12)));
            var has64 = at >= LocatorSize && UInt32(tail.AsSpan(at - LocatorSize)) == LocatorSignature;
            if (has64 && (end.Entries == 0xFFFF || end.Size == 0xFFFFFFFF || end.Offset == 0xFFFFFFFF))
                return await ReadEnd64Async(read, Int64(tail.AsSpan(at - LocatorSize + 8)), length, cancellation);
            return UInt16(tail.AsSpan(at + 4)) == 0 ? end : throw Divided();
        }
        throw new ArchiveDamagedException("The ZIP has no list of entries at its end: it was cut off.");
    }

    private static async Task<End> ReadEnd64Async(ReadRange read, long at, long length, CancellationToken cancellation)
    {
        if (at < 0 || at > length - End64Size)
            throw new ArchiveDamagedException("The ZIP64 part of the archive is outside the file.");
        var end = await read(at, End64Size, cancellation);
        if (UInt32(end) != End64Signature)
            throw new ArchiveDamagedException("The ZIP64 part of the archive is missing.");
        return UInt32(end.AsSpan(16)) == 0 ? new End(Int64(end.AsSpan(32)), Int64(end.AsSpan(48)), Int64(end.AsSpan(40))) : throw Divided();
    }

    private static ArchiveDamagedException Divided() => new("The ZIP is divided into several files.");

    private static int LengthAt(ReadOnlySpan<byte> header) => HeaderSize + UInt16(header[28..]) + UInt16(header[30..]) + UInt16(header[32..]);

    private static ZipEntry Parse(ReadOnlySpan<byte> header, long directory)
    {
        if (UInt32(header) != HeaderSignature)
            throw new ArchiveDamagedException("The list of entries at the end of the ZIP is damaged.");
        var (madeBy, flags, method) = (header[5], UInt16(header[8..]), UInt16(header[10..]));
        var name = header.Slice(HeaderSize, UInt16(header[28..]));
        long compressed = UInt32(header[20..]), size = UInt32(header[24..]), offset = UInt32(header[42..]);
        ReadZip64(header.Slice(HeaderSize + name.Length, UInt16(header[30..])), ref size, ref compressed, ref offset);
        if (size < 0 || compressed < 0 || offset < 0 || offset > directory || compressed > directory - offset)
            throw new ArchiveDamagedException("The list of entries at the end of the ZIP names data that is not there.");
        const int Unix = 3, MacOs = 19;
        return new ZipEntry(
            Decode(name, isUtf8: (flags & 0x800) != 0), offset, compressed, size, UInt32(header[16..]), method, (flags & 0x41) != 0,
            madeBy is Unix or MacOs ? UInt16(header[40..]) : 0);
    }

    // Extra field 1 has those of the values, in this order, that do not fit into the header.
    private static void ReadZip64(ReadOnlySpan<byte> extra, ref long size, ref long compressed, ref long offset)
    {
        while (extra.Length >= 4)
        {
            var length = UInt16(extra[2..]);
            if (length > extra.Length - 4)
                return;
            if (UInt16(extra) == 1)
            {
                var values = extra.Slice(4, length);
                Take(ref values, ref size);
                Take(ref values, ref compressed);
                Take(ref values, ref offset);
                return;
            }
            extra = extra[(4 + length)..];
        }

        static void Take(ref ReadOnlySpan<byte> values, ref long value)
        {
            if (value != 0xFFFFFFFF)
                return;
            if (values.Length < 8)
                throw new ArchiveDamagedException("The ZIP64 part of an entry is missing.");
            value = Int64(values);
            values = values[8..];
        }
    }

    private static string Decode(ReadOnlySpan<byte> name, bool isUtf8)
    {
        try
        {
            return StrictUtf8.GetString(name);
        }
        catch (DecoderFallbackException) when (!isUtf8)
        {
            return IbmPc.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.UTF8.GetString(name);
        }
    }

    // Entries that share their data are how a small file claims to be a large one.
    private static void RefuseOverlaps(List<ZipEntry> entries, long directory)
    {
        var end = 0L;
        foreach (var entry in entries.OrderBy(entry => entry.Offset))
        {
            if (entry.Offset < end)
                throw new ArchiveDamagedException($"The entry '{entry.Name}' lies within another one.");
            end = entry.Offset + ZipData.HeaderSize + entry.CompressedSize;
        }
        if (end > directory)
            throw new ArchiveDamagedException("An entry lies within the list of entries.");
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static long Int64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);
}

/// <summary>The archive names more entries than allowed.</summary>
/// <param name="entries">How many it names.</param>
public sealed class ArchiveTooManyEntriesException(long entries) : Exception($"The archive has {entries} entries.")
{
    public long Entries { get; } = entries;
}
