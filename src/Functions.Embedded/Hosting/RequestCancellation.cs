using Microsoft.AspNetCore.Http;

namespace VisionPlatform.Functions.Embedded;

internal readonly struct RequestCancellation : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _onStopping;

    public RequestCancellation(CancellationTokenSource source, HttpContext http, CancellationToken stopping)
    {
        _source = source;
        _onStopping = stopping.UnsafeRegister(
            static state =>
            {
                (CancellationTokenSource source, HttpContext http) = ((CancellationTokenSource, HttpContext))state!;
                if (IsEventStream(http.Response))
                    source.Cancel();
            },
            (source, http));
    }

    public CancellationToken Token => _source.Token;

    public static bool IsEventStream(HttpResponse response)
        => response.ContentType?.StartsWith("text/event-stream", StringComparison.OrdinalIgnoreCase) == true;

    public void Dispose()
    {
        _onStopping.Dispose();
        _source.Dispose();
    }
}
