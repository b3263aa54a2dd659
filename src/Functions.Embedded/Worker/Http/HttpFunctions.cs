using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Serves the HTTP functions at their routes.</summary>
internal sealed partial class HttpFunctions(
    FunctionSet functions, InvocationPipeline pipeline, HostSettings settings, HostDrain drain, ILoggerFactory logging)
{
    private readonly ILogger _log = logging.CreateLogger(HostLog.Http);

    /// <summary>Maps every HTTP function; throws <see cref="InvalidOperationException"/> for a bad route or two functions that answer the same request.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        var errors = new List<string>();
        var taken = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (FunctionInvoker invoker in functions.OfKind(TriggerKind.Http))
        {
            DiscoveredFunction function = invoker.Function;
            var trigger = (HttpTriggerAttribute)function.Trigger;
            string route = RouteOf(function);
            string[] methods = trigger.Methods is { Length: > 0 } listed ? [.. listed.Select(m => m.ToUpperInvariant()).Distinct()] : [];
            if (trigger.AuthLevel == AuthorizationLevel.User)
                errors.Add($"Function '{function.Name}' has authorization level User, which this host cannot check.");
            foreach (string method in methods.Length > 0 ? methods : ["*"])
            {
                // Parameter names do not tell two routes apart, constraints do.
                string address = $"{method} {ParameterName().Replace(route, "{")}";
                if (!taken.TryAdd(address, function.Name))
                    errors.Add($"Functions '{taken[address]}' and '{function.Name}' both answer {method} /{route}.");
            }

            MapOne(routes, invoker, route, methods, trigger.AuthLevel, errors);
        }

        FunctionCatalog.ThrowIfAny(errors);
    }

    /// <summary>The function's route below the root, without a leading slash.</summary>
    public string RouteOf(DiscoveredFunction function)
    {
        string own = ((HttpTriggerAttribute)function.Trigger).Route?.TrimStart('/') ?? function.Name;
        return settings.RoutePrefix.Length == 0 ? own : $"{settings.RoutePrefix}/{own}";
    }

    private void MapOne(IEndpointRouteBuilder routes, FunctionInvoker invoker, string route, string[] methods, AuthorizationLevel level, List<string> errors)
    {
        Task Serve(HttpContext http) => ServeAsync(invoker, http);
        try
        {
            RoutePattern pattern = RoutePatternFactory.Parse(route);
            IEndpointConventionBuilder endpoint = methods.Length > 0
                ? routes.MapMethods(pattern.RawText!, methods, Serve)
                : routes.Map(pattern, Serve);
            endpoint.WithDisplayName(invoker.Function.Name).WithMetadata(new RequiredKey(level));
        }
        catch (RoutePatternException e)
        {
            errors.Add($"Function '{invoker.Function.Name}' has a route that cannot be read, \"{route}\": {e.Message}");
        }
    }

    private async Task ServeAsync(FunctionInvoker invoker, HttpContext http)
    {
        using RequestCancellation cancellation = drain.ForRequest(http, settings.FunctionTimeout);
        await using var invocation = new Invocation(invoker, http.RequestServices, http, cancellation.Token)
        {
            InstanceServices = http.RequestServices,
            BindingDataSource = static trigger => BindingData((HttpContext)trigger),
        };
        invocation.Items[FunctionContextExtensions.HttpContextKey] = http;
        try
        {
            await pipeline.RunAsync(invocation);
            await HttpAnswer.WriteAsync(invocation.Result.Value, http);
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
            _log.LogDebug(failure, "The client of {Function} went away ({InvocationId})", name, invocation.InvocationId);
            http.Abort();
            return Task.CompletedTask;
        }

        if (failure is OperationCanceledException && invocation.CancellationToken.IsCancellationRequested)
        {
            bool stopping = drain.Stopping.IsCancellationRequested;
            if (http.Response.HasStarted && RequestCancellation.IsEventStream(http.Response))
            {
                // The usual end of an endless answer: the client reconnects.
                _log.LogDebug("The events of {Function} end: {Reason} ({InvocationId})", name, stopping ? "the host stops" : "functionTimeout", invocation.InvocationId);
                return Task.CompletedTask;
            }

            _log.LogError("{Function} was cancelled: {Reason} ({InvocationId})", name, stopping ? "the host stops" : "functionTimeout", invocation.InvocationId);
            return HttpAnswer.FailAsync(http, stopping ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status504GatewayTimeout);
        }

        switch (failure)
        {
            case BadHttpRequestException bad:
                _log.LogInformation("{Function}: bad request: {Reason} ({InvocationId})", name, bad.Message, invocation.InvocationId);
                return HttpAnswer.FailAsync(http, bad.StatusCode);
            case FunctionInputConverterException input:
                _log.LogInformation("{Function}: {Reason} ({InvocationId})", name, input.Message, invocation.InvocationId);
                return HttpAnswer.FailAsync(http, StatusCodes.Status400BadRequest, input.Message);
            default:
                _log.LogError(failure, "{Function} failed ({InvocationId})", name, invocation.InvocationId);
                return HttpAnswer.FailAsync(http, StatusCodes.Status500InternalServerError);
        }
    }

    private static Dictionary<string, object?> BindingData(HttpContext http)
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
