namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>The app's runnable functions.</summary>
internal sealed class FunctionSet
{
    private readonly Dictionary<string, FunctionInvoker> _byName;

    private FunctionSet(Dictionary<string, FunctionInvoker> byName) => _byName = byName;

    public IReadOnlyCollection<FunctionInvoker> All => _byName.Values;

    /// <summary>True when the app needs the durable engine: it has orchestrators or activities, or binds a client.</summary>
    public bool NeedsDurableEngine => All.Any(f => f.Function.Kind is TriggerKind.Orchestration or TriggerKind.Activity or TriggerKind.Entity
        || f.Function.Definition.InputBindings.Values.Any(b => b.Type == "durableClient"));

    public FunctionInvoker? Find(string name) => _byName.GetValueOrDefault(name);

    public FunctionInvoker? Find(string name, TriggerKind kind) => Find(name) is { } found && found.Function.Kind == kind ? found : null;

    public IEnumerable<FunctionInvoker> OfKind(TriggerKind kind) => All.Where(f => f.Function.Kind == kind);

    /// <summary>Prepares every function; throws <see cref="InvalidOperationException"/> that lists the parameters nothing can fill.</summary>
    public static FunctionSet From(FunctionCatalog catalog)
    {
        var errors = new List<string>();
        Dictionary<string, FunctionInvoker> byName = catalog.All
            .Select(f => ParameterBinders.InvokerFor(f, errors))
            .OfType<FunctionInvoker>()
            .ToDictionary(i => i.Function.Name, StringComparer.OrdinalIgnoreCase);
        FunctionCatalog.ThrowIfAny(errors);
        return new FunctionSet(byName);
    }
}
