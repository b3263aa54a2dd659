using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.DurableTask.Entities;

/// <summary>The id of an entity: the name of its kind, kept in lower case, and a key. As text <c>@name@key</c>.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct EntityInstanceId
{
    private const int MaxLength = 100;

    /// <exception cref="ArgumentException">The name is empty or has an '@', or name and key together are too long.</exception>
    public EntityInstanceId(string name, string key)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(key);
        if (name.Contains('@'))
            throw new ArgumentException("The name of an entity has no '@'.", nameof(name));
        Name = name.ToLowerInvariant();
        Key = key;
        if (ToString().Length > MaxLength)
            throw new ArgumentException($"The id of an entity is at most {MaxLength} characters long; '{this}' has {ToString().Length}.", nameof(key));
    }

    public string Name { get; }

    public string Key { get; }

    /// <exception cref="ArgumentException">The text is no id of an entity.</exception>
    public static EntityInstanceId FromString(string instanceId)
    {
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        int separator = instanceId.IndexOf('@', 1);
        if (instanceId[0] != '@' || separator < 0)
            throw new ArgumentException($"'{instanceId}' is not the id of an entity (@name@key).", nameof(instanceId));
        return new EntityInstanceId(instanceId[1..separator], instanceId[(separator + 1)..]);
    }

    public override string ToString() => $"@{Name}@{Key}";

    private sealed class Converter : JsonConverter<EntityInstanceId>
    {
        public override EntityInstanceId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => FromString(reader.GetString()!);

        public override void Write(Utf8JsonWriter writer, EntityInstanceId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
