using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;
using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>Large objects (<c>pg_largeobject</c>), which belong to no table.</summary>
internal static class LargeObjects
{
    private const int PieceBytes = 1 << 20;

    /// <summary>Makes each large object of the source at the target under its id, in one transaction; one that is there already is replaced.</summary>
    public static async Task CopyAsync(NpgsqlConnection source, NpgsqlConnection target, Action<long> moved, CancellationToken cancellation)
    {
        var objects = await ListAsync(source, cancellation);
        if (objects.Count == 0)
            return;
        await using var transaction = await target.BeginTransactionAsync(cancellation);
        var mayGive = await Catalog.ScalarAsync<bool>(target, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user", cancellation);
        foreach (var (id, owner) in objects)
        {
            await CreateAsync(target, id, cancellation);
            await foreach (var (offset, piece) in PiecesAsync(source, id, cancellation))
            {
                await PutAsync(target, id, offset, piece, cancellation);
                moved(piece.Length);
            }
            if (mayGive)
                await GiveAsync(target, id, owner, cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>
    /// Writes all large objects: for each its id (32 bits), the name of its owner, pieces with their length before them (32 bits), and a length of 0;
    /// at the end the id 0. Numbers are little-endian.
    /// </summary>
    public static async Task WriteAsync(NpgsqlConnection source, Stream output, Action<long> moved, CancellationToken cancellation)
    {
        foreach (var (id, owner) in await ListAsync(source, cancellation))
        {
            await WriteNumberAsync(output, id, cancellation);
            await WritePieceAsync(output, Encoding.UTF8.GetBytes(owner), cancellation);
            await foreach (var (_, piece) in PiecesAsync(source, id, cancellation))
            {
                await WritePieceAsync(output, piece, cancellation);
                moved(piece.Length);
            }
            await WriteNumberAsync(output, 0, cancellation);
        }
        await WriteNumberAsync(output, 0, cancellation);
    }

    /// <summary>Makes the large objects that <see cref="WriteAsync"/> wrote, in one transaction.</summary>
    /// <param name="input">The stream.</param>
    /// <param name="target">Where to; null: only read the stream to its end.</param>
    /// <param name="moved">Told of bytes.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task ReadAsync(Stream input, NpgsqlConnection? target, Action<long> moved, CancellationToken cancellation)
    {
        await using var transaction = target is null ? null : await target.BeginTransactionAsync(cancellation);
        var mayGive = target is not null && await Catalog.ScalarAsync<bool>(target, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user", cancellation);
        while (await ReadNumberAsync(input, cancellation) is > 0 and var id)
        {
            var owner = Encoding.UTF8.GetString(await ReadPieceAsync(input, cancellation) ?? []);
            if (target is not null)
                await CreateAsync(target, id, cancellation);
            for (long offset = 0; await ReadPieceAsync(input, cancellation) is { } piece; offset += piece.Length)
            {
                if (target is not null)
                    await PutAsync(target, id, offset, piece, cancellation);
                moved(piece.Length);
            }
            if (mayGive)
                await GiveAsync(target!, id, owner, cancellation);
        }
        if (transaction is not null)
            await transaction.CommitAsync(cancellation);
    }

    private static Task<List<(uint Id, string Owner)>> ListAsync(NpgsqlConnection source, CancellationToken cancellation) => Catalog.RowsAsync(
        source, "SELECT oid, pg_get_userbyid(lomowner)::text FROM pg_largeobject_metadata ORDER BY oid", row => (row.GetFieldValue<uint>(0), row.GetString(1)), cancellation);

    private static async IAsyncEnumerable<(long Offset, byte[] Piece)> PiecesAsync(
        NpgsqlConnection source, uint id, [EnumeratorCancellation] CancellationToken cancellation)
    {
        for (long offset = 0; ; offset += PieceBytes)
        {
            await using var read = new NpgsqlCommand($"SELECT lo_get({id}, {offset}, {PieceBytes})", source);
            var piece = (byte[])(await read.ExecuteScalarAsync(cancellation))!;
            if (piece.Length > 0)
                yield return (offset, piece);
            if (piece.Length < PieceBytes)
                yield break;
        }
    }

    private static async Task CreateAsync(NpgsqlConnection target, uint id, CancellationToken cancellation)
    {
        await Catalog.ExecuteAsync(target, $"SELECT lo_unlink(oid) FROM pg_largeobject_metadata WHERE oid = {id}", cancellation);
        await Catalog.ExecuteAsync(target, $"SELECT lo_create({id})", cancellation);
    }

    private static async Task PutAsync(NpgsqlConnection target, uint id, long offset, byte[] piece, CancellationToken cancellation)
    {
        await using var write = new NpgsqlCommand($"SELECT lo_put({id}, {offset}, $1)", target) { Parameters = { new() { Value = piece } } };
        await write.ExecuteNonQueryAsync(cancellation);
    }

    private static async Task GiveAsync(NpgsqlConnection target, uint id, string owner, CancellationToken cancellation)
    {
        if (await Catalog.ScalarAsync<bool>(target, $"SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = {SchemaReader.Literal(owner)})", cancellation))
            await Catalog.ExecuteAsync(target, $"ALTER LARGE OBJECT {id} OWNER TO \"{owner.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", cancellation);
    }

    private static async Task WritePieceAsync(Stream output, byte[] piece, CancellationToken cancellation)
    {
        await WriteNumberAsync(output, (uint)piece.Length, cancellation);
        await output.WriteAsync(piece, cancellation);
    }

    private static async Task<byte[]?> ReadPieceAsync(Stream input, CancellationToken cancellation)
    {
        if (await ReadNumberAsync(input, cancellation) is not (> 0 and <= PieceBytes and var length))
            return null;
        var piece = new byte[length];
        await input.ReadExactlyAsync(piece, cancellation);
        return piece;
    }

    private static async Task WriteNumberAsync(Stream output, uint number, CancellationToken cancellation)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, number);
        await output.WriteAsync(bytes, cancellation);
    }

    private static async Task<uint> ReadNumberAsync(Stream input, CancellationToken cancellation)
    {
        var bytes = new byte[4];
        await input.ReadExactlyAsync(bytes, cancellation);
        return BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    }
}
