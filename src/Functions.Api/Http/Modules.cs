using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Api.Http;

/// <summary>Which module a function belongs to: that of its folder.</summary>
public static class Modules
{
    private const string Root = "VisionPlatform.Api.";

    // What every installation has: what lives in the user database alone, and what describes the app itself.
    private static readonly HashSet<string> Shared = new(StringComparer.Ordinal)
    {
        "Accounts", "Administration", "Audit", "Health", "Http", "Invitations", "OpenApi", "Organizations", "Permissions",
    };

    public static AppModule Of(Type functions) => functions.Namespace?.StartsWith(Root, StringComparison.Ordinal) != true
        ? AppModule.Platform
        : functions.Namespace[Root.Length..].Split('.')[0] switch
        {
            "Labeling" => AppModule.Labeling,
            var folder when Shared.Contains(folder) => AppModule.Shared,
            _ => AppModule.Platform,
        };

    /// <summary>
    /// Disables the functions of modules that are not served, in the way an operator disables one (<c>AzureWebJobs.NAME.Disabled</c>):
    /// their addresses answer 404, and their timers and orchestrations are left to the instances that have them.
    /// </summary>
    public static void Disable(IConfigurationManager configuration, ModuleSettings settings, params Assembly[] assemblies)
    {
        var left = assemblies.SelectMany(assembly => assembly.GetTypes())
            .Where(type => !settings.Serves(Of(type)))
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<FunctionAttribute>()?.Name).OfType<string>().ToList();
        if (left.Count > 0)
            configuration.AddInMemoryCollection(left.Select(name => KeyValuePair.Create($"AzureWebJobs.{name}.Disabled", (string?)"true")));
    }
}

/// <summary>
/// Refuses functions of modules that are not served, on a host that has read its settings before the app could disable
/// them.
/// </summary>
public sealed class ModuleMiddleware(FunctionDeclarations declarations, ModuleSettings settings) : IFunctionsWorkerMiddleware
{
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (IsServed(context))
            return next(context);
        return context.GetHttpContext() is null ? Task.CompletedTask : throw new ProblemException(ErrorCodes.NotFound, "There is nothing at this address.");
    }

    // Orchestrations and activities stay: whoever is asked to run one has its task hub.
    private bool IsServed(FunctionContext context)
    {
        var trigger = context.FunctionDefinition.InputBindings.Values.FirstOrDefault(binding => binding.Type is "httpTrigger" or "timerTrigger");
        return trigger is null || settings.Serves(Modules.Of(declarations.Of(context.FunctionDefinition).Method.DeclaringType!));
    }
}
