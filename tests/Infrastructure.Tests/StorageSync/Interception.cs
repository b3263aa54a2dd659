using System.Net;
using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

/// <summary>Stands between a sync and the real store: a test does something before a request, or answers in the store's place.</summary>
/// <param name="before">Gets each request; null passes it on.</param>
internal sealed class Interception(Func<HttpRequestMessage, Task<HttpResponseMessage?>> before) : DelegatingHandler(S3Wire.CreateHandler())
{
    /// <summary>Fails about one request of a hundred, each in one of the ways in which networks and stores fail. Repeatable: the same requests fail in each run.</summary>
    public static Interception Failing(int oneOf, Action failed)
    {
        var count = 0;
        return new Interception(request =>
        {
            var number = Interlocked.Increment(ref count);
            if (number % oneOf != oneOf / 2)
                return Task.FromResult<HttpResponseMessage?>(null);
            failed();
            return (number / oneOf % 4) switch
            {
                0 => throw new HttpRequestException("connection reset"),
                1 => Answer(request, HttpStatusCode.ServiceUnavailable, "<Error><Code>SlowDown</Code></Error>"),
                2 => Answer(request, HttpStatusCode.InternalServerError, "<Error><Code>InternalError</Code></Error>"),
                _ when request.Method == HttpMethod.Get && request.RequestUri!.Query.Length == 0 => Truncated(request),
                _ => throw new IOException("broken pipe"),
            };
        });
    }

    public static Interception Before(Func<HttpRequestMessage, bool> match, Func<Task> act)
    {
        var isDone = 0;
        return new Interception(async request =>
        {
            if (match(request) && Interlocked.Exchange(ref isDone, 1) == 0)
                await act();
            return null;
        });
    }

    public static Task<HttpResponseMessage?> Answer(HttpRequestMessage request, HttpStatusCode status, string body) =>
        Task.FromResult<HttpResponseMessage?>(new HttpResponseMessage(status) { Content = new StringContent(body, System.Text.Encoding.UTF8, "application/xml"), RequestMessage = request });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        await before(request) ?? await base.SendAsync(request, cancellationToken);

    private static Task<HttpResponseMessage?> Truncated(HttpRequestMessage request)
    {
        var content = new StreamContent(new MemoryStream([1, 2, 3]));
        content.Headers.ContentLength = 100;
        return Task.FromResult<HttpResponseMessage?>(new HttpResponseMessage(HttpStatusCode.OK) { Content = content, RequestMessage = request });
    }
}
