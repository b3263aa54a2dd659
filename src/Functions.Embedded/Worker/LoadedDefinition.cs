using System.Collections.Immutable;
using System.Reflection;
using System.Runtime.Loader;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Converters;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using VisionPlatform.Functions.Embedded.Durable;

namespace VisionPlatform.Functions.Embedded;

/// <summary>A function as its code and middleware see it, built as the official worker builds it.</summary>
internal sealed class LoadedDefinition : FunctionDefinition
{
    /// <exception cref="InvalidOperationException">The entry point is not a method that can run.</exception>
    public LoadedDefinition(IFunctionMetadata metadata, IReadOnlyCollection<RawBinding> bindings)
    {
        Name = metadata.Name!;
        Id = metadata.FunctionId ?? Name;
        EntryPoint = metadata.EntryPoint!;
        PathToAssembly = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, metadata.ScriptFile!));
        InputBindings = Of(bindings.Where(binding => binding.IsInput), BindingDirection.In);
        OutputBindings = Of(bindings.Where(binding => !binding.IsInput), BindingDirection.Out);
        Parameters = [.. MethodAt(PathToAssembly, EntryPoint).GetParameters().Select(Describe)];
    }

    public override ImmutableArray<FunctionParameter> Parameters { get; }

    public override string PathToAssembly { get; }

    public override string EntryPoint { get; }

    public override string Id { get; }

    public override string Name { get; }

    public override IImmutableDictionary<string, BindingMetadata> InputBindings { get; }

    public override IImmutableDictionary<string, BindingMetadata> OutputBindings { get; }

    private static MethodInfo MethodAt(string path, string entryPoint)
    {
        int dot = entryPoint.LastIndexOf('.');
        Type? type = dot < 0 ? null : AssemblyLoadContext.Default.LoadFromAssemblyPath(path).GetType(entryPoint[..dot]);
        // The official worker uses the same lookup and does not find nested classes either.
        if (type is null)
            throw new InvalidOperationException($"There is no class {entryPoint[..Math.Max(dot, 0)]} in {Path.GetFileName(path)}; a function cannot be in a nested class.");
        try
        {
            return type.GetMethod(entryPoint[(dot + 1)..])
                ?? throw new InvalidOperationException($"{type} has no public method {entryPoint[(dot + 1)..]}.");
        }
        catch (AmbiguousMatchException)
        {
            throw new InvalidOperationException($"{type} has several methods {entryPoint[(dot + 1)..]}; the method of a function must not have overloads.");
        }
    }

    private static ImmutableDictionary<string, BindingMetadata> Of(IEnumerable<RawBinding> bindings, BindingDirection direction) =>
        bindings.ToImmutableDictionary(binding => binding.Name, BindingMetadata (binding) => new Binding(binding.Name, binding.Type, direction));

    private static FunctionParameter Describe(ParameterInfo parameter) => new(
        parameter.Name!, parameter.ParameterType, parameter.HasDefaultValue, parameter.HasDefaultValue ? parameter.DefaultValue : null, PropertiesOf(parameter));

    /// <summary>Properties under the keys that the official conversion reads.</summary>
    private static ImmutableDictionary<string, object> PropertiesOf(ParameterInfo parameter)
    {
        if (parameter.GetCustomAttribute<InputConverterAttribute>() is { } converter)
            return With("converterType", converter.ConverterType.AssemblyQualifiedName!);
        // The official converter would connect to a Functions host.
        if (parameter.IsDefined(typeof(DurableClientAttribute)))
            return With("converterType", typeof(DurableClientConverter).AssemblyQualifiedName!);
        BindingAttribute? binding = parameter.GetCustomAttribute<InputBindingAttribute>() ?? (BindingAttribute?)parameter.GetCustomAttribute<TriggerBindingAttribute>();
        if (binding is null)
            return ImmutableDictionary<string, object>.Empty;
        Type type = binding.GetType();
        Dictionary<Type, List<Type>> converters = type.GetCustomAttributes<InputConverterAttribute>()
            .ToDictionary(attribute => attribute.ConverterType, attribute => SupportedTypes(attribute.ConverterType));
        ImmutableDictionary<string, object> properties = With("bindingAttribute", binding).Add("bindingAttributeSupportedConverters", converters);
        return converters.Count == 0
            ? properties
            : properties.Add("converterFallbackBehavior", type.GetCustomAttribute<ConverterFallbackBehaviorAttribute>()?.Behavior ?? ConverterFallbackBehavior.Default);
    }

    private static ImmutableDictionary<string, object> With(string key, object value) => ImmutableDictionary<string, object>.Empty.Add(key, value);

    private static List<Type> SupportedTypes(Type converter) =>
        [.. converter.GetCustomAttributes<SupportedTargetTypeAttribute>().Select(attribute => attribute.TargetType)];

    private sealed class Binding(string name, string type, BindingDirection direction) : BindingMetadata
    {
        public override string Name => name;

        public override string Type => type;

        public override BindingDirection Direction => direction;
    }
}
