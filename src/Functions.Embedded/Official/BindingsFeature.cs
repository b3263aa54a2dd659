namespace VisionPlatform.Functions.Embedded.Official;

/// <summary>Inputs and result of an invocation.</summary>
internal abstract class BindingsFeature
{
    private IDictionary<string, object?>? _output;

    /// <summary>Set once after construction.</summary>
    public Invocation Invocation { get; set; } = null!;

    public virtual IReadOnlyDictionary<string, object?> TriggerMetadata => Invocation.TriggerMetadata;

    public virtual IReadOnlyDictionary<string, object?> InputData => Invocation.InputData;

    public virtual IDictionary<string, object?> OutputBindingData => _output ??= new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase);

    public virtual object? InvocationResult { get; set; }
}

/// <inheritdoc cref="BindingsFeature"/>
/// <typeparam name="TOutputBindings">An internal type that the official interface names.</typeparam>
internal class BindingsFeature<TOutputBindings> : BindingsFeature
    where TOutputBindings : class
{
    public virtual TOutputBindings OutputBindingsInfo => (TOutputBindings)Invocation.Function.OutputBindings;
}
