using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Azure.Functions.Worker;

namespace VisionPlatform.Functions.Embedded;

/// <summary>A binding in the JSON of a function's metadata, as a Functions host reads it.</summary>
internal sealed record RawBinding(string Name, string Type, string? Direction)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    public string? Route { get; init; }

    public string[]? Methods { get; init; }

    [JsonConverter(typeof(JsonStringEnumConverter))]
    public AuthorizationLevel AuthLevel { get; init; } = AuthorizationLevel.Function;

    /// <summary>For a timer: an NCRONTAB expression or an interval, in which <c>%NAME%</c> stands for a setting.</summary>
    public string? Schedule { get; init; }

    public bool RunOnStartup { get; init; }

    public bool UseMonitor { get; init; } = true;

    /// <summary>The entity's name; null when it is that of the function.</summary>
    public string? EntityName { get; init; }

    public bool IsInput => !string.Equals(Direction, "Out", StringComparison.OrdinalIgnoreCase);

    public static RawBinding Read(string json) => JsonSerializer.Deserialize<RawBinding>(json, s_json)
        ?? throw new JsonException("A binding is null.");

    /// <summary>The kind of trigger; null when the binding is not a trigger or this host does not support it.</summary>
    public TriggerKind? TriggerKind => Type.ToUpperInvariant() switch
    {
        "HTTPTRIGGER" => Embedded.TriggerKind.Http,
        "TIMERTRIGGER" => Embedded.TriggerKind.Timer,
        "ORCHESTRATIONTRIGGER" => Embedded.TriggerKind.Orchestration,
        "ACTIVITYTRIGGER" => Embedded.TriggerKind.Activity,
        "ENTITYTRIGGER" => Embedded.TriggerKind.Entity,
        _ => null,
    };
}
