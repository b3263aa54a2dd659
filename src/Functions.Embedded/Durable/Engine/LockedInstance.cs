namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An instance's row as the transaction that locked it read it.</summary>
internal sealed record LockedInstance(Guid ExecutionId, string Status, long Turn, Guid? LockedBy);
