namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Tells ids of entities, which begin with '@', from ids of orchestrations, which must not.</summary>
internal static class EntityIds
{
    /// <exception cref="ArgumentException">The id is that of an entity.</exception>
    public static void ThrowIfEntity(string? instanceId)
    {
        if (instanceId?.StartsWith('@') == true)
            throw new ArgumentException($"'{instanceId}' is the id of an entity; the id of an orchestration cannot begin with '@'.", nameof(instanceId));
    }
}
