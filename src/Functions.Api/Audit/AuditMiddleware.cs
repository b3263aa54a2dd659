using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Audit;
using VisionPlatform.Domain.Audit;

namespace VisionPlatform.Api.Audit;

/// <summary>
/// Passes the origin of each request to the audit log. Adds a general entry for every change by a person and every refusal for a missing
/// permission, unless the request has written a more specific one.
/// </summary>
public sealed class AuditMiddleware(FunctionDeclarations declarations, AuditBatch batch) : IFunctionsWorkerMiddleware
{
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http)
        {
            var audit = context.InstanceServices.GetRequiredService<AuditLog>();
            audit.Origin = new AuditOrigin(
                () => http.FindCurrentUser() is { } user ? AuditActor.Person(user.Id, user.Email) : null,
                http.Request.Origin().Address, http.Request.Origin().Client, http.TraceId());
            var function = declarations.Of(context.FunctionDefinition);
            if (function.Access is RequiresPermissionAttribute)
                http.Response.OnCompleted(() => RecordAsync(http, function, audit));
        }
        return next(context);
    }

    private async Task RecordAsync(HttpContext http, FunctionDeclaration function, AuditLog audit)
    {
        var status = http.Response.StatusCode;
        var denied = status == StatusCodes.Status403Forbidden;
        // A replayed answer changed nothing.
        var isReplayed = http.Response.Headers.ContainsKey(IdempotentRequests.ReplayedHeader);
        if (isReplayed || audit.HasWritten || http.FindCurrentUser() is null || !(denied || (status < 400 && IsChange(http.Request.Method))))
            return;
        var (action, thing) = AuditAction.Of(function.Name);
        await batch.AddAsync(
            audit.Entry(new AuditEvent(action, denied ? AuditResult.Denied : AuditResult.Success)
            {
                SubjectType = thing, SubjectId = SubjectOf(http), Code = http.ProblemCode(),
            }),
            CancellationToken.None);
    }

    private static bool IsChange(string method) => !HttpMethods.IsGet(method) && !HttpMethods.IsHead(method) && !HttpMethods.IsOptions(method);

    // The Location header has the id of a new resource; the last id of the route is that of an existing one.
    private static string? SubjectOf(HttpContext http) =>
        http.Response.Headers.Location.ToString() is { Length: > 0 } location && Guid.TryParse(location.Split('/')[^1], out var made) ? made.ToString()
        : http.Request.RouteValues.Values.Select(value => value?.ToString()).LastOrDefault(value => Guid.TryParse(value, out _));
}

/// <summary>Derives action and resource from the name of a function: <c>StartTrainingJob</c> → <c>training_job.start</c>.</summary>
internal static class AuditAction
{
    public static (string Action, string Thing) Of(string function)
    {
        var verb = function.Length;
        for (var i = 1; i < function.Length && verb == function.Length; i++)
            if (char.IsUpper(function[i]))
                verb = i;
        var thing = System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(function[verb..]);
        return ($"{thing}.{function[..verb].ToLowerInvariant()}", thing);
    }
}
