using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using VisionPlatform.Application.Idempotency;

namespace VisionPlatform.Api.OpenApi;

/// <summary>The parameters of an operation: of its route, its query, and the headers that its kind takes.</summary>
internal sealed class OperationParameters(SchemaCatalog schemas)
{
    public List<IOpenApiParameter> Of(Contract contract) =>
    [
        .. contract.RouteParameters.Select(OfRoute),
        .. contract.Function.Queries.Select(OfQuery),
        .. contract.Operation is { IsList: true, FixedOrder: false } ? [Sort(contract.Operation.Sort)] : Array.Empty<IOpenApiParameter>(),
        .. Headers(contract),
    ];

    private static OpenApiParameter OfRoute(RouteParameter parameter) => new()
    {
        Name = parameter.Name, In = ParameterLocation.Path, Required = true, Example = parameter.Example,
        Description = $"{(parameter.IsId ? "Id" : "Name")} of the {parameter.Thing}.",
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = parameter.IsId ? "uuid" : null },
    };

    private OpenApiParameter OfQuery(QueryAttribute query)
    {
        var schema = schemas.Of(query.Type, isBody: true);
        if (schema is OpenApiSchema { Type: JsonSchemaType.Integer } number)
        {
            number.Minimum = query.Minimum == long.MinValue ? null : query.Minimum.ToString(CultureInfo.InvariantCulture);
            number.Maximum = query.Maximum == long.MaxValue ? null : query.Maximum.ToString(CultureInfo.InvariantCulture);
        }
        else if (schema is OpenApiSchema { Type: JsonSchemaType.String, Format: null } text)
            text.MaxLength = query.MaximumLength;
        return new OpenApiParameter
        {
            Name = query.Name, In = ParameterLocation.Query, Required = query.Required, Description = query.Description, Schema = schema,
            Example = query.Example is not { } example ? null : schema.Type switch
            {
                JsonSchemaType.Integer => long.Parse(example, CultureInfo.InvariantCulture),
                JsonSchemaType.Boolean => bool.Parse(example),
                _ => example,
            },
        };
    }

    private static OpenApiParameter Sort(IReadOnlyList<string> names) => new()
    {
        Name = "sort", In = ParameterLocation.Query, Example = "-" + Sorting<object>.ByAge,
        Description = "Field to sort by. A minus sign in front sorts in descending order.",
        Schema = new OpenApiSchema
        {
            Type = JsonSchemaType.String,
            Enum = [.. new[] { Sorting<object>.ByAge }.Concat(names).SelectMany(name => new JsonNode[] { name, "-" + name })],
            Default = "-" + Sorting<object>.ByAge,
        },
    };

    private static IEnumerable<IOpenApiParameter> Headers(Contract contract)
    {
        if (contract is { IsVersioned: true, Method: "GET" })
            yield return Header("If-None-Match", "`ETag` of the version that the caller has. While it is the current one, the answer is 304 without a body.");
        else if (contract.IsVersioned)
            yield return Header("If-Match", "`ETag` of the version to change. When another version is the current one, nothing changes and the answer is 412.");
        if (contract.IsIdempotent)
            yield return Header(IdempotencyKey.Header, "Key chosen by the caller, best a UUID. Repeating the request with the same key within 24 hours creates nothing and returns the first answer.");
    }

    private static OpenApiParameter Header(string name, string description) => new()
    {
        Name = name, In = ParameterLocation.Header, Description = description, Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}
