using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.Configuration;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>All functions of the app by name (names are compared without case).</summary>
internal sealed class FunctionCatalog
{
    private readonly Dictionary<string, DiscoveredFunction> _byName;

    private FunctionCatalog(Dictionary<string, DiscoveredFunction> byName) => _byName = byName;

    public IReadOnlyCollection<DiscoveredFunction> All => _byName.Values;

    /// <summary>Reads the functions of <paramref name="types"/>; throws <see cref="InvalidOperationException"/> that names every unsound one.</summary>
    public static FunctionCatalog From(IEnumerable<Type> types)
    {
        var errors = new List<string>();
        var byName = new Dictionary<string, DiscoveredFunction>(StringComparer.OrdinalIgnoreCase);
        foreach (Type type in types)
        {
            foreach ((string name, MethodInfo method) in MethodsOf(type, errors))
            {
                if (Read(name, method, errors) is not { } function)
                    continue;
                if (byName.TryGetValue(function.Name, out DiscoveredFunction? other))
                    errors.Add($"Two functions are named '{function.Name}': {other.EntryPoint} and {function.EntryPoint}.");
                else
                    byName.Add(function.Name, function);
            }
        }

        ThrowIfAny(errors);
        return new FunctionCatalog(byName);
    }

    /// <summary>
    /// The functions that are not switched off by a setting: <c>AzureWebJobs.NAME.Disabled</c>, or with <c>__</c> for the dots where a
    /// name may have none, is <c>true</c> or <c>1</c>.
    /// </summary>
    public FunctionCatalog WithoutDisabled(IConfiguration configuration) => new(_byName
        .Where(function => (configuration[$"AzureWebJobs.{function.Key}.Disabled"] ?? configuration[$"AzureWebJobs:{function.Key}:Disabled"]) is not { } text
            || !(text == "1" || text.Equals("true", StringComparison.OrdinalIgnoreCase)))
        .ToDictionary(StringComparer.OrdinalIgnoreCase));

    public static void ThrowIfAny(IReadOnlyCollection<string> errors)
    {
        if (errors.Count > 0)
            throw new InvalidOperationException("The functions of this app cannot be run:" + Environment.NewLine + string.Join(Environment.NewLine, errors));
    }

    private static IEnumerable<(string Name, MethodInfo Method)> MethodsOf(Type type, List<string> errors)
    {
        foreach (MethodInfo method in type.GetMethods(
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        {
            if (method.GetCustomAttribute<FunctionAttribute>() is { } attribute)
                yield return (attribute.Name, method);
        }

        (string, MethodInfo)? ofClass = null;
        try
        {
            ofClass = ClassFunctions.From(type);
        }
        catch (InvalidOperationException unsound)
        {
            errors.Add(unsound.Message);
        }

        if (ofClass is { } found)
            yield return found;
    }

    private static DiscoveredFunction? Read(string name, MethodInfo method, List<string> errors)
    {
        string entryPoint = $"{method.DeclaringType!.FullName}.{method.Name}";
        ParameterInfo[] triggers = [.. method.GetParameters().Where(p => p.GetCustomAttribute<TriggerBindingAttribute>() is not null)];
        string? error = (triggers.Length, method) switch
        {
            _ when string.IsNullOrWhiteSpace(name) => "has an empty name",
            (0, _) => "has no trigger",
            ( > 1, _) => $"has more than one trigger ({string.Join(", ", triggers.Select(t => t.Name))})",
            _ when !method.IsPublic => "is not public",
            _ when method.ContainsGenericParameters => "is generic or in a generic class",
            _ when method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute)) => "is async void; return Task",
            _ when !method.IsStatic && method.DeclaringType.IsAbstract => "is an instance method of an abstract class",
            _ when method.GetParameters().Any(p => p.ParameterType.IsByRef) => "has a ref, in or out parameter",
            _ => null,
        };
        if (error is not null)
        {
            errors.Add($"Function '{name}' ({entryPoint}) {error}.");
            return null;
        }

        ParameterInfo parameter = triggers[0];
        TriggerBindingAttribute trigger = parameter.GetCustomAttribute<TriggerBindingAttribute>()!;
        TriggerKind? kind = trigger switch
        {
            HttpTriggerAttribute => TriggerKind.Http,
            TimerTriggerAttribute => TriggerKind.Timer,
            OrchestrationTriggerAttribute => TriggerKind.Orchestration,
            ActivityTriggerAttribute => TriggerKind.Activity,
            EntityTriggerAttribute => TriggerKind.Entity,
            _ => null,
        };
        if (kind is null)
        {
            errors.Add($"Function '{name}' ({entryPoint}) has a trigger this host does not serve: {trigger.GetType().Name}.");
            return null;
        }

        return new DiscoveredFunction(name, method, kind.Value, trigger, parameter, new DiscoveredDefinition(name, method, parameter, kind.Value));
    }
}
