namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>What a name in code is.</summary>
internal enum FunctionKind
{
    Orchestrator,
    Activity,
    Entity,
}
