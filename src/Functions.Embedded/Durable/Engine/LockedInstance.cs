namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>An instance's row as a commit has locked it.</summary>
internal sealed record LockedInstance(Guid ExecutionId, string Status, long Turn, Guid? LockedBy);
