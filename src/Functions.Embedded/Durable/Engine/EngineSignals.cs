namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Wakes this process's loops when there is something to fetch.</summary>
internal sealed class EngineSignals : IDisposable
{
    /// <summary>Payloads of notifications.</summary>
    public const string InstancesPayload = "instances";

    public const string ActivitiesPayload = "activities";

    public const string EntitiesPayload = "entities";

    /// <summary>An instance has something to do.</summary>
    public AsyncSignal Instances { get; } = new();

    /// <summary>An activity waits in the queue.</summary>
    public AsyncSignal Activities { get; } = new();

    /// <summary>An entity has something to do.</summary>
    public AsyncSignal Entities { get; } = new();

    /// <summary>Wakes the loop that a notification is for.</summary>
    public void Set(string payload) => (payload switch
    {
        ActivitiesPayload => Activities,
        EntitiesPayload => Entities,
        _ => Instances,
    }).Set();

    /// <summary>The notification channel of a hub; a hash, as names of channels are short.</summary>
    public static string ChannelOf(string hub) =>
        "durable_" + Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(hub)))[..24];

    public void Dispose()
    {
        Instances.Dispose();
        Activities.Dispose();
        Entities.Dispose();
    }
}
