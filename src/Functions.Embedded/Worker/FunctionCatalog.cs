using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Functions.Embedded.Official;

namespace VisionPlatform.Functions.Embedded;

/// <summary>The app's functions by name, without regard to case. They come from the metadata that a Functions host reads too.</summary>
internal sealed class FunctionCatalog
{
    private readonly Dictionary<string, LoadedFunction> _byName;

    private FunctionCatalog(Dictionary<string, LoadedFunction> byName) => _byName = byName;

    public IReadOnlyCollection<LoadedFunction> All => _byName.Values;

    /// <summary>Whether the app has orchestrators, activities or entities, or binds a durable client.</summary>
    public bool NeedsDurableEngine => All.Any(function => function.Kind is TriggerKind.Orchestration or TriggerKind.Activity or TriggerKind.Entity
        || function.Definition.InputBindings.Values.Any(binding => binding.Type == "durableClient"));

    /// <summary>Loads all functions that no setting disables.</summary>
    /// <exception cref="InvalidOperationException">Some functions cannot run; the message names each of them and the cause.</exception>
    public static FunctionCatalog Load(IFunctionMetadataManager metadata, IConfiguration configuration, IServiceProvider services)
    {
        // The generated provider completes at once. The provider that reads a file does so once, at the start.
        IEnumerable<IFunctionMetadata> all = metadata.GetFunctionMetadataAsync(AppContext.BaseDirectory).GetAwaiter().GetResult();
        object conversion = WorkerInternals.Instance.NewConversion(services);
        var errors = new List<string>();
        var byName = new Dictionary<string, LoadedFunction>(StringComparer.OrdinalIgnoreCase);
        foreach (IFunctionMetadata function in all.Where(function => !IsDisabled(function.Name!, configuration)))
        {
            if (Load(function, conversion, services, errors) is not { } loaded)
                continue;
            if (!byName.TryAdd(loaded.Name, loaded))
                errors.Add($"Two functions are named '{loaded.Name}': {byName[loaded.Name].Definition.EntryPoint} and {loaded.Definition.EntryPoint}.");
        }

        ThrowIfAny(errors);
        return new FunctionCatalog(byName);
    }

    public LoadedFunction? Find(string name) => _byName.GetValueOrDefault(name);

    public LoadedFunction? Find(string name, TriggerKind kind) => Find(name) is { } found && found.Kind == kind ? found : null;

    public IEnumerable<LoadedFunction> OfKind(TriggerKind kind) => All.Where(function => function.Kind == kind);

    public static void ThrowIfAny(IReadOnlyCollection<string> errors)
    {
        if (errors.Count > 0)
            throw new InvalidOperationException("The functions of this app cannot run:" + Environment.NewLine + string.Join(Environment.NewLine, errors));
    }

    private static LoadedFunction? Load(IFunctionMetadata metadata, object conversion, IServiceProvider services, List<string> errors)
    {
        try
        {
            RawBinding[] bindings = [.. (metadata.RawBindings ?? []).Select(RawBinding.Read)];
            RawBinding trigger = bindings.FirstOrDefault(binding => binding.TriggerKind is not null)
                ?? throw new InvalidOperationException($"This host supports none of its bindings ({string.Join(", ", bindings.Select(binding => binding.Type))}).");
            if (metadata.Retry is not null && trigger.TriggerKind != TriggerKind.Timer)
                throw new InvalidOperationException("It has a retry attribute, which hosts support only on timer functions; retry an activity by the options of its call.");
            var definition = new LoadedDefinition(metadata, bindings);
            return new LoadedFunction(trigger.TriggerKind!.Value, trigger, definition, metadata.Retry)
            {
                OutputBindings = WorkerInternals.Instance.OutputBindingsOf(definition, services),
                Conversion = conversion,
            };
        }
        catch (Exception error) when (error is InvalidOperationException or JsonException or IOException)
        {
            errors.Add($"Function '{metadata.Name}' ({metadata.EntryPoint}): {error.Message}");
            return null;
        }
    }

    /// <summary>Whether <c>AzureWebJobs.NAME.Disabled</c> is <c>true</c> or <c>1</c>. In the environment <c>__</c> may replace the dots.</summary>
    private static bool IsDisabled(string name, IConfiguration configuration) =>
        (configuration[$"AzureWebJobs.{name}.Disabled"] ?? configuration[$"AzureWebJobs:{name}:Disabled"]) is { } text
        && (text == "1" || text.Equals("true", StringComparison.OrdinalIgnoreCase));
}
