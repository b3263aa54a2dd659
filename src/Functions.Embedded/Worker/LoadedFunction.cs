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

/// <summary>A function of the app, ready to run.</summary>
/// <param name="Kind">What starts it.</param>
/// <param name="Trigger">The trigger's settings.</param>
/// <param name="Definition">What function code and middleware see of it.</param>
/// <param name="Retry">How often a failed run is repeated; null when it is not.</param>
internal sealed record LoadedFunction(TriggerKind Kind, RawBinding Trigger, FunctionDefinition Definition, IRetryOptions? Retry)
{
    public string Name => Definition.Name;

    /// <summary>What the official middleware does with the result; internal to the packages.</summary>
    public required object OutputBindings { get; init; }

    /// <summary>The official converters; internal to the packages.</summary>
    public required object Conversion { get; init; }
}
