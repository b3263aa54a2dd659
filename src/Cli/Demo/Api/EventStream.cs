using System.Net;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;

namespace VisionPlatform.Cli.Demo.Api;

/// <summary>
/// Reads a server-sent event stream to its <c>end</c> event. A broken, closed or silent connection is opened again
/// with <c>Last-Event-ID</c>, so every event arrives once even if the platform is away in between.
/// </summary>
/// <param name="http">Sends the requests.</param>
/// <param name="path">Address of the stream.</param>
/// <param name="silence">A connection that brings nothing for this long, not even a keep-alive comment, counts as broken.</param>
/// <param name="time">Clock for the silence and for the pauses.</param>
internal sealed class EventStream(PlatformHttp http, string path, TimeSpan silence, TimeProvider time)
{
    private static readonly TimeSpan _pauseAfterNothing = TimeSpan.FromSeconds(0.5);
    private string? _lastEventId;

    /// <summary>All events with their type and data, the <c>end</c> event as the last one.</summary>
    public async IAsyncEnumerable<SseItem<string>> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var empty = 0; ; empty++)
        {
            using var response = await http.SendAsync(Request, HttpCompletionOption.ResponseHeadersRead, Repeat.Always, bearer: null, cancellation);
            await using var body = new IdleTimeoutStream(await response.Content.ReadAsStreamAsync(cancellation), silence, time);
            await using var events = SseParser.Create(body).EnumerateAsync(cancellation).GetAsyncEnumerator(cancellation);
            while (await NextAsync(events, cancellation))
            {
                empty = 0;
                var item = events.Current;
                if (item.EventId is { Length: > 0 } id)
                    _lastEventId = id;
                yield return item;
                if (item.EventType == "end")
                    yield break;
            }
            // The server may close a long stream at any time. After a connection that brought nothing, wait before opening the next.
            if (empty > 0)
                await Task.Delay(_pauseAfterNothing, time, cancellation);
        }
    }

    private HttpRequestMessage Request()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version11 };
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (_lastEventId is not null)
            request.Headers.TryAddWithoutValidation("Last-Event-ID", _lastEventId);
        return request;
    }

    /// <summary>False at the end of the connection, however it ended.</summary>
    private static async Task<bool> NextAsync(IAsyncEnumerator<SseItem<string>> events, CancellationToken cancellation)
    {
        try
        {
            return await events.MoveNextAsync();
        }
        catch (Exception failure) when (failure is IOException or HttpRequestException or TimeoutException && !cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}

/// <summary>A read-only stream whose reads end in <see cref="TimeoutException"/> when nothing arrives for <paramref name="idle"/>.</summary>
internal sealed class IdleTimeoutStream(Stream inner, TimeSpan idle, TimeProvider time) : Stream
{
    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var timeout = new CancellationTokenSource(idle, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            return await inner.ReadAsync(buffer, either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Nothing arrived for {idle.TotalSeconds:0} s.");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);
    public override void Flush() => throw new NotSupportedException();
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
