using System.Globalization;
using System.Text.Json;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>Says where a JSON value differs from its schema; knows the part of JSON Schema that our description uses.</summary>
internal sealed class JsonSchemaCheck(JsonElement document)
{
    /// <summary>One line for each difference; none when it fits.</summary>
    public IReadOnlyList<string> Differences(JsonElement value, JsonElement schema)
    {
        var found = new List<string>();
        Check(value, schema, "", found);
        return found;
    }

    /// <summary>What a <c>#/components/…</c> reference leads to, or the node itself.</summary>
    public JsonElement Resolve(JsonElement node)
    {
        while (node.ValueKind == JsonValueKind.Object && node.TryGetProperty("$ref", out var reference))
            node = reference.GetString()![2..].Split('/').Aggregate(document, (at, part) => at.GetProperty(part));
        return node;
    }

    private void Check(JsonElement value, JsonElement schema, string path, List<string> found)
    {
        schema = Resolve(schema);
        if (schema.ValueKind is JsonValueKind.True)
            return;
        if (schema.ValueKind is JsonValueKind.False)
        {
            found.Add($"{path}: nothing is allowed here");
            return;
        }
        if (schema.TryGetProperty("allOf", out var all))
            foreach (var part in all.EnumerateArray())
                Check(value, part, path, found);
        if (schema.TryGetProperty("anyOf", out var any) && !any.EnumerateArray().Any(part => Differences(value, part).Count == 0))
            found.Add($"{path}: fits none of the alternatives: {string.Join("; ", any.EnumerateArray().SelectMany(part => Differences(value, part)).Take(3))}");
        if (schema.TryGetProperty("enum", out var values) && !values.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)))
            found.Add($"{path}: {Short(value)} is not one of {values.GetRawText()}");
        if (schema.TryGetProperty("type", out var type) && !IsOf(value, type))
        {
            found.Add($"{path}: {Short(value)} is no {type.GetRawText()}");
            return;
        }
        switch (value.ValueKind)
        {
            case JsonValueKind.Object: CheckObject(value, schema, path, found); break;
            case JsonValueKind.Array: CheckArray(value, schema, path, found); break;
            case JsonValueKind.String: CheckText(value.GetString()!, schema, path, found); break;
            case JsonValueKind.Number: CheckNumber(value.GetDouble(), schema, path, found); break;
        }
    }

    private void CheckObject(JsonElement value, JsonElement schema, string path, List<string> found)
    {
        if (schema.TryGetProperty("required", out var required))
            foreach (var name in required.EnumerateArray().Select(name => name.GetString()!).Where(name => !value.TryGetProperty(name, out _)))
                found.Add($"{path}.{name}: is missing");
        var known = schema.TryGetProperty("properties", out var properties);
        foreach (var property in value.EnumerateObject())
        {
            if (known && properties.TryGetProperty(property.Name, out var own))
                Check(property.Value, own, $"{path}.{property.Name}", found);
            else if (schema.TryGetProperty("additionalProperties", out var others))
                Check(property.Value, others, $"{path}.{property.Name}", found);
        }
    }

    private void CheckArray(JsonElement value, JsonElement schema, string path, List<string> found)
    {
        if (schema.TryGetProperty("minItems", out var least) && value.GetArrayLength() < least.GetInt32())
            found.Add($"{path}: has fewer than {least} items");
        if (schema.TryGetProperty("maxItems", out var most) && value.GetArrayLength() > most.GetInt32())
            found.Add($"{path}: has more than {most} items");
        if (schema.TryGetProperty("items", out var items))
            foreach (var (item, i) in value.EnumerateArray().Select((item, i) => (item, i)))
                Check(item, items, $"{path}[{i}]", found);
    }

    private static void CheckText(string text, JsonElement schema, string path, List<string> found)
    {
        if (schema.TryGetProperty("minLength", out var least) && text.Length < least.GetInt32())
            found.Add($"{path}: is shorter than {least}");
        if (schema.TryGetProperty("maxLength", out var most) && text.Length > most.GetInt32())
            found.Add($"{path}: is longer than {most}");
        var format = schema.TryGetProperty("format", out var named) ? named.GetString() : null;
        var fits = format switch
        {
            "uuid" => Guid.TryParseExact(text, "D", out _),
            "date-time" => text.EndsWith('Z') && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, out _),
            "uri" => Uri.TryCreate(text, UriKind.Absolute, out _),
            _ => true,
        };
        if (!fits)
            found.Add($"{path}: '{text}' is no {format}");
    }

    private static void CheckNumber(double number, JsonElement schema, string path, List<string> found)
    {
        if (schema.TryGetProperty("minimum", out var least) && number < least.GetDouble())
            found.Add($"{path}: {number} is less than {least}");
        if (schema.TryGetProperty("maximum", out var most) && number > most.GetDouble())
            found.Add($"{path}: {number} is more than {most}");
    }

    private static bool IsOf(JsonElement value, JsonElement type) =>
        type.ValueKind == JsonValueKind.Array ? type.EnumerateArray().Any(one => IsOf(value, one)) : type.GetString() switch
        {
            "object" => value.ValueKind == JsonValueKind.Object,
            "array" => value.ValueKind == JsonValueKind.Array,
            "string" => value.ValueKind == JsonValueKind.String,
            "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
            "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
            "number" => value.ValueKind == JsonValueKind.Number,
            "null" => value.ValueKind == JsonValueKind.Null,
            var other => throw new InvalidOperationException($"The description uses the type {other}, which this check does not know."),
        };

    private static string Short(JsonElement value) => value.GetRawText() is { Length: > 60 } text ? text[..60] + "…" : value.GetRawText();
}
