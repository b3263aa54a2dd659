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
        using var watch = new Watch(patience ?? Patience, "the sender of rows", cancellation);
        for (var ended = false; !ended;)
        {
            // The server sends a message for each row, and a read returns at most one.
            var filled = 0;
            while (filled < buffer.Length && !ended)
            {
                var read = await watch.InTimeAsync(source.ReadAsync(buffer.AsMemory(filled), watch.Token));
                filled += read;
                ended = read == 0;
            }
            watch.Rest();
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
        using var watch = new Watch(patience ?? Patience, "the receiver of rows", cancellation);
        async ValueTask SendAsync(Stream stream, ReadOnlyMemory<byte> bytes, CancellationToken _)
        {
            await watch.InTimeAsync(SentAsync(stream.WriteAsync(bytes, watch.Token)));
            watch.Rest();
        }

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
                await EndAsync(writer.CancelAsync());
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
            await EndAsync(stream.CancelAsync());
            throw;
        }
    }

    /// <summary>Cancels a COPY, as far as its connection still can. What is worth telling is why.</summary>
    private static async Task EndAsync(Task cancel)
    {
        try
        {
            await cancel;
        }
        catch (Exception gone) when (gone is NpgsqlException or IOException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // The connection is broken, so the server ends the COPY by itself.
        }
    }

    private static async ValueTask<int> SentAsync(ValueTask write)
    {
        await write;
        return 0;
    }

    private static async Task<Stream> OpenReadAsync(NpgsqlConnection connection, string copyOut, bool isText, CancellationToken cancellation) => isText
        ? ((StreamReader)await connection.BeginTextExportAsync(copyOut, cancellation)).BaseStream
        : await connection.BeginRawBinaryCopyAsync(copyOut, cancellation);

    /// <summary>Ends a read or a write on which nothing moves for too long. One timer for a whole COPY, which is set again at most once a second.</summary>
    private sealed class Watch(TimeSpan patience, string who, CancellationToken outer) : IDisposable
    {
        private const long SetAgainAfterMs = 1000;

        private readonly CancellationTokenSource _late = CancellationTokenSource.CreateLinkedTokenSource(outer);
        private long _set = long.MinValue;

        /// <summary>For the next read or write.</summary>
        public CancellationToken Token
        {
            get
            {
                var now = Environment.TickCount64;
                if (_set == long.MinValue || now - _set >= Math.Min(SetAgainAfterMs, patience.TotalMilliseconds / 4))
                {
                    _late.CancelAfter(patience);
                    _set = now;
                }
                return _late.Token;
            }
        }

        /// <summary>What follows is not the network's.</summary>
        public void Rest()
        {
            _late.CancelAfter(Timeout.InfiniteTimeSpan);
            _set = long.MinValue;
        }

        /// <exception cref="IOException">Nothing moved for too long.</exception>
        public async ValueTask<int> InTimeAsync(ValueTask<int> move)
        {
            try
            {
                return await move;
            }
            catch (OperationCanceledException silent) when (_late.IsCancellationRequested && !outer.IsCancellationRequested)
            {
                throw new IOException($"{who} was silent for {patience.TotalSeconds:0} s; the network or the server is gone", silent);
            }
        }

        public void Dispose() => _late.Dispose();
    }
}
