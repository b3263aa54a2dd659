using System.Buffers.Binary;
using System.Text;
using VisionPlatform.Infrastructure.DatabaseCopy;

namespace VisionPlatform.Infrastructure.Tests.DatabaseCopy;

public sealed class RowHasherTests
{
    private static readonly byte[][][] Rows = [[[1, 2, 3], []], [null!, new byte[300]], [[7], [255, 255]], []];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(64)]
    [InlineData(100_000)]
    public void A_stream_has_the_same_hash_in_pieces_of_any_length(int length)
    {
        var stream = Stream(Rows);

        var hasher = new RowHasher(isText: false);
        foreach (var piece in stream.Chunk(length))
            hasher.Append(piece);

        Assert.Equal(Rows.Length, hasher.Hash.Rows);
        Assert.Equal(Hash(stream), hasher.Hash);
    }

    [Fact]
    public void The_order_of_rows_makes_no_difference()
        => Assert.Equal(Hash(Stream(Rows)), Hash(Stream([.. Rows.Reverse()])));

    [Fact]
    public void A_changed_moved_repeated_or_missing_value_makes_a_difference()
    {
        byte[][][][] others =
        [
            [[[1, 2, 4], []], .. Rows[1..]], [[[], [1, 2, 3]], .. Rows[1..]], [[[1, 2, 3], null!], .. Rows[1..]], [.. Rows, Rows[0]], Rows[1..], [[[1, 2, 3]], .. Rows[1..]],
        ];

        Assert.Equal(others.Length, others.Select(rows => Hash(Stream(rows))).Append(Hash(Stream(Rows))).Distinct().Count() - 1);
    }

    [Fact]
    public void Rows_of_text_end_with_a_line_feed()
    {
        var hasher = new RowHasher(isText: true);
        foreach (var piece in Encoding.UTF8.GetBytes("1\ta\\nb\n2\t\\N\n").Chunk(5))
            hasher.Append(piece);
        var other = new RowHasher(isText: true);
        other.Append("2\t\\N\n1\ta\\nb\n"u8);

        Assert.Equal(2, hasher.Hash.Rows);
        Assert.Equal(other.Hash, hasher.Hash);
    }

    [Fact]
    public void Other_bytes_are_refused() =>
        Assert.Throws<InvalidDataException>(() => new RowHasher(isText: false).Append(Encoding.UTF8.GetBytes("1\tthis is text and not binary\n")));

    private static ContentHash Hash(byte[] stream)
    {
        var hasher = new RowHasher(isText: false);
        hasher.Append(stream);
        return hasher.Hash;
    }

    /// <summary>A binary COPY; a null field is null.</summary>
    private static byte[] Stream(byte[][][] rows)
    {
        var bytes = new List<byte>([.. "PGCOPY\n\u00ff\r\n\0"u8[..7], 0xff, .. "\r\n\0"u8, 0, 0, 0, 0, 0, 0, 0, 0]);
        foreach (var row in rows)
        {
            bytes.AddRange(Number(2, row.Length));
            foreach (var field in row)
            {
                bytes.AddRange(Number(4, field?.Length ?? -1));
                bytes.AddRange(field ?? []);
            }
        }
        return [.. bytes, 255, 255];
    }

    private static byte[] Number(int size, int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes[(4 - size)..];
    }
}
