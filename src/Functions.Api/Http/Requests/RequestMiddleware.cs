using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;
using VisionPlatform.Api.Telemetry;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>
/// Applies to every HTTP function: finds the caller's address, sets security and cross-origin headers, names the trace, and writes one
/// log line with method, route, status, duration and trace id. Does not log paths and queries, because they may have secrets.
/// </summary>
public sealed partial class RequestMiddleware(
    FunctionDeclarations declarations, ForwardedFor forwarded, CrossOrigin crossOrigin, RequestMetrics metrics, ILogger<RequestMiddleware> logger) : IFunctionsWorkerMiddleware
{
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http)
        {
            var function = declarations.Of(context.FunctionDefinition);
            var route = "/" + function.Route;
            http.SetCalledFunction(function);
            forwarded.Apply(http);
            SetSecurityHeaders(http);
            crossOrigin.Apply(http);
            NameTrace(http, route);
            LogWhenDone(http, route);
        }
        return next(context);
    }

    private static void SetSecurityHeaders(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.CacheControl = "no-store";
        if (http.Request.IsHttps)
            headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains";
    }

    private static void NameTrace(HttpContext http, string route)
    {
        if (http.RequestActivity() is not { } activity)
            return;
        activity.DisplayName = $"{http.Request.Method} {route}";
        activity.SetTag("http.request.method", http.Request.Method);
        activity.SetTag("http.route", route);
    }

    private void LogWhenDone(HttpContext http, string route)
    {
        var start = Stopwatch.GetTimestamp();
        var trace = http.TraceId();
        var activity = http.RequestActivity();
        http.Response.OnCompleted(() =>
        {
            var status = http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted ? StatusCodes.Status499ClientClosedRequest : http.Response.StatusCode;
            activity?.SetTag("http.response.status_code", status);
            var duration = Stopwatch.GetElapsedTime(start);
            metrics.Answered(http.Request.Method, route, status, duration);
            LogRequest(http.Request.Method, route, status, duration.TotalMilliseconds, trace);
            return Task.CompletedTask;
        });
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Route} {Status} in {Milliseconds:F1} ms, trace {TraceId}")]
    private partial void LogRequest(string method, string route, int status, double milliseconds, string traceId);
}
