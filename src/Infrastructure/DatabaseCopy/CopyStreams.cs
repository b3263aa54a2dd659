using Npgsql;

namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>The bytes of COPY, binary or text, as streams.</summary>
internal static class CopyStreams
{
    private const int BufferBytes = 1 << 18;

    /// <summary>How long a read or a write of a COPY may take before its connection counts as dead. A network that swallows everything tells nobody.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Sends what one COPY reads to <paramref name="write"/> and hashes its rows.</summary>
    /// <param name="connection">The source.</param>
    /// <param name="copyOut">A COPY … TO STDOUT.</param>
    /// <param name="isText">Whether it sends text.</param>
    /// <param name="write">Takes each piece; the memory is used again afterwards. Null to hash only.</param>
    /// <param name="moved">Told of each piece's bytes.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<ContentHash> ReadAsync(
        NpgsqlConnection connection, string copyOut, bool isText, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? write, Action<long> moved,
        CancellationToken cancellation, TimeSpan? patience = null)
    {
        await using var source = await OpenReadAsync(connection, copyOut, isText, cancellation);
        return await ReadAsync(source, isText, write, moved, cancellation, patience);
    }

    /// <summary>Sends the rows of a stored COPY to the database, or only reads them where there is none.</summary>
    public static Task<ContentHash> LoadAsync(
        Stream source, bool isText, NpgsqlConnection? target, string? copyIn, Action<long> moved, CancellationToken cancellation) => target is null
        ? ReadAsync(source, isText, null, moved, cancellation)
        : WriteAsync(target, copyIn!, isText, write => ReadAsync(source, isText, write, moved, cancellation), cancellation);

    /// <summary>Sends what one COPY reads into another.</summary>
    public static Task<ContentHash> PipeAsync(
        NpgsqlConnection source, string copyOut, NpgsqlConnection target, string copyIn, bool isText, Action<long> moved, CancellationToken cancellation, TimeSpan? patience = null) =>
        WriteAsync(target, copyIn, isText, write => ReadAsync(source, copyOut, isText, write, moved, cancellation, patience), cancellation, patience);

    private static async Task<ContentHash> ReadAsync(
        Stream source, bool isText, Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>? write, Action<long> moved, CancellationToken cancellation, TimeSpan? patience = null)
    {
        var hasher = new RowHasher(isText);
        var buffer = new byte[BufferBytes];
        for (var ended = false; !ended;)
        {
            // The server sends a message for each row, and a read returns at most one.
            var filled = 0;
            while (filled < buffer.Length && !ended)
            {
                var at = filled;
                var read = await InTimeAsync(token => source.ReadAsync(buffer.AsMemory(at), token), "the sender of rows", patience, cancellation);
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
        NpgsqlConnection target, string copyIn, bool isText, Func<Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask>, Task<ContentHash>> read, CancellationToken cancellation,
        TimeSpan? patience = null)
    {
        // A COPY is cancelled when reading fails; then nothing of it stays.
        async ValueTask SendAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken token) => await InTimeAsync(
            async inTime =>
            {
                await stream.WriteAsync(bytes, inTime);
                return true;
            },
            "the receiver of rows", patience, token);

        if (isText)
        {
            var writer = (NpgsqlCopyTextWriter)await target.BeginTextImportAsync(copyIn, cancellation);
            try
            {
                var hash = await read((bytes, token) => SendAsync(writer.BaseStream, bytes, token));
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
            return await read((bytes, token) => SendAsync(stream, bytes, token));
        }
        catch
        {
            await stream.CancelAsync();
            throw;
        }
    }

    /// <exception cref="IOException">Nothing moved for too long.</exception>
    private static async Task<T> InTimeAsync<T>(Func<CancellationToken, ValueTask<T>> move, string who, TimeSpan? patience, CancellationToken cancellation)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        late.CancelAfter(patience ?? Patience);
        try
        {
            return await move(late.Token);
        }
        catch (OperationCanceledException silent) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw new IOException($"{who} was silent for {(patience ?? Patience).TotalSeconds:0} s; the network or the server is gone", silent);
        }
    }

    private static async Task<Stream> OpenReadAsync(NpgsqlConnection connection, string copyOut, bool isText, CancellationToken cancellation) => isText
        ? ((StreamReader)await connection.BeginTextExportAsync(copyOut, cancellation)).BaseStream
        : await connection.BeginRawBinaryCopyAsync(copyOut, cancellation);
}