using System.Globalization;
using System.Text.Json;

namespace VisionPlatform.Infrastructure.Import;

/// <summary>A row of another system, its values under the names of this product's fields.</summary>
public sealed class OldRow(string[] key, JsonElement values)
{
    /// <summary>The key as people write it: <c>12</c>; several columns with a slash between them.</summary>
    public string Id { get; } = string.Join('/', key);

    /// <summary>The key as a position to go on from.</summary>
    public string Key { get; } = JsonSerializer.Serialize(key);

    /// <summary>A value as text, without spaces at its ends; null when there is none.</summary>
    public string? Text(string field) => Value(field) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!.Trim() is { Length: > 0 } trimmed ? trimmed : null,
        { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => null,
        var other => other.GetRawText(),
    };

    /// <summary>A yes or no; also from 0 and 1 and their words.</summary>
    public bool? Flag(string field) => Text(field)?.ToLowerInvariant() switch
    {
        "true" or "t" or "1" or "yes" => true,
        "false" or "f" or "0" or "no" => false,
        _ => null,
    };

    /// <summary>A number; null when there is none.</summary>
    public double? Number(string field) => double.TryParse(Text(field), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>A time in UTC; null when there is none that a calendar has.</summary>
    public DateTimeOffset? Time(string field) =>
        DateTimeOffset.TryParse(Text(field), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time) && time > DateTimeOffset.UnixEpoch ? time : null;

    /// <summary>A list of texts: an array of the database, a JSON array (also as text), or words with commas between them.</summary>
    public IReadOnlyList<string> List(string field)
    {
        var value = Value(field);
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { } text)
            return text.TrimStart().StartsWith('[') && Json(field) is { ValueKind: JsonValueKind.Array } parsed ? Texts(parsed) : text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return value.ValueKind == JsonValueKind.Array ? Texts(value) : [];
    }

    /// <summary>A JSON value, also one that the source keeps as text; a text that is no JSON stays a text. Null when there is none.</summary>
    public JsonElement? Json(string field)
    {
        var value = Value(field);
        if (value.ValueKind is JsonValueKind.Null or JsonValueKind.Undefined)
            return null;
        if (value.ValueKind == JsonValueKind.String && value.GetString()!.TrimStart() is ['{' or '[', ..])
        {
            try
            {
                return JsonDocument.Parse(value.GetString()!).RootElement;
            }
            catch (JsonException)
            {
                return value;
            }
        }
        return value;
    }

    private JsonElement Value(string field) => values.TryGetProperty(field, out var value) ? value : default;

    private static List<string> Texts(JsonElement array) =>
        [.. array.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!)];
}
