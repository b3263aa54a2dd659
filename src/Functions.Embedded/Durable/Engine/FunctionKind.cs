namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Kinds of functions that instances, calls and operations name.</summary>
internal enum FunctionKind
{
    Orchestrator,
    Activity,
    Entity,
}
