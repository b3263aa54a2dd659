namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Ids that begin with '@' are entities'; orchestrations have none of them.</summary>
internal static class EntityIds
{
    /// <exception cref="ArgumentException">The id is an entity's.</exception>
    public static void ThrowIfEntity(string? instanceId)
    {
        if (instanceId?.StartsWith('@') == true)
            throw new ArgumentException($"'{instanceId}' is the id of an entity; ids of orchestrations do not start with '@'.", nameof(instanceId));
    }
}
