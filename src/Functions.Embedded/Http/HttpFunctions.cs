using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Invocation;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded;

/// <summary>Serves HTTP functions at their routes.</summary>
internal sealed partial class HttpFunctions(
    FunctionCatalog functions, FunctionExecutionDelegate pipeline, IFunctionExecutor executor, HostSettings settings, HostDrain drain, ILoggerFactory logging)
{
    private readonly ILogger _log = logging.CreateLogger(HostLog.Http);

    /// <summary>Maps all HTTP functions.</summary>
    /// <exception cref="InvalidOperationException">A route is invalid, or two functions answer the same request.</exception>
    public void Map(IEndpointRouteBuilder routes)
    {
        var errors = new List<string>();
        var taken = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (LoadedFunction function in functions.OfKind(TriggerKind.Http))
        {
            string route = RouteOf(function);
            string[] methods = [.. (function.Trigger.Methods ?? []).Select(method => method.ToUpperInvariant()).Distinct()];
            if (function.Trigger.AuthLevel == AuthorizationLevel.User)
                errors.Add($"Function '{function.Name}' has authorization level User, which this host cannot check.");
            foreach (string method in methods.Length > 0 ? methods : ["*"])
            {
                // Two routes that differ only in the names of parameters match the same requests; constraints tell routes apart.
                string address = $"{method} {ParameterName().Replace(route, "{")}";
                if (!taken.TryAdd(address, function.Name))
                    errors.Add($"Functions '{taken[address]}' and '{function.Name}' both answer {method} /{route}.");
            }

            MapOne(routes, function, route, methods, errors);
        }

        FunctionCatalog.ThrowIfAny(errors);
    }

    /// <summary>The function's route below the root, without a slash at the start.</summary>
    public string RouteOf(LoadedFunction function)
    {
        string own = function.Trigger.Route?.TrimStart('/') ?? function.Name;
        return settings.RoutePrefix.Length == 0 ? own : $"{settings.RoutePrefix}/{own}";
    }

    private void MapOne(IEndpointRouteBuilder routes, LoadedFunction function, string route, string[] methods, List<string> errors)
    {
        Task Serve(HttpContext http) => ServeAsync(function, http);
        try
        {
            RoutePattern pattern = RoutePatternFactory.Parse(route);
            IEndpointConventionBuilder endpoint = methods.Length > 0
                ? routes.MapMethods(pattern.RawText!, methods, Serve)
                : routes.Map(pattern, Serve);
            endpoint.WithDisplayName(function.Name).WithMetadata(new RequiredKey(function.Trigger.AuthLevel));
        }
        catch (RoutePatternException e)
        {
            errors.Add($"Function '{function.Name}' has a route that cannot be read, \"{route}\": {e.Message}");
        }
    }

    private async Task ServeAsync(LoadedFunction function, HttpContext http)
    {
        HostAnswers.LeaveTo(http);
        using RequestCancellation cancellation = drain.ForRequest(http, settings.FunctionTimeout);
        await using var invocation = new Invocation(function, http.RequestServices, cancellation.Token)
        {
            Http = http,
            InstanceServices = http.RequestServices,
            MetadataSource = static invocation => RouteAndQuery(invocation.Http!),
        };
        // Without an executor the durable middleware would look for a durable trigger.
        invocation.Features.Set(executor);
        try
        {
            await pipeline(invocation);
        }
        catch (Exception e)
        {
            await AnswerFailureAsync(e, invocation, http);
        }
    }

    private Task AnswerFailureAsync(Exception failure, Invocation invocation, HttpContext http)
    {
        string name = invocation.FunctionDefinition.Name;
        if (http.RequestAborted.IsCancellationRequested && failure is OperationCanceledException or IOException)
        {
            _log.LogDebug(failure, "The client of {Function} disconnected ({InvocationId})", name, invocation.InvocationId);
            http.Abort();
            return Task.CompletedTask;
        }

        if (failure is OperationCanceledException && invocation.CancellationToken.IsCancellationRequested)
        {
            bool stopping = drain.Stopping.IsCancellationRequested;
            if (http.Response.HasStarted && RequestCancellation.IsEventStream(http.Response))
            {
                // Normal for an endless response: the client reconnects.
                _log.LogDebug("The event stream of {Function} ends: {Reason} ({InvocationId})", name, stopping ? "the host stops" : "functionTimeout", invocation.InvocationId);
                return Task.CompletedTask;
            }

            _log.LogError("{Function} was cancelled: {Reason} ({InvocationId})", name, stopping ? "the host stops" : "functionTimeout", invocation.InvocationId);
            return HostAnswers.FailAsync(http, stopping ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status504GatewayTimeout);
        }

        switch (failure)
        {
            case BadHttpRequestException bad:
                _log.LogInformation("{Function}: bad request: {Reason} ({InvocationId})", name, bad.Message, invocation.InvocationId);
                return HostAnswers.FailAsync(http, bad.StatusCode);
            case FunctionInputConverterException input:
                _log.LogInformation("{Function}: {Reason} ({InvocationId})", name, input.Message, invocation.InvocationId);
                return HostAnswers.FailAsync(http, StatusCodes.Status400BadRequest, input.Message);
            default:
                _log.LogError(failure, "{Function} failed ({InvocationId})", name, invocation.InvocationId);
                return HostAnswers.FailAsync(http, StatusCodes.Status500InternalServerError);
        }
    }

    /// <summary>The trigger metadata of a Functions host: query values, and route values, which take precedence.</summary>
    private static Dictionary<string, object?> RouteAndQuery(HttpContext http)
    {
        var data = new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, var values) in http.Request.Query)
            data[name] = values.ToString();
        foreach ((string name, object? value) in http.Request.RouteValues)
            data[name] = value?.ToString();
        return data;
    }

    [GeneratedRegex(@"\{\**[A-Za-z_][A-Za-z0-9_]*")]
    private static partial Regex ParameterName();
}
