using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>
/// How many rows a table has and the sum, modulo 2^128, of the XXH128 hashes of its rows as COPY sends them. The order of rows makes no difference;
/// a changed, missing or repeated row does.
/// </summary>
public readonly record struct ContentHash(long Rows, UInt128 Sum)
{
    public static ContentHash operator +(ContentHash left, ContentHash right) => new(left.Rows + right.Rows, unchecked(left.Sum + right.Sum));

    /// <summary>The sum as 32 hexadecimal digits.</summary>
    public string Hex => Sum.ToString("x32", CultureInfo.InvariantCulture);

    public static ContentHash Parse(long rows, string hex) => new(rows, UInt128.Parse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
}

/// <summary>Finds the rows in the stream of a COPY and hashes each, whatever pieces the stream comes in.</summary>
/// <remarks>
/// Format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format": a header of 19 bytes and an extension, then for each row a
/// 16-bit count of fields and for each field a 32-bit length (-1: null) and its bytes; a count of -1 ends it. In text, a row ends with a line feed.
/// </remarks>
internal sealed class RowHasher(bool isText)
{
    private const int Signature = 15;

    private enum Expect { Header, Extension, FieldCount, FieldLength, FieldBytes, End }

    private readonly XxHash128 _split = new();
    private readonly byte[] _number = new byte[19];
    private Expect _expect = Expect.Header;
    private int _numberBytes;
    private int _fields;
    private long _left;
    private bool _isSplit;
    private long _rows;
    private UInt128 _sum;

    /// <summary>The rows so far.</summary>
    public ContentHash Hash => new(_rows, _sum);

    /// <summary>Takes the next piece of the stream.</summary>
    /// <exception cref="InvalidDataException">It is no stream of a binary COPY.</exception>
    public void Append(ReadOnlySpan<byte> piece)
    {
        if (isText)
            AppendText(piece);
        else
            AppendBinary(piece);
    }

    private void AppendText(ReadOnlySpan<byte> piece)
    {
        while (piece.IndexOf((byte)'\n') is >= 0 and var end)
        {
            Row(piece[..(end + 1)]);
            piece = piece[(end + 1)..];
        }
        Keep(piece);
    }

    private void AppendBinary(ReadOnlySpan<byte> piece)
    {
        var (position, start) = (0, 0);
        while (position < piece.Length)
        {
            switch (_expect)
            {
                case Expect.Header when TryNumber(piece, ref position, 19):
                    _left = BinaryPrimitives.ReadInt32BigEndian(_number.AsSpan(Signature));
                    _expect = _left > 0 ? Expect.Extension : Expect.FieldCount;
                    if (!_number.AsSpan(0, 6).SequenceEqual("PGCOPY"u8))
                        throw new InvalidDataException("This is no stream of a binary COPY.");
                    start = position;
                    break;
                case Expect.Extension when Skip(piece, ref position):
                    _expect = Expect.FieldCount;
                    start = position;
                    break;
                case Expect.FieldCount when TryNumber(piece, ref position, 2):
                    _fields = BinaryPrimitives.ReadInt16BigEndian(_number);
                    if (_fields == 0)
                        EndRow(piece, ref start, position);
                    else
                        _expect = _fields < 0 ? Expect.End : Expect.FieldLength;
                    break;
                case Expect.FieldLength when TryNumber(piece, ref position, 4):
                    _left = Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(_number));
                    _expect = Expect.FieldBytes;
                    // A null or empty field ends at once, also at the end of the piece.
                    if (_left == 0)
                        EndField(piece, ref start, position);
                    break;
                case Expect.FieldBytes when Skip(piece, ref position):
                    EndField(piece, ref start, position);
                    break;
                case Expect.End:
                    return;
            }
        }
        if (_expect is Expect.FieldCount or Expect.FieldLength or Expect.FieldBytes)
            Keep(piece[start..]);
    }

    private void EndField(ReadOnlySpan<byte> piece, ref int start, int position)
    {
        if (--_fields == 0)
            EndRow(piece, ref start, position);
        else
            _expect = Expect.FieldLength;
    }

    private void EndRow(ReadOnlySpan<byte> piece, ref int start, int position)
    {
        Row(piece[start..position]);
        start = position;
        _expect = Expect.FieldCount;
    }

    /// <summary>Collects a number that may lie across two pieces.</summary>
    private bool TryNumber(ReadOnlySpan<byte> piece, ref int position, int length)
    {
        var taken = Math.Min(length - _numberBytes, piece.Length - position);
        piece.Slice(position, taken).CopyTo(_number.AsSpan(_numberBytes));
        position += taken;
        _numberBytes += taken;
        if (_numberBytes < length)
            return false;
        _numberBytes = 0;
        return true;
    }

    private bool Skip(ReadOnlySpan<byte> piece, ref int position)
    {
        var taken = (int)Math.Min(_left, piece.Length - position);
        position += taken;
        return (_left -= taken) == 0;
    }

    private void Row(ReadOnlySpan<byte> bytes)
    {
        UInt128 hash;
        if (_isSplit)
        {
            _split.Append(bytes);
            hash = _split.GetCurrentHashAsUInt128();
            _split.Reset();
            _isSplit = false;
        }
        else
        {
            hash = XxHash128.HashToUInt128(bytes);
        }
        _sum = unchecked(_sum + hash);
        _rows++;
    }

    private void Keep(ReadOnlySpan<byte> unfinished)
    {
        if (unfinished.Length == 0)
            return;
        _split.Append(unfinished);
        _isSplit = true;
    }
}
