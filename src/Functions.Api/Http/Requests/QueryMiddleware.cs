using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>Checks the query parameters that the function declares and reports all errors at once.</summary>
public sealed class QueryMiddleware(FunctionDeclarations declarations) : IFunctionsWorkerMiddleware
{
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext() is { } http && declarations.Of(context.FunctionDefinition).Queries is { Count: > 0 } declared)
            Check(http.Request, declared);
        return next(context);
    }

    internal static void Check(HttpRequest request, IReadOnlyList<QueryAttribute> declared)
    {
        if (!request.QueryString.HasValue && declared.All(parameter => !parameter.Required))
            return;
        var errors = new FieldErrors();
        foreach (var parameter in declared)
        {
            var values = request.Query[parameter.Name];
            if (values.Count > 1)
                errors.Add(parameter.Name, "Sent twice.");
            else if (Problem(parameter, values.ToString()) is { } problem)
                errors.Add(parameter.Name, problem);
        }
        errors.ThrowIfAny(ErrorCodes.InvalidParameter);
    }

    private static string? Problem(QueryAttribute parameter, string text) =>
        text.Length > 0 ? QueryValues.Problem(parameter, text) : parameter.Required ? "Required." : null;
}
