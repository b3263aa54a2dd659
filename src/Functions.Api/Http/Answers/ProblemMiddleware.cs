using System.Net.Sockets;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Projects;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>Converts exceptions of HTTP functions to problem answers. Logs unexpected ones with their trace id.</summary>
public sealed class ProblemMiddleware(ILogger<ProblemMiddleware> logger) : IFunctionsWorkerMiddleware
{
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is not { } http)
        {
            await next(context);
            return;
        }

        try
        {
            await next(context);
        }
        catch (Exception thrown)
        {
            var problem = thrown is DbUpdateConcurrencyException lost ? await LostUpdateAsync(lost, http) : Translate(thrown, http);
            Log(problem, thrown, context, http);
            if (http.Response.HasStarted)
                // Part of the answer was sent. Closing the connection is the only way to show that the rest is missing.
                http.Abort();
            else
                context.GetInvocationResult().Value = new ProblemResult(problem);
        }
    }

    /// <summary>Another request changed or deleted the row after it was read.</summary>
    private static async Task<ProblemException> LostUpdateAsync(DbUpdateConcurrencyException lost, HttpContext http)
    {
        var row = lost.Entries[0];
        if (await row.GetDatabaseValuesAsync(http.RequestAborted) is not { } present)
            return new ProblemException(ErrorCodes.NotFound, inner: lost);
        var code = http.Request.Headers.IfMatch.Count > 0 ? ErrorCodes.PreconditionFailed : ErrorCodes.ChangedMeanwhile;
        return new ProblemException(code, inner: lost)
        {
            CurrentVersion = row.Metadata.FindProperty(nameof(Project.Version)) is { } version ? ((EntityTag)present.GetValue<uint>(version)).ToString() : null,
        };
    }

    private static ProblemException Translate(Exception thrown, HttpContext http)
    {
        for (var e = thrown; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case ProblemException problem:
                    return problem;
                case OperationCanceledException when http.RequestAborted.IsCancellationRequested:
                    return new ProblemException(ErrorCodes.Cancelled, inner: thrown);
                case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                    return new ProblemException(ErrorCodes.BodyTooLarge, inner: thrown);
                case BadHttpRequestException:
                    return new ProblemException(ErrorCodes.MalformedJson, "The request was cut short or is not valid HTTP.", inner: thrown);
                case PostgresException { SqlState: PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedColumn }:
                    return new ProblemException(ErrorCodes.SchemaBehind, inner: thrown);
                case PostgresException postgres when IsServerAway(postgres.SqlState):
                case NpgsqlException { InnerException: SocketException or IOException or TimeoutException }:
                    return new ProblemException(ErrorCodes.DatabaseUnavailable, inner: thrown);
            }
        }
        return new ProblemException(ErrorCodes.Internal, inner: thrown);
    }

    // Connection exceptions, too many connections, shutdown, start-up, and a missing database.
    private static bool IsServerAway(string sqlState) =>
        sqlState.StartsWith("08", StringComparison.Ordinal)
        || sqlState is PostgresErrorCodes.TooManyConnections or PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown
            or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.InvalidCatalogName;

    private void Log(ProblemException problem, Exception thrown, FunctionContext context, HttpContext http)
    {
        if (problem.Error == ErrorCodes.Internal)
            logger.LogError(thrown, "{Function} failed unexpectedly. Trace {TraceId}", context.FunctionDefinition.Name, http.TraceId());
        else if (problem.Error.Status >= 500)
            logger.LogWarning(thrown, "{Function} ended with {Code}. Trace {TraceId}", context.FunctionDefinition.Name, problem.Error.Code, http.TraceId());
    }
}
