using System.Diagnostics;
using System.Globalization;
using VisionPlatform.Domain.Errors;
using VisionPlatform.ModelServer.Models;

namespace VisionPlatform.ModelServer.Http;

/// <summary>Body of a failed request: a problem of RFC 9457 with a code of the product's table.</summary>
/// <param name="Readiness">How far the model is; only while it is loaded, or when it could not be.</param>
internal sealed record ProblemBody(
    string Type, string Title, int Status, string Detail, string Code, ErrorCategory Category, string SuggestedAction, string TraceId, ModelStatus? Readiness);

/// <summary>Answers expected failures as problems, and others with <see cref="ErrorCodes.Internal"/>.</summary>
internal sealed partial class Problems(RequestDelegate next, ILogger<Problems> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (ProblemException problem) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, problem);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody reads the answer.
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, new ProblemException(bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? ErrorCodes.BodyTooLarge : ErrorCodes.MalformedJson, bad.Message));
        }
        catch (Exception failure) when (!context.Response.HasStarted)
        {
            LogFailure(failure, context.Request.Path);
            await WriteAsync(context, new ProblemException(ErrorCodes.Internal));
        }
    }

    public static Task WriteAsync(HttpContext context, ProblemException problem, ModelStatus? readiness = null)
    {
        context.Response.StatusCode = problem.Error.Status;
        if (problem.Error == ErrorCodes.Unauthenticated)
            context.Response.Headers.WWWAuthenticate = "Bearer";
        if (problem.RetryAfter is { } wait)
            context.Response.Headers.RetryAfter = Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        var body = new ProblemBody(
            $"urn:vision-platform:problem:{problem.Error.Code.ToLowerInvariant().Replace('_', '-')}", problem.Error.Title, problem.Error.Status, problem.Message, problem.Error.Code,
            problem.Error.Category, problem.Error.SuggestedAction, Activity.Current?.TraceId.ToHexString() ?? context.TraceIdentifier, readiness);
        return context.Response.WriteAsJsonAsync(body, options: null, "application/problem+json", context.RequestAborted);
    }

    [LoggerMessage(LogLevel.Error, "A request to {Path} failed.")]
    private partial void LogFailure(Exception failure, string path);
}
