using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Azure.Functions.Worker;

namespace VisionPlatform.Functions.Embedded;

/// <summary>A binding as the metadata of a function says it, in the JSON of the Functions host.</summary>
internal sealed record RawBinding(string Name, string Type, string? Direction)
{
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    public string? Route { get; init; }

    public string[]? Methods { get; init; }

    [JsonConverter(typeof(JsonStringEnumConverter))]
    public AuthorizationLevel AuthLevel { get; init; } = AuthorizationLevel.Function;

    /// <summary>Of a timer: an NCRONTAB expression or an interval, with <c>%NAME%</c> for a setting.</summary>
    public string? Schedule { get; init; }

    public bool RunOnStartup { get; init; }

    public bool UseMonitor { get; init; } = true;

    /// <summary>The entity's name; null: the function's.</summary>
    public string? EntityName { get; init; }

    public bool IsInput => !string.Equals(Direction, "Out", StringComparison.OrdinalIgnoreCase);

    public static RawBinding Read(string json) => JsonSerializer.Deserialize<RawBinding>(json, s_json)
        ?? throw new JsonException("A binding is null.");

    /// <summary>The kind of the trigger; null for what is no trigger or none that this host serves.</summary>
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
