using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace VisionPlatform.Cli.Demo.Api;

/// <summary>
/// Reads a server-sent event stream to its <c>end</c> event. A broken, closed or silent connection is opened again
/// with <c>Last-Event-ID</c>, so every event arrives once even if the platform is away in between. The platform writes something as soon as a
/// stream is open. If nothing arrives although it answers other requests, a proxy or host holds responses back until they end; then the events are
/// asked for page by page after the same position.
/// </summary>
/// <param name="http">Sends the requests.</param>
/// <param name="path">Address of the stream.</param>
/// <param name="silence">A connection that brings nothing for this long, not even a keep-alive comment, counts as broken.</param>
/// <param name="time">Clock for the silence and for the pauses.</param>
/// <param name="firstSign">A connection that brings nothing at all for this long may be held back; 15 s unless given.</param>
/// <param name="pollSeconds">How long a page waits for an event, 0 to 25 s.</param>
internal sealed class EventStream(PlatformHttp http, string path, TimeSpan silence, TimeProvider time, TimeSpan? firstSign = null, int pollSeconds = 20)
{
    /// <summary>Type of an item that says that a page has been read, in place of keep-alives.</summary>
    public const string Polled = "polled";

    private const int PageSize = 200;

    private static readonly TimeSpan _shortestPoll = TimeSpan.FromSeconds(1);
    private readonly TimeSpan _firstSign = firstSign ?? TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _pauseAfterNothing = TimeSpan.FromSeconds(0.5);
    private string? _lastEventId;

    /// <summary>All events with their type and data, the <c>end</c> event as the last one.</summary>
    public async IAsyncEnumerable<SseItem<string>> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        for (var empty = 0; ; empty++)
        {
            using var response = await OpenAsync(cancellation);
            if (response is null)
            {
                if (await AnswersAsync(cancellation))
                    break;
                continue;
            }
            await using var body = new IdleTimeoutStream(await response.Content.ReadAsStreamAsync(cancellation), _firstSign, silence, time);
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
            if (body.WasSilentFromTheBeginning && await AnswersAsync(cancellation))
                break;
            // The server may close a long stream at any time. After a connection that brought nothing, wait before opening the next.
            if (empty > 0)
                await Task.Delay(_pauseAfterNothing, time, cancellation);
        }
        http.Patience.Announce("Something between here and the platform holds responses back until they end. Asking for events again and again instead.");
        await foreach (var item in PollAsync(cancellation))
            yield return item;
    }

    /// <summary>Null if there is no answer, not even its first line, in time.</summary>
    private Task<HttpResponseMessage?> OpenAsync(CancellationToken cancellation) => InTimeAsync(
        stop => http.SendAsync(Request, HttpCompletionOption.ResponseHeadersRead, Repeat.Always, bearer: null, stop), cancellation);

    /// <summary>Whether the platform answers a request for which it has nothing to wait. If it does not, it is away.</summary>
    private async Task<bool> AnswersAsync(CancellationToken cancellation) =>
        !http.Patience.IsAway && await InTimeAsync(stop => PageAsync(0, 1, stop), cancellation) is not null;

    private async Task<T?> InTimeAsync<T>(Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
        where T : class
    {
        using var late = new CancellationTokenSource(_firstSign, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, late.Token);
        try
        {
            return await ask(either.Token);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            return null;
        }
    }

    private async IAsyncEnumerable<SseItem<string>> PollAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            var asked = time.GetTimestamp();
            var page = await PageAsync(pollSeconds, PageSize, cancellation);
            foreach (var entry in page.Items)
            {
                _lastEventId = entry.Id.ToString(CultureInfo.InvariantCulture);
                yield return new SseItem<string>(entry.Data.GetRawText(), entry.Type) { EventId = _lastEventId };
            }
            if (page.Ended)
            {
                yield return new SseItem<string>("{}", "end");
                yield break;
            }
            yield return new SseItem<string>("{}", Polled);
            // A platform of an earlier version does not wait.
            if (page.Items.Count == 0 && _shortestPoll - time.GetElapsedTime(asked) is { Ticks: > 0 } rest)
                await Task.Delay(rest, time, cancellation);
        }
    }

    private async Task<EventPage> PageAsync(int wait, int limit, CancellationToken cancellation)
    {
        using var response = await http.SendAsync(
            () =>
            {
                var request = new HttpRequestMessage(HttpMethod.Get, $"{path}?after={_lastEventId ?? "0"}&limit={limit}&wait={wait}");
                request.Headers.Accept.ParseAdd("application/json");
                return request;
            },
            HttpCompletionOption.ResponseContentRead, Repeat.Always, bearer: null, cancellation);
        return (await response.Content.ReadFromJsonAsync<EventPage>(PlatformClient.Json, cancellation))!;
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

/// <summary>A page of events.</summary>
internal sealed record EventPage(IReadOnlyList<EventEntry> Items, bool Ended);

/// <summary>An event of a page.</summary>
internal sealed record EventEntry(long Id, string Type, JsonElement Data);

/// <summary>
/// A read-only stream whose reads end in <see cref="TimeoutException"/> when nothing arrives for <paramref name="idle"/>, or for
/// <paramref name="first"/> if nothing has arrived yet.
/// </summary>
internal sealed class IdleTimeoutStream(Stream inner, TimeSpan first, TimeSpan idle, TimeProvider time) : Stream
{
    private bool _hasRead;

    /// <summary>Whether the time was over before anything arrived.</summary>
    public bool WasSilentFromTheBeginning { get; private set; }

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => throw new NotSupportedException();
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var longest = _hasRead ? idle : first;
        using var timeout = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var read = await inner.ReadAsync(buffer, either.Token);
            _hasRead |= read > 0;
            return read;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            WasSilentFromTheBeginning = !_hasRead;
            throw new TimeoutException($"Nothing arrived for {longest.TotalSeconds:0} s.");
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
