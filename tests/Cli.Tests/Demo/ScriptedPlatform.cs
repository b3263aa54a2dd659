using System.Net;
using System.Net.Http.Headers;
using System.Text;
using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Images;

namespace VisionPlatform.Cli.Tests.Demo;

/// <summary>Gives the scripted answers one after the other and records the requests.</summary>
internal sealed class ScriptedPlatform : HttpMessageHandler
{
    private readonly Queue<Func<HttpResponseMessage>> _answers = new();

    public List<(string Line, string? LastEventId, string? Bearer, string Body)> Requests { get; } = [];
    public List<string> Announcements { get; } = [];
    public int Unanswered => _answers.Count;

    public ScriptedPlatform Answer(HttpStatusCode status, string body = "{}", string type = "application/json") =>
        Answer(() => new HttpResponseMessage(status) { Content = new StringContent(body, Encoding.UTF8, type) });

    public ScriptedPlatform Stream(params byte[][] chunks) => Answer(() =>
    {
        var content = new StreamContent(new ChunkedStream(chunks));
        content.Headers.ContentType = new MediaTypeHeaderValue("text/event-stream");
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = content };
    });

    public ScriptedPlatform Stream(string text) => Stream(Encoding.UTF8.GetBytes(text));

    public ScriptedPlatform Fail(HttpRequestError error) => Answer(() => throw new HttpRequestException(error, error.ToString()));

    public ScriptedPlatform Answer(Func<HttpResponseMessage> answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    public HttpClient Client() => new(this) { BaseAddress = new Uri("http://platform.test/") };

    public PlatformHttp Http() => new(Client(), new Patience(TimeSpan.FromMinutes(1), Announcements.Add, TimeProvider.System));

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Add((
            $"{request.Method} {request.RequestUri!.PathAndQuery}",
            request.Headers.TryGetValues("Last-Event-ID", out var ids) ? ids.Single() : null,
            request.Headers.Authorization?.Parameter,
            request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken)));
        return _answers.Dequeue()();
    }
}

/// <summary>A response body that arrives in the given pieces. It waits forever at an empty piece.</summary>
internal sealed class ChunkedStream(IReadOnlyList<byte[]> chunks) : MemoryStream
{
    private int _next;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_next == chunks.Count)
            return 0;
        var chunk = chunks[_next++];
        if (chunk.Length == 0)
            await Task.Delay(Timeout.Infinite, cancellationToken);
        chunk.CopyTo(buffer);
        return chunk.Length;
    }
}
