namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Identifies one call of an activity.</summary>
internal readonly record struct ActivityKey(string InstanceId, Guid ExecutionId, int TaskId);

/// <summary>An activity call that this engine holds the lease of.</summary>
/// <param name="Name">The activity's name.</param>
/// <param name="Input">The input as the data converter wrote it.</param>
/// <param name="Version">The version that the caller chose; empty when it chose none.</param>
/// <param name="TraceParent">The trace context of the instance (W3C traceparent); null when it has none.</param>
internal sealed record ActivityCall(ActivityKey Key, string Name, string? Input, string Version, string? TraceParent);
