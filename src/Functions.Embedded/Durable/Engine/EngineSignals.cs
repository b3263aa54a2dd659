namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Wakes this process's loops when there is something to fetch.</summary>
internal sealed class EngineSignals : IDisposable
{
    /// <summary>Payload of a notification that an instance has something to do.</summary>
    public const string InstancesPayload = "instances";

    /// <summary>Payload of a notification that an activity waits in the queue.</summary>
    public const string ActivitiesPayload = "activities";

    /// <summary>Payload of a notification that an entity has something to do.</summary>
    public const string EntitiesPayload = "entities";

    /// <summary>Set when an instance has something to do.</summary>
    public AsyncSignal Instances { get; } = new();

    /// <summary>Set when an activity waits in the queue.</summary>
    public AsyncSignal Activities { get; } = new();

    /// <summary>Set when an entity has something to do.</summary>
    public AsyncSignal Entities { get; } = new();

    /// <summary>Wakes the loop that a notification is for.</summary>
    public void Set(string payload) => (payload switch
    {
        ActivitiesPayload => Activities,
        EntitiesPayload => Entities,
        _ => Instances,
    }).Set();

    /// <summary>The notification channel of a hub: a hash, because PostgreSQL limits channel names to 63 bytes.</summary>
    public static string ChannelOf(string hub) =>
        "durable_" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(hub)))[..24];

    public void Dispose()
    {
        Instances.Dispose();
        Activities.Dispose();
        Entities.Dispose();
    }
}
