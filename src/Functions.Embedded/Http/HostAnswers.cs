using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace VisionPlatform.Functions.Embedded;

/// <summary>
/// Gives every answer of the process security headers, and the host's own answers that fail without a body a problem (RFC 9457): a missing key, an
/// unknown address of the admin interface. Functions may set the headers anew, and their answers stay as they are.
/// </summary>
internal sealed class HostAnswers(RequestDelegate next)
{
    private static readonly object ByFunction = new();

    /// <summary>Says that a function answers the request.</summary>
    public static void LeaveTo(HttpContext http) => http.Items[ByFunction] = true;

    public async Task InvokeAsync(HttpContext http)
    {
        IHeaderDictionary headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        await next(http);
        HttpResponse response = http.Response;
        if (!http.Items.ContainsKey(ByFunction) && !response.HasStarted && response.StatusCode >= StatusCodes.Status400BadRequest && response.ContentType is null && response.ContentLength is null or 0)
            await FailAsync(http, response.StatusCode);
    }

    /// <summary>
    /// Answers with a problem that shows only the status. When the response has begun, aborts the connection, so that the client does not take the
    /// response for complete.
    /// </summary>
    public static Task FailAsync(HttpContext http, int status, string? detail = null)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        http.Response.ContentLength = null;
        http.Response.StatusCode = status;
        var problem = new Dictionary<string, object?>
        {
            ["title"] = ReasonPhrases.GetReasonPhrase(status),
            ["status"] = status,
            ["traceId"] = Activity.Current?.TraceId.ToHexString() ?? http.TraceIdentifier,
        };
        if (detail is not null)
            problem["detail"] = detail;
        return http.Response.WriteAsJsonAsync(problem, options: null, "application/problem+json", http.RequestAborted);
    }
}
