using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Azure.Functions.Worker.Http;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Turns what a function returned, or how it failed, into the response.</summary>
internal static class HttpAnswer
{
    private static readonly ActionDescriptor s_action = new();
    private static readonly ConcurrentDictionary<Type, PropertyInfo?> s_httpResult = new();

    /// <summary>
    /// Writes <paramref name="result"/>: null leaves the response as the function left it, action results and IResult run
    /// themselves, a string is plain text, the property marked [HttpResult] stands for its object, anything else is JSON.
    /// </summary>
    public static Task WriteAsync(object? result, HttpContext http)
    {
        switch (result)
        {
            case null:
                return Task.CompletedTask;
            case IActionResult action:
                return action.ExecuteResultAsync(new ActionContext(http, http.GetRouteData(), s_action));
            case IResult answer:
                return answer.ExecuteAsync(http);
            case HttpResponseData data:
                return AspNetResponseData.WriteAsync(data, http);
            case string text:
                http.Response.ContentType ??= "text/plain; charset=utf-8";
                return http.Response.WriteAsync(text, http.RequestAborted);
        }

        PropertyInfo? property = s_httpResult.GetOrAdd(
            result.GetType(), static type => type.GetProperties().FirstOrDefault(p => p.IsDefined(typeof(HttpResultAttribute))));
        return WriteAsync(property is null ? new ObjectResult(result) : property.GetValue(result), http);
    }

    /// <summary>
    /// Answers with a problem that says no more than the status, or, when the answer has begun, cuts the connection so
    /// that the client does not take it for complete.
    /// </summary>
    public static Task FailAsync(HttpContext http, int status, string? detail = null)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        http.Response.Clear();
        http.Response.StatusCode = status;
        var problem = new Dictionary<string, object?>
        {
            ["title"] = ReasonPhrases.GetReasonPhrase(status),
            ["status"] = status,
            ["traceId"] = Activity.Current?.Id ?? http.TraceIdentifier,
        };
        if (detail is not null)
            problem["detail"] = detail;
        return http.Response.WriteAsJsonAsync(problem, options: null, "application/problem+json", http.RequestAborted);
    }
}
