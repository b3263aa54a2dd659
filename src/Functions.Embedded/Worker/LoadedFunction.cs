using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Core.FunctionMetadata;

namespace VisionPlatform.Functions.Embedded;

internal enum TriggerKind
{
    Http,
    Timer,
    Orchestration,
    Activity,
    Entity,
}

/// <summary>A function that is ready to run.</summary>
/// <param name="Kind">The kind of its trigger.</param>
/// <param name="Trigger">The settings of its trigger.</param>
/// <param name="Definition">The function as its code and middleware see it.</param>
/// <param name="Retry">How a failed run is repeated; null when it is not.</param>
internal sealed record LoadedFunction(TriggerKind Kind, RawBinding Trigger, FunctionDefinition Definition, IRetryOptions? Retry)
{
    public string Name => Definition.Name;

    /// <summary>The output bindings that the official middleware applies to the result; an internal type of the packages.</summary>
    public required object OutputBindings { get; init; }

    /// <summary>The official converters; an internal type of the packages.</summary>
    public required object Conversion { get; init; }
}
