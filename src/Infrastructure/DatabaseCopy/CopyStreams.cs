using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>The bytes of COPY, binary or text, as streams.</summary>
internal static class CopyStreams
{
    private const int BufferBytes = 1 << 18;

    /// <summary>Sends what one COPY reads to <paramref name="write"/> and hashes its rows.</summary>
    /// <param name="connection">The source.</param>
    /// <param name="copyOut">A COPY … TO STDOUT.</param>
    /// <param name="isText">Whether it sends text.</param>
    /// <param name="write">Takes each piece; the memory is used again afterwards. Null to hash only.</param>
    /// <param name="moved">Told of each piece's bytes.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<ContentHash> ReadAsync(
        NpgsqlConnection connection, string copyOut, bool isText, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? write, Action<long> moved,
        CancellationToken cancellation)
    {
        await using var source = await OpenReadAsync(connection, copyOut, isText, cancellation);
        return await ReadAsync(source, isText, write, moved, cancellation);
    }

    /// <summary>Sends the rows of a stored COPY to the database, or only reads them where there is none.</summary>
    public static Task<ContentHash> LoadAsync(
        Stream source, bool isText, NpgsqlConnection? target, string? copyIn, Action<long> moved, CancellationToken cancellation) => target is null
        ? ReadAsync(source, isText, null, moved, cancellation)
        : WriteAsync(target, copyIn!, isText, write => ReadAsync(source, isText, write, moved, cancellation), cancellation);

    /// <summary>Sends what one COPY reads into another.</summary>
    public static Task<ContentHash> PipeAsync(
        NpgsqlConnection source, string copyOut, NpgsqlConnection target, string copyIn, bool isText, Action<long> moved, CancellationToken cancellation) =>
        WriteAsync(target, copyIn, isText, write => ReadAsync(source, copyOut, isText, write, moved, cancellation), cancellation);

    private static async Task<ContentHash> ReadAsync(
        Stream source, bool isText, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? write, Action<long> moved, CancellationToken cancellation)
    {
        var hasher = new RowHasher(isText);
        var buffer = new byte[BufferBytes];
        for (var ended = false; !ended;)
        {
            // The server sends a message for each row, and a read returns at most one.
            var filled = 0;
            while (filled < buffer.Length && !ended)
            {
                var read = await source.ReadAsync(buffer.AsMemory(filled), cancellation);
                filled += read;
                ended = read == 0;
            }
            hasher.Append(buffer.AsSpan(0, filled));
            if (write is not null && filled > 0)
                await write(buffer.AsMemory(0, filled), cancellation);
            moved(filled);
        }
        return hasher.Hash;
    }

    private static async Task<ContentHash> WriteAsync(
        NpgsqlConnection target, string copyIn, bool isText, Func<Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>, Task<ContentHash>> read, CancellationToken cancellation)
    {
        // A COPY is cancelled when reading fails; then nothing of it stays.
        if (isText)
        {
            var writer = (NpgsqlCopyTextWriter)await target.BeginTextImportAsync(copyIn, cancellation);
            try
            {
                var hash = await read(writer.BaseStream.WriteAsync);
                await writer.DisposeAsync();
                return hash;
            }
            catch
            {
                await writer.CancelAsync();
                throw;
            }
        }
        await using var stream = await target.BeginRawBinaryCopyAsync(copyIn, cancellation);
        try
        {
            return await read(stream.WriteAsync);
        }
        catch
        {
            await stream.CancelAsync();
            throw;
        }
    }

    private static async Task<Stream> OpenReadAsync(NpgsqlConnection connection, string copyOut, bool isText, CancellationToken cancellation) => isText
        ? ((StreamReader)await connection.BeginTextExportAsync(copyOut, cancellation)).BaseStream
        : await connection.BeginRawBinaryCopyAsync(copyOut, cancellation);
}
