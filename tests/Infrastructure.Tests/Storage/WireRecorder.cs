using System.Collections.Concurrent;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.Tests.Storage;

/// <summary>
/// Notes what leaves the client and passes it on to the real server. A request to an https endpoint is carried over the server's http
/// port: the signature covers the host, not the scheme, so the server still verifies what a TLS client signs.
/// </summary>
internal sealed class WireRecorder : DelegatingHandler
{
    public WireRecorder() : base(ObjectStore.CreateHandler())
    {
    }

    public ConcurrentQueue<WireRequest> Requests { get; } = [];

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Requests.Enqueue(new WireRequest(
            request.Method.Method,
            request.RequestUri!,
            request.Headers.Concat(request.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>())
                .ToDictionary(header => header.Key.ToLowerInvariant(), header => string.Join(",", header.Value))));
        request.Headers.Host = request.RequestUri!.Authority;
        request.RequestUri = new UriBuilder(request.RequestUri) { Scheme = "http" }.Uri;
        return base.SendAsync(request, cancellationToken);
    }
}

internal sealed record WireRequest(string Method, Uri Uri, IReadOnlyDictionary<string, string> Headers)
{
    public string? PayloadHash => Headers.GetValueOrDefault("x-amz-content-sha256");
}
