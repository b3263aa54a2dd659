using System.ComponentModel.DataAnnotations;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;
using System.Text.Json.Serialization.Metadata;
using VisionPlatform.Api.Http;

namespace VisionPlatform.Api.OpenApi;

/// <summary>JSON Schemas (2020-12, as OpenAPI 3.1 uses them) of the records that bodies and answers are made of, each under its own name.</summary>
internal sealed class SchemaCatalog
{
    private readonly Dictionary<string, Type> _types = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, JsonNode> _schemas = new(StringComparer.Ordinal);

    /// <summary>A reference to the type's schema, which is made at its first mention.</summary>
    /// <param name="type">A record, or a list or dictionary of one.</param>
    /// <param name="isBody">Whether requests send it: then unknown fields are refused and fields may be left out.</param>
    public JsonNode ReferenceTo(Type type, bool isBody)
    {
        if (!HasOwnName(ApiJson.Options.GetTypeInfo(type)))
            return Export(type, isBody);
        var name = FreeNameOf(type);
        if (_types.TryAdd(name, type))
            _schemas[name] = Export(type, isBody);
        return new JsonObject { ["$ref"] = $"#/components/schemas/{name}" };
    }

    public JsonObject ToJson() => new(_schemas.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));

    private JsonNode Export(Type type, bool isBody) => ApiJson.Options.GetJsonSchemaAsNode(type, new JsonSchemaExporterOptions
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = (context, schema) => Transform(context, schema, isBody),
    });

    private JsonNode Transform(JsonSchemaExporterContext context, JsonNode schema, bool isBody)
    {
        if (schema is not JsonObject node)
            // The exporter knows nothing about our own converter of times, and answers "anything".
            return IsTime(context.TypeInfo.Type) ? Time(context.TypeInfo.Type != typeof(DateTimeOffset)) : schema;
        if (IsTime(context.TypeInfo.Type))
            return Time(context.TypeInfo.Type != typeof(DateTimeOffset));
        if (!context.Path.IsEmpty && HasOwnName(context.TypeInfo))
            return Nullable(node, ReferenceTo(context.TypeInfo.Type, isBody));
        if (context.TypeInfo.Kind == JsonTypeInfoKind.Object)
            DescribeObject(context.TypeInfo, node, isBody);
        if (context.PropertyInfo is { } property)
            AddLimits(property, node);
        if (node["enum"] is not null && node["type"] is null)
            node["type"] = "string";
        return node;
    }

    private static void DescribeObject(JsonTypeInfo contract, JsonObject node, bool isBody)
    {
        if (!isBody)
            node.Remove("additionalProperties");
        var required = contract.Properties
            .Where(property => isBody ? JsonContract.IsNeeded(property) : property.ShouldSerialize is null)
            .Select(property => (JsonNode?)property.Name).ToArray();
        node.Remove("required");
        if (required.Length > 0)
            node["required"] = new JsonArray(required);
    }

    private static void AddLimits(JsonPropertyInfo property, JsonObject node)
    {
        foreach (var rule in JsonContract.RulesOf(property))
        {
            switch (rule)
            {
                case StringLengthAttribute length:
                    node["maxLength"] = length.MaximumLength;
                    if (length.MinimumLength > 0)
                        node["minLength"] = length.MinimumLength;
                    break;
                case NameAttribute name:
                    (node["minLength"], node["maxLength"]) = (1, name.MaximumLength);
                    break;
                case ProseAttribute prose:
                    node["maxLength"] = prose.MaximumLength;
                    break;
                case RangeAttribute { Minimum: IConvertible least, Maximum: IConvertible most }:
                    (node["minimum"], node["maximum"]) = (least.ToDouble(null), most.ToDouble(null));
                    break;
                case MaxLengthAttribute items:
                    node[property.PropertyType == typeof(string) ? "maxLength" : "maxItems"] = items.Length;
                    break;
                case MinLengthAttribute items:
                    node[property.PropertyType == typeof(string) ? "minLength" : "minItems"] = items.Length;
                    break;
            }
        }
    }

    private static JsonNode Nullable(JsonObject inlined, JsonNode reference) =>
        inlined["type"] is JsonArray types && types.Any(type => type?.GetValue<string>() == "null")
            ? new JsonObject { ["anyOf"] = new JsonArray(reference, new JsonObject { ["type"] = "null" }) }
            : reference;

    private static bool IsTime(Type type) => type == typeof(DateTimeOffset) || type == typeof(DateTimeOffset?);

    private static JsonObject Time(bool nullable) => new()
    {
        ["type"] = nullable ? new JsonArray("string", "null") : "string",
        ["format"] = "date-time",
    };

    private static bool HasOwnName(JsonTypeInfo contract) =>
        contract.Kind == JsonTypeInfoKind.Object && contract.Type.Assembly.GetName().Name is { } assembly
        && (assembly == typeof(SchemaCatalog).Assembly.GetName().Name || contract.Type.Namespace?.StartsWith("VisionPlatform.", StringComparison.Ordinal) == true);

    // Two capabilities may each have a record of the same name; the second one named carries its capability too.
    private string FreeNameOf(Type type)
    {
        var name = NameOf(type);
        return _types.GetValueOrDefault(name, type) == type ? name : type.Namespace![(type.Namespace!.LastIndexOf('.') + 1)..] + name;
    }

    private static string NameOf(Type type) =>
        type.IsGenericType
            ? string.Concat(type.GetGenericArguments().Select(NameOf)) + type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]
            : type.Name.EndsWith("Answer", StringComparison.Ordinal) ? type.Name[..^"Answer".Length] : type.Name;
}
