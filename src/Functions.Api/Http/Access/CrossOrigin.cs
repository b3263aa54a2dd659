using Microsoft.AspNetCore.Http;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Api.Http.Access;

/// <summary>
/// Allows pages of the origins in CORS_ORIGINS to call the API, on both hosts. Tokens are in headers, so no browser credentials are needed.
/// </summary>
public sealed class CrossOrigin(HostingSettings settings)
{
    private const string Exposed =
        "Location, ETag, Retry-After, Content-Disposition, Idempotency-Replayed, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, traceparent";

    private const string Accepted = "Authorization, Content-Type, Accept, If-Match, If-None-Match, Idempotency-Key, Last-Event-ID, traceparent, tracestate";
    private const string Methods = "GET, POST, PUT, PATCH, DELETE";

    private readonly HashSet<string> _origins = [.. settings.CorsOrigins.Select(origin => origin.TrimEnd('/'))];

    /// <summary>Adds the headers for a page of an allowed origin; adds none for other pages.</summary>
    public void Apply(HttpContext http)
    {
        if (_origins.Count == 0)
            return;
        var headers = http.Response.Headers;
        headers.Vary = "Origin";
        var origin = http.Request.Headers.Origin.ToString();
        var any = _origins.Contains("*");
        if (origin.Length == 0 || !(any || _origins.Contains(origin)))
            return;
        headers.AccessControlAllowOrigin = any ? "*" : origin;
        headers.AccessControlExposeHeaders = Exposed;
        if (!HttpMethods.IsOptions(http.Request.Method))
            return;
        headers.AccessControlAllowMethods = Methods;
        headers.AccessControlAllowHeaders = Accepted;
        headers.AccessControlMaxAge = "600";
    }
}
