using System.Text.Json;
using Json.Schema;

namespace VisionPlatform.Platform.Tests.Contract;

/// <summary>Finds the differences between a JSON value and a schema of the description. A keyword that JSON Schema 2020-12 does not know is an error.</summary>
internal sealed class JsonSchemaCheck
{
    private const string Address = "https://platform.test/openapi.json";

    private static readonly EvaluationOptions Options = EvaluationOptionsOf();

    private readonly JsonElement _document;
    private readonly BuildOptions _build = new() { SchemaRegistry = new SchemaRegistry() };
    private readonly Dictionary<string, JsonSchema> _schemas = new(StringComparer.Ordinal);

    public JsonSchemaCheck(JsonElement document)
    {
        _document = document;
        _build.SchemaRegistry.Register(new JsonElementBaseDocument(document, new Uri(Address)));
    }

    /// <summary>One line for each difference; empty when the value is valid.</summary>
    public IReadOnlyList<string> Differences(JsonElement value, JsonElement schema)
    {
        var results = SchemaOf(schema).Evaluate(value, Options);
        return results.IsValid ? [] : [.. Of(results).DefaultIfEmpty("it does not fit")];

        // Ignore failed alternatives when another alternative is valid: then their parent is valid.
        IEnumerable<string> Of(EvaluationResults result) => result.IsValid ? [] :
            (result.Errors ?? []).Select(error => $"{result.InstanceLocation}: {error.Value} ({result.SchemaLocation.Fragment}, {Short(At(value, result.InstanceLocation.ToString()))})")
                .Concat((result.Details ?? []).SelectMany(Of));
    }

    /// <summary>The target of a <c>#/components/…</c> reference; the node itself if it is not a reference.</summary>
    public JsonElement Resolve(JsonElement node)
    {
        while (node.ValueKind == JsonValueKind.Object && node.TryGetProperty("$ref", out var reference))
            node = At(_document, reference.GetString()![1..]);
        return node;
    }

    private JsonSchema SchemaOf(JsonElement schema)
    {
        var text = schema.GetRawText().Replace("\"#/", $"\"{Address}#/", StringComparison.Ordinal);
        lock (_schemas)
        {
            if (!_schemas.TryGetValue(text, out var built))
                _schemas[text] = built = JsonSchema.FromText(text, _build);
            return built;
        }
    }

    private static JsonElement At(JsonElement node, string pointer) => pointer.Split('/').Skip(1).Aggregate(node, (at, part) =>
        at.ValueKind == JsonValueKind.Array ? at[int.Parse(part)] : at.GetProperty(part.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)));

    private static EvaluationOptions EvaluationOptionsOf()
    {
        var options = new EvaluationOptions { OutputFormat = OutputFormat.Hierarchical, RequireFormatValidation = true };
        options.FormatRegistry.Register(new UtcTime());
        return options;
    }

    private static string Short(JsonElement value) => JsonSerializer.Serialize(value) is { Length: > 60 } text ? text[..60] + "…" : JsonSerializer.Serialize(value);

    /// <summary>Whether a text is an RFC 3339 time in UTC, as the API promises.</summary>
    private sealed class UtcTime() : Format("date-time")
    {
        public override bool Validate(JsonElement element, out string? errorMessage)
        {
            errorMessage = null;
            return Formats.DateTime.Validate(element, out errorMessage) && (element.ValueKind != JsonValueKind.String || element.GetString()!.EndsWith('Z'));
        }
    }
}
