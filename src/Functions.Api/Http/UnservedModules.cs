using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http;

/// <summary>Disables the functions of modules that are not served.</summary>
public static class UnservedModules
{
    /// <summary>
    /// Disables functions by the setting that operators use (<c>AzureWebJobs.NAME.Disabled</c>). Their addresses answer 404, and
    /// their timers and orchestrations run on the instances that serve them.
    /// </summary>
    public static void Disable(IConfigurationManager configuration, ServedModules served, params Assembly[] assemblies)
    {
        var left = assemblies.SelectMany(assembly => assembly.GetTypes())
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(FunctionAttribute)) && !served.Serves(AppModules.Of(method.DeclaringType!)))
            .Select(method => method.GetCustomAttribute<FunctionAttribute>()!.Name).ToList();
        if (left.Count > 0)
            configuration.AddInMemoryCollection(left.Select(name => KeyValuePair.Create($"AzureWebJobs.{name}.Disabled", (string?)"true")));
    }
}

/// <summary>
/// Refuses functions of modules that are not served, on a host that reads its settings before the app can disable
/// them.
/// </summary>
public sealed class ModuleMiddleware(FunctionDeclarations declarations, ServedModules served) : IFunctionsWorkerMiddleware
{
    private readonly ConcurrentDictionary<string, bool> _served = new(StringComparer.Ordinal);

    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (_served.GetOrAdd(context.FunctionId, (_, function) => IsServed(function), context.FunctionDefinition))
            return next(context);
        return context.GetHttpContext() is null ? Task.CompletedTask : throw new ProblemException(ErrorCodes.NotFound, "There is nothing at this address.");
    }

    // Orchestrations and activities run wherever their task hub is, so they are not refused.
    private bool IsServed(FunctionDefinition function)
    {
        var trigger = function.InputBindings.Values.FirstOrDefault(binding => binding.Type is "httpTrigger" or "timerTrigger");
        return trigger is null || served.Serves(declarations.Of(function).Module);
    }
}
