using System.Collections.Immutable;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;

namespace Microsoft.Azure.Functions.Worker.Embedded;

internal enum TriggerKind
{
    Http,
    Timer,
    Orchestration,
    Activity,
    Entity,
}

/// <summary>A function found in code: its method, what starts it, and what function code may see of it.</summary>
internal sealed record DiscoveredFunction(
    string Name, MethodInfo Method, TriggerKind Kind, TriggerBindingAttribute Trigger, ParameterInfo TriggerParameter, FunctionDefinition Definition)
{
    public string EntryPoint => Definition.EntryPoint;
}

internal sealed class DiscoveredBinding(string name, string type, BindingDirection direction) : BindingMetadata
{
    public override string Name => name;

    public override string Type => type;

    public override BindingDirection Direction => direction;
}

/// <inheritdoc/>
internal sealed class DiscoveredDefinition : FunctionDefinition
{
    public DiscoveredDefinition(string name, MethodInfo method, ParameterInfo trigger, TriggerKind kind)
    {
        Name = name;
        EntryPoint = $"{method.DeclaringType!.FullName}.{method.Name}";
        PathToAssembly = method.DeclaringType.Assembly.Location;
        Id = StableId(EntryPoint, name);
        Parameters = [.. method.GetParameters().Select(Describe)];
        InputBindings = method.GetParameters()
            .Select(p => BindingOf(p, p == trigger ? kind : null))
            .OfType<BindingMetadata>()
            .ToImmutableDictionary(b => b.Name);
        OutputBindings = kind == TriggerKind.Http
            ? ImmutableDictionary<string, BindingMetadata>.Empty.Add("$return", new DiscoveredBinding("$return", "http", BindingDirection.Out))
            : ImmutableDictionary<string, BindingMetadata>.Empty;
    }

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override string PathToAssembly { get; }

    public override string EntryPoint { get; }

    public override string Id { get; }

    public override string Name { get; }

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }

    private static FunctionParameter Describe(ParameterInfo parameter)
    {
        var properties = ImmutableDictionary<string, object>.Empty;
        if (parameter.GetCustomAttribute<BindingAttribute>() is { } binding)
            properties = properties.Add("bindingAttribute", binding);
        return new FunctionParameter(
            parameter.Name!, parameter.ParameterType, parameter.HasDefaultValue, parameter.HasDefaultValue ? parameter.DefaultValue : null, properties);
    }

    private static DiscoveredBinding? BindingOf(ParameterInfo parameter, TriggerKind? trigger) => trigger switch
    {
        TriggerKind.Http => new(parameter.Name!, "httpTrigger", BindingDirection.In),
        TriggerKind.Timer => new(parameter.Name!, "timerTrigger", BindingDirection.In),
        TriggerKind.Orchestration => new(parameter.Name!, "orchestrationTrigger", BindingDirection.In),
        TriggerKind.Activity => new(parameter.Name!, "activityTrigger", BindingDirection.In),
        TriggerKind.Entity => new(parameter.Name!, "entityTrigger", BindingDirection.In),
        _ => parameter.IsDefined(typeof(DurableClientAttribute)) ? new(parameter.Name!, "durableClient", BindingDirection.In) : null,
    };

    /// <summary>The same number for the same function in every process and build.</summary>
    private static string StableId(string entryPoint, string name)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{entryPoint}|{name}"));
        return BitConverter.ToUInt32(hash).ToString(CultureInfo.InvariantCulture);
    }
}
