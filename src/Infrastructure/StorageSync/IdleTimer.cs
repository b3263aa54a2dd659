using System.Net;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>Cancels a request on which nothing has moved for a while, however long the whole of it takes.</summary>
internal sealed class IdleTimer : IDisposable
{
    private readonly TimeSpan _limit;
    private readonly CancellationToken _outer;
    private readonly CancellationTokenSource _idle;
    private readonly CancellationTokenSource _both;

    public IdleTimer(TimeSpan limit, TimeProvider time, CancellationToken outer)
    {
        (_limit, _outer) = (limit, outer);
        _idle = new CancellationTokenSource(limit, time);
        _both = CancellationTokenSource.CreateLinkedTokenSource(_idle.Token, outer);
    }

    public CancellationToken Token => _both.Token;

    /// <summary>Whether the timer, and not the caller, cancelled.</summary>
    public bool IsOver => _idle.IsCancellationRequested && !_outer.IsCancellationRequested;

    /// <summary>Bytes came or went: the time begins again.</summary>
    public void Moved() => _idle.CancelAfter(_limit);

    public void Dispose()
    {
        _both.Dispose();
        _idle.Dispose();
    }
}

/// <summary>A body in memory that tells the timer of each chunk the network took.</summary>
internal sealed class WatchedContent(ReadOnlyMemory<byte> bytes, IdleTimer idle) : HttpContent
{
    private const int Chunk = 256 * 1024;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        for (var at = 0; at < bytes.Length; at += Chunk)
        {
            await stream.WriteAsync(bytes.Slice(at, Math.Min(Chunk, bytes.Length - at)), cancellationToken);
            if (at + Chunk < bytes.Length)
                idle.Moved();
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = bytes.Length;
        return true;
    }
}
