namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Names one call of an activity.</summary>
internal readonly record struct ActivityKey(string InstanceId, Guid ExecutionId, int TaskId);

/// <summary>An activity call that this engine holds the lease of.</summary>
/// <param name="Key">Which call.</param>
/// <param name="Name">The activity.</param>
/// <param name="Input">As the data converter wrote it.</param>
/// <param name="Version">The version asked for; empty when none was.</param>
internal sealed record ActivityCall(ActivityKey Key, string Name, string? Input, string Version);
