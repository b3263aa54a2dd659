using System.Text.Json.Nodes;
using VisionPlatform.Api.Http;

namespace VisionPlatform.Api.OpenApi;

/// <summary>The parameters of an operation: of its route, its query, and the headers that its kind takes.</summary>
internal static class OperationParameters
{
    public static JsonArray Of(Contract contract)
    {
        var parameters = new JsonArray();
        foreach (var (name, isId, example) in contract.RouteParameters)
            parameters.Add(Parameter(name, "path", true, null, isId ? Schema("string", "uuid") : Schema("string"), example));
        foreach (var query in contract.Function.Queries)
            parameters.Add(Parameter(query.Name, "query", query.Required, query.Description, SchemaOf(query), query.Example));
        if (contract.Operation is { IsList: true, FixedOrder: false })
            parameters.Add(Sort(contract.Operation.Sort));
        if (contract.IsVersioned)
            parameters.Add(contract.Method == "GET"
                ? Parameter("If-None-Match", "header", false, "ETag of the version one has; answered 304 while it is the current one.", Schema("string"), null)
                : Parameter("If-Match", "header", false, "ETag of the version to change; another one answers 412.", Schema("string"), null));
        if (contract.IsIdempotent)
            parameters.Add(Parameter(Creation.Header, "header", false, "A UUID of the caller's: the same request again makes nothing and is answered the same.", Schema("string"), null));
        return parameters;
    }

    private static JsonObject Sort(IReadOnlyList<string> names)
    {
        var all = new[] { Sorting<object>.ByAge }.Concat(names).SelectMany(name => new JsonNode[] { name, "-" + name }).ToArray();
        var schema = Schema("string");
        schema["enum"] = new JsonArray(all);
        schema["default"] = "-" + Sorting<object>.ByAge;
        return Parameter("sort", "query", false, "The order; - in front is descending.", schema, "-" + Sorting<object>.ByAge);
    }

    private static JsonObject SchemaOf(QueryAttribute query)
    {
        if (query.Type == typeof(Guid))
            return Schema("string", "uuid");
        if (query.Type == typeof(DateTimeOffset))
            return Schema("string", "date-time");
        if (query.Type == typeof(bool))
            return Schema("boolean");
        if (query.Type == typeof(int) || query.Type == typeof(long))
        {
            var number = Schema("integer");
            if (query.Minimum != long.MinValue)
                number["minimum"] = query.Minimum;
            if (query.Maximum != long.MaxValue)
                number["maximum"] = query.Maximum;
            return number;
        }
        var text = Schema("string");
        if (query.Type.IsEnum)
            text["enum"] = new JsonArray([.. QueryValues.NamesOf(query.Type).Select(name => (JsonNode)name)]);
        else
            text["maxLength"] = query.MaximumLength;
        return text;
    }

    private static JsonObject Parameter(string name, string place, bool required, string? description, JsonObject schema, string? example)
    {
        var parameter = new JsonObject { ["name"] = name, ["in"] = place, ["required"] = required };
        if (description is not null)
            parameter["description"] = description;
        parameter["schema"] = schema;
        if (example is not null)
            parameter["example"] = schema["type"]!.GetValue<string>() switch { "integer" => long.Parse(example), "boolean" => bool.Parse(example), _ => example };
        return parameter;
    }

    private static JsonObject Schema(string type, string? format = null)
    {
        var schema = new JsonObject { ["type"] = type };
        if (format is not null)
            schema["format"] = format;
        return schema;
    }
}
