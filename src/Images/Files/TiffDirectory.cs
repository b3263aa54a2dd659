using System.Buffers.Binary;

namespace VisionPlatform.Images.Files;

/// <summary>The first directory of a TIFF file (or BigTIFF), or of an EXIF block, which has the same form.</summary>
internal sealed class TiffDirectory
{
    private const int MaxEntries = 4096;
    private const int Orientation = 274;

    private readonly FileBytes _bytes;
    private readonly bool _bigEndian, _big;
    private readonly long _start, _count, _first;
    private readonly SortedDictionary<int, long> _positions = [];

    public TiffDirectory(FileBytes bytes)
    {
        _bytes = bytes;
        _bigEndian = bytes[0] == 'M';
        _big = bytes.UInt16(2, _bigEndian) == 43;
        _start = Word(_big ? 8 : 4);
        _count = _big ? bytes.Int64(_start, _bigEndian) : bytes.UInt16(_start, _bigEndian);
        _first = _start + (_big ? 8 : 2);
        if (_count is < 0 or > MaxEntries)
            throw bytes.Damaged();
        for (var i = 0; i < _count; i++)
            _positions.TryAdd(bytes.UInt16(_first + i * EntrySize, _bigEndian), _first + i * EntrySize);
    }

    private int EntrySize => _big ? 20 : 12;

    /// <summary>The orientation (1 to 8) in an EXIF block; 1 if there is none or the block is broken.</summary>
    public static int OrientationOf(byte[] block)
    {
        try
        {
            return ImageSignature.Of(block) == ImageFormat.Tiff && new TiffDirectory(new FileBytes(block, ImageFormat.Tiff)).Number(Orientation, 1) is >= 1 and <= 8 and var value
                ? (int)value
                : 1;
        }
        catch (RefusedImageException)
        {
            return 1;
        }
    }

    /// <summary>The values of a tag of type SHORT, LONG or LONG8; empty if there is no such tag.</summary>
    public long[] Numbers(int tag, int limit = 8)
    {
        if (!_positions.TryGetValue(tag, out var position))
            return [];
        var type = _bytes.UInt16(position + 2, _bigEndian);
        var count = Word(position + 4);
        var size = type switch { 3 => 2, 4 => 4, 16 => 8, _ => throw _bytes.Damaged() };
        if (count < 1 || count > limit)
            throw _bytes.Damaged();
        var value = position + (_big ? 12 : 8);
        if (count * size > (_big ? 8 : 4))
            value = Word(value);
        var numbers = new long[count];
        for (var i = 0; i < count; i++)
            numbers[i] = size switch
            {
                2 => _bytes.UInt16(value + i * 2, _bigEndian),
                4 => _bytes.UInt32(value + i * 4, _bigEndian),
                _ => _bytes.Int64(value + i * 8, _bigEndian),
            };
        return numbers;
    }

    /// <summary>The first value of a tag.</summary>
    public long Number(int tag, long otherwise) => Numbers(tag) is [var first, ..] ? first : otherwise;

    /// <summary>The file with only the given tags in this directory, and no directory after it.</summary>
    public byte[] Trimmed(IReadOnlySet<int> tags)
    {
        var file = _bytes.Content.ToArray();
        var kept = _positions.Where(pair => tags.Contains(pair.Key)).Select(pair => pair.Value).ToArray();
        if (_big)
            WriteInt64(file.AsSpan((int)_start), kept.Length);
        else
            WriteUInt16(file.AsSpan((int)_start), (ushort)kept.Length);
        var rest = file.AsSpan((int)_first, (int)Math.Min(_count * EntrySize + (_big ? 8 : 4), file.Length - _first));
        rest.Clear();
        for (var i = 0; i < kept.Length; i++)
            _bytes.Slice(kept[i], EntrySize).CopyTo(rest[(i * EntrySize)..]);
        return file;
    }

    private long Word(long position) => _big ? _bytes.Int64(position, _bigEndian) : _bytes.UInt32(position, _bigEndian);

    private void WriteInt64(Span<byte> target, long value)
    {
        if (_bigEndian)
            BinaryPrimitives.WriteInt64BigEndian(target, value);
        else
            BinaryPrimitives.WriteInt64LittleEndian(target, value);
    }

    private void WriteUInt16(Span<byte> target, ushort value)
    {
        if (_bigEndian)
            BinaryPrimitives.WriteUInt16BigEndian(target, value);
        else
            BinaryPrimitives.WriteUInt16LittleEndian(target, value);
    }
}
