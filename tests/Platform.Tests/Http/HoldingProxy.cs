using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Http;

/// <summary>A proxy that passes a response on when it has ended, as some hosts do.</summary>
internal sealed class HoldingProxy : IAsyncDisposable
{
    private readonly HttpClient _app;
    private readonly WebApplication _proxy;
    private readonly ConcurrentQueue<string> _requests = [];

    public HoldingProxy(Uri app)
    {
        _app = new HttpClient { BaseAddress = app, Timeout = Timeout.InfiniteTimeSpan };
        Address = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Address.ToString());
        _proxy = builder.Build();
        _proxy.Run(PassAsync);
    }

    public Uri Address { get; }

    /// <summary>Paths and queries of the requests.</summary>
    public IReadOnlyCollection<string> Requests => _requests;

    public Task StartAsync() => _proxy.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        _app.Dispose();
    }

    private async Task PassAsync(HttpContext http)
    {
        var target = http.Request.Path + http.Request.QueryString;
        _requests.Enqueue(target);
        using var request = new HttpRequestMessage(new HttpMethod(http.Request.Method), target);
        foreach (var name in (string[])["Authorization", "Accept", "Last-Event-ID"])
            if (http.Request.Headers.TryGetValue(name, out var value))
                request.Headers.TryAddWithoutValidation(name, value.ToString());
        using var response = await _app.SendAsync(request, HttpCompletionOption.ResponseContentRead, http.RequestAborted);
        http.Response.StatusCode = (int)response.StatusCode;
        http.Response.ContentType = response.Content.Headers.ContentType?.ToString();
        await http.Response.Body.WriteAsync(await response.Content.ReadAsByteArrayAsync(http.RequestAborted), http.RequestAborted);
    }
}
