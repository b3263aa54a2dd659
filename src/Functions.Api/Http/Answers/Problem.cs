using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Organizations;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>Body of every failed request: a problem of RFC 9457 with additional fields.</summary>
/// <param name="Type">URI that names the kind of failure: <c>urn:vision-platform:problem:</c> followed by the code in lower case.</param>
/// <param name="Title">What the code means; the same text for every occurrence.</param>
/// <param name="Status">HTTP status of the answer.</param>
/// <param name="Detail">What happened in this case.</param>
/// <param name="Code">Stable name of the failure in upper snake case, for programs.</param>
/// <param name="Category">Who can solve the problem.</param>
/// <param name="SuggestedAction">What to do next, as a sentence for people.</param>
/// <param name="TraceId">Id that finds this request in logs and traces, 32 hexadecimal digits.</param>
/// <param name="Errors">Messages by field or parameter. Present only when single fields are wrong.</param>
/// <param name="Permission">Permission that the caller lacks, for example <c>datasets:write</c>. Present only when one is missing.</param>
/// <param name="Quota">Limit that was reached. Present only when the failure is about a limit.</param>
/// <param name="Readiness">How far the model is. Present only when it is not ready to answer predictions.</param>
/// <param name="CurrentVersion"><c>ETag</c> of the current version. Present only when the request named another version in <c>If-Match</c>.</param>
public sealed record Problem(
    string Type, string Title, int Status, string Detail, string Code, ErrorCategory Category, string SuggestedAction, string TraceId,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    IReadOnlyDictionary<string, string[]>? Errors,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    string? Permission,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    QuotaUse? Quota,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    ModelReadiness? Readiness,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    string? CurrentVersion)
{
    public const string ContentType = "application/problem+json";

    public static Problem Of(ProblemException failure, string traceId) => new(
        $"urn:vision-platform:problem:{failure.Error.Code.ToLowerInvariant().Replace('_', '-')}",
        failure.Error.Title, failure.Error.Status, failure.Message, failure.Error.Code, failure.Error.Category,
        failure.Error.SuggestedAction, traceId, failure.Errors.Count == 0 ? null : failure.Errors, failure.Permission, failure.Quota, failure.Readiness, failure.CurrentVersion);
}

/// <summary>Answers a request with a problem.</summary>
public sealed class ProblemResult(ProblemException failure) : IResult, IStatusCodeHttpResult
{
    // Default time to wait before a transient failure is retried.
    private static readonly TimeSpan DefaultRetryAfter = TimeSpan.FromSeconds(2);

    public int? StatusCode => failure.Error.Status;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.StatusCode = failure.Error.Status;
        httpContext.SetProblemCode(failure.Error.Code);
        if (failure.Error.Status == StatusCodes.Status401Unauthorized)
            response.Headers.WWWAuthenticate = "Bearer";
        var wait = failure.RetryAfter
            ?? (failure.Error is { Category: ErrorCategory.Transient, Status: StatusCodes.Status503ServiceUnavailable } ? DefaultRetryAfter : null);
        if (wait is { } time)
            response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(time.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (failure.CurrentVersion is { } version)
            response.Headers.ETag = version;
        return response.WriteAsJsonAsync(
            Problem.Of(failure, httpContext.TraceId()), ApiJson.Options, Problem.ContentType, httpContext.RequestAborted);
    }
}

/// <summary>The id of a request in answers, logs and traces.</summary>
public static class RequestTrace
{
    /// <summary>The activity of the request. Under a Functions host the function runs outside of it, and <see cref="Activity.Current"/> is null.</summary>
    public static Activity? RequestActivity(this HttpContext context) => context.Features.Get<IHttpActivityFeature>()?.Activity;

    /// <summary>The W3C trace id, 32 hex digits; the server's request id when tracing is off.</summary>
    public static string TraceId(this HttpContext context) => context.RequestActivity()?.TraceId.ToHexString() ?? context.TraceIdentifier;
}

public static class ProblemOfRequest
{
    private static readonly object Key = new();

    /// <summary>Error code of the answer; null when the request succeeded.</summary>
    public static string? ProblemCode(this HttpContext context) => context.Items[Key] as string;

    internal static void SetProblemCode(this HttpContext context, string code) => context.Items[Key] = code;
}
