using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace VisionPlatform.Functions.Embedded;

/// <summary>Endpoint metadata: which key a caller must bring.</summary>
internal sealed record RequiredKey(AuthorizationLevel Level);

/// <summary>Answers 401 to a request whose endpoint wants a key that neither header <c>x-functions-key</c> nor query <c>code</c> has.</summary>
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
