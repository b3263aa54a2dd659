using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace VisionPlatform.Functions.Embedded;

/// <summary>Endpoint metadata: the level of key that a request needs.</summary>
internal sealed record RequiredKey(AuthorizationLevel Level);

/// <summary>Answers 401 unless the header <c>x-functions-key</c> or the query parameter <c>code</c> has the key that the endpoint needs.</summary>
internal sealed class KeyCheck(RequestDelegate next, HostKeys keys)
{
    public Task InvokeAsync(HttpContext http)
    {
        AuthorizationLevel level = http.GetEndpoint()?.Metadata.GetMetadata<RequiredKey>()?.Level ?? AuthorizationLevel.Anonymous;
        if (level == AuthorizationLevel.Anonymous || keys.Opens(level, KeyOf(http.Request)))
            return next(http);
        http.Response.StatusCode = StatusCodes.Status401Unauthorized;
        return Task.CompletedTask;
    }

    public static string? KeyOf(HttpRequest request)
        => request.Headers.TryGetValue("x-functions-key", out var header) ? header.ToString()
        : request.Query.TryGetValue("code", out var code) ? code.ToString()
        : null;
}
