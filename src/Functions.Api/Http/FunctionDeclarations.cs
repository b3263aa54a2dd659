using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Application.Modules;
using Module = VisionPlatform.Application.Modules.Module;

namespace VisionPlatform.Api.Http;

/// <summary>The declaration of a function in the source.</summary>
/// <param name="Name">Its name in the host.</param>
/// <param name="Method">The method.</param>
/// <param name="Trigger">Its HTTP trigger; null for timers, orchestrators and activities.</param>
/// <param name="Access">Who may call it; null when it declares nothing.</param>
/// <param name="Operation">How it is documented.</param>
public sealed record FunctionDeclaration(
    string Name, MethodInfo Method, HttpTriggerAttribute? Trigger, AccessAttribute? Access, OperationAttribute? Operation)
{
    /// <summary>The route of the trigger without a leading slash.</summary>
    public string Route => (Trigger?.Route ?? Name).TrimStart('/');

    /// <summary>Names of the parameters in the route, in their order.</summary>
    public IReadOnlyList<string> RouteParameters => field ??= [.. TemplateParser.Parse(Route).Parameters.Select(parameter => parameter.Name!)];

    /// <summary>The module that it belongs to.</summary>
    public Module Module => field ??= AppModules.Of(Method.DeclaringType!);

    /// <summary>The HTTP methods that it answers, in upper case; empty for all. HEAD is not listed: every function that answers GET answers it, with the same headers.</summary>
    public IReadOnlyList<string> Methods { get; } = [.. (Trigger?.Methods ?? []).Select(method => method.ToUpperInvariant()).Where(method => method != "HEAD")];

    /// <summary>The rate limit that counts its requests.</summary>
    public RateLimit RateLimit { get; } = Method.GetCustomAttribute<RateLimitAttribute>()?.Limit ?? Access switch
    {
        TrainerAccessAttribute => RateLimit.Trainer,
        AllowAnonymousAccessAttribute when Trigger?.Methods?.Contains("post", StringComparer.OrdinalIgnoreCase) == true => RateLimit.SignIn,
        _ => RateLimit.General,
    };

    /// <summary>Its query parameters, including those of every list.</summary>
    public IReadOnlyList<QueryAttribute> Queries { get; } = [.. Method.GetCustomAttributes<QueryAttribute>(), .. Operation?.Queries?.GetCustomAttributes<QueryAttribute>() ?? [], .. Operation is { IsList: true } ? OfLists : []];

    private static readonly QueryAttribute[] OfLists =
    [
        new QueryAttribute<int>("limit", "Largest number of entries to return; 50 by default.") { Minimum = 1, Maximum = PageRequest.MaximumLimit, Example = "20" },
        new QueryAttribute<string>("cursor", "Where to continue: `nextCursor` of the previous page."),
    ];

    /// <summary>Reads the attributes of one method; null when it is not a function.</summary>
    public static FunctionDeclaration? Of(MethodInfo method) =>
        method.GetCustomAttribute<FunctionAttribute>() is not { } function ? null : new(
            function.Name, method,
            method.GetParameters().Select(parameter => parameter.GetCustomAttribute<HttpTriggerAttribute>()).FirstOrDefault(trigger => trigger is not null),
            method.GetCustomAttribute<AccessAttribute>(), method.GetCustomAttribute<OperationAttribute>());

    /// <summary>Every HTTP function of an assembly.</summary>
    public static IReadOnlyList<FunctionDeclaration> AllHttpFunctionsIn(Assembly assembly) =>
    [
        .. assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Select(Of).OfType<FunctionDeclaration>().Where(function => function.Trigger is not null),
    ];
}

public static class CalledFunctionExtensions
{
    private static readonly object Key = new();

    /// <summary>The function that answers this request.</summary>
    public static FunctionDeclaration CalledFunction(this HttpContext context) =>
        context.Items[Key] as FunctionDeclaration ?? throw new InvalidOperationException("The request has not reached a function.");

    internal static void SetCalledFunction(this HttpContext context, FunctionDeclaration function) => context.Items[Key] = function;
}

/// <summary>Finds the declaration of an invoked function. Uses reflection once per function.</summary>
public sealed class FunctionDeclarations
{
    private readonly ConcurrentDictionary<string, FunctionDeclaration> _byId = new(StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">The host names an entry point that does not exist.</exception>
    public FunctionDeclaration Of(FunctionDefinition definition) => _byId.GetOrAdd(definition.Id, (_, wanted) => Find(wanted), definition);

    private static FunctionDeclaration Find(FunctionDefinition definition)
    {
        var split = definition.EntryPoint.LastIndexOf('.');
        var type = AssemblyAt(definition.PathToAssembly).GetType(definition.EntryPoint[..split], throwOnError: true)!;
        return type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static)
                .Where(method => method.Name == definition.EntryPoint[(split + 1)..])
                .Select(FunctionDeclaration.Of)
                .FirstOrDefault(function => function?.Name == definition.Name)
            ?? throw new InvalidOperationException($"The function {definition.Name} has no method {definition.EntryPoint}.");
    }

    private static Assembly AssemblyAt(string path)
    {
        var name = Path.GetFileNameWithoutExtension(path);
        return AssemblyLoadContext.Default.Assemblies.FirstOrDefault(assembly => assembly.GetName().Name == name)
            ?? AssemblyLoadContext.Default.LoadFromAssemblyPath(Path.GetFullPath(path));
    }
}
