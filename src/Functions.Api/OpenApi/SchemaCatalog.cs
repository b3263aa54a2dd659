using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.OpenApi;

namespace VisionPlatform.Api.OpenApi;

/// <summary>
/// JSON Schemas (2020-12, as OpenAPI 3.1 uses them) of the records and enums in bodies, answers and parameters. They follow the
/// serializer's own contracts and the validation attributes; their descriptions are the doc comments of the types and their members.
/// </summary>
/// <param name="document">Where records and enums are added, each as a component under its own name.</param>
internal sealed class SchemaCatalog(OpenApiDocument document)
{
    private readonly Dictionary<string, (Type Type, bool IsBody)> _named = new(StringComparer.Ordinal);

    /// <summary>The schema of a type; a record or an enum is described at its first mention and referred to after that.</summary>
    /// <param name="type">What is read or written.</param>
    /// <param name="isBody">Whether requests send it: then unknown fields are refused and fields may be left out.</param>
    public IOpenApiSchema Of(Type type, bool isBody)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (Leaf(plain) is { } leaf)
            return leaf;
        if (plain.IsEnum)
            return Reference(plain, isBody, Enumeration);
        var contract = ApiJson.Options.GetTypeInfo(plain);
        return contract.Kind switch
        {
            JsonTypeInfoKind.Enumerable => new OpenApiSchema { Type = JsonSchemaType.Array, Items = Of(contract.ElementType!, isBody) },
            JsonTypeInfoKind.Dictionary => new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = Of(contract.ElementType!, isBody) },
            JsonTypeInfoKind.Object => Reference(plain, isBody, _ => Record(contract, isBody)),
            _ => throw new InvalidOperationException($"Teach {nameof(SchemaCatalog)} what {type} looks like as JSON."),
        };
    }

    private static OpenApiSchema? Leaf(Type type)
    {
        (JsonSchemaType Type, string? Format)? leaf = type switch
        {
            _ when type == typeof(string) => (JsonSchemaType.String, null),
            _ when type == typeof(bool) => (JsonSchemaType.Boolean, null),
            _ when type == typeof(int) => (JsonSchemaType.Integer, "int32"),
            _ when type == typeof(long) => (JsonSchemaType.Integer, "int64"),
            _ when type == typeof(double) => (JsonSchemaType.Number, "double"),
            _ when type == typeof(Guid) => (JsonSchemaType.String, "uuid"),
            _ when type == typeof(DateTimeOffset) => (JsonSchemaType.String, "date-time"),
            _ when type == typeof(Uri) => (JsonSchemaType.String, "uri"),
            _ when type == typeof(JsonObject) => (JsonSchemaType.Object, null),
            _ => null,
        };
        // Free JSON may be anything: a schema without a type.
        return leaf is { } known ? new OpenApiSchema { Type = known.Type, Format = known.Format } : type == typeof(JsonElement) ? new OpenApiSchema() : null;
    }

    private OpenApiSchemaReference Reference(Type type, bool isBody, Func<Type, OpenApiSchema> describe)
    {
        var name = FreeNameOf(type);
        if (!_named.TryGetValue(name, out var known))
        {
            _named[name] = (type, isBody);
            document.AddComponent(name, describe(type));
        }
        else if (known.IsBody != isBody && !type.IsEnum)
            Unite((OpenApiSchema)document.Components!.Schemas![name], describe(type), type);
        return new OpenApiSchemaReference(name, document);
    }

    // A record can be used in requests and in answers when both require the same fields. Unknown fields are then refused as in requests.
    private static void Unite(OpenApiSchema known, OpenApiSchema other, Type type)
    {
        if (!(known.Required ?? new HashSet<string>()).SetEquals(other.Required ?? new HashSet<string>()))
            throw new InvalidOperationException($"{type} is both sent and answered, and a request may leave out fields that every answer has: make a record of its own for the body.");
        known.AdditionalPropertiesAllowed &= other.AdditionalPropertiesAllowed;
    }

    private static OpenApiSchema Enumeration(Type type) => new()
    {
        Type = JsonSchemaType.String,
        Enum = [.. QueryValues.NamesOf(type).Select(name => (JsonNode)name)],
        Description = DocComments.OfEnum(type),
    };

    private OpenApiSchema Record(JsonTypeInfo contract, bool isBody)
    {
        var schema = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Description = DocComments.Of(contract.Type),
            Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal),
            AdditionalPropertiesAllowed = !isBody || contract.UnmappedMemberHandling == JsonUnmappedMemberHandling.Skip,
        };
        foreach (var property in contract.Properties)
            schema.Properties[property.Name] = Member(property, isBody);
        var needed = contract.Properties
            .Where(property => isBody ? JsonContract.IsNeeded(property) || IsRequired(property) : !IsLeftOutWhenNull(property))
            .Select(property => property.Name).ToList();
        if (needed.Count > 0)
            schema.Required = new HashSet<string>(needed, StringComparer.Ordinal);
        return schema;
    }

    private IOpenApiSchema Member(JsonPropertyInfo property, bool isBody)
    {
        var schema = Of(property.PropertyType, isBody);
        var description = DocComments.OfMember(property);
        var mayBeNull = (isBody ? JsonContract.MayBeNull(property) && !IsRequired(property) : IsNullable(property)) && !IsLeftOutWhenNull(property);
        if (schema is OpenApiSchemaReference reference)
        {
            if (mayBeNull)
                return new OpenApiSchema { AnyOf = [reference, new OpenApiSchema { Type = JsonSchemaType.Null }], Description = description };
            reference.Description = description;
            return reference;
        }
        var own = (OpenApiSchema)schema;
        own.Description = description;
        if (property.NumberHandling?.HasFlag(JsonNumberHandling.AllowNamedFloatingPointLiterals) == true)
            own.AdditionalProperties = new OpenApiSchema
            {
                AnyOf = [new OpenApiSchema { Type = JsonSchemaType.Number, Format = "double" }, new OpenApiSchema { Type = JsonSchemaType.String, Enum = ["NaN", "Infinity", "-Infinity"] }],
            };
        if (mayBeNull && own.Type is { } type)
            own.Type = type | JsonSchemaType.Null;
        if (isBody && property.AssociatedParameter is { HasDefaultValue: true, DefaultValue: { } value })
            own.Default = JsonSerializer.SerializeToNode(value, property.PropertyType, ApiJson.Options);
        foreach (var rule in JsonContract.RulesOf(property))
            Limit(own, rule);
        return own;
    }

    private static void Limit(OpenApiSchema schema, ValidationAttribute rule)
    {
        switch (rule)
        {
            case StringLengthAttribute length:
                schema.MaxLength = length.MaximumLength;
                if (length.MinimumLength > 0)
                    schema.MinLength = length.MinimumLength;
                break;
            case NameAttribute name:
                (schema.MinLength, schema.MaxLength) = (1, name.MaximumLength);
                break;
            case ProseAttribute prose:
                schema.MaxLength = prose.MaximumLength;
                break;
            case RangeAttribute { Minimum: IConvertible least, Maximum: IConvertible most }:
                (schema.Minimum, schema.Maximum) = (least.ToString(CultureInfo.InvariantCulture), most.ToString(CultureInfo.InvariantCulture));
                break;
            case MaxLengthAttribute items when IsList(schema):
                schema.MaxItems = items.Length;
                break;
            case MinLengthAttribute items when IsList(schema):
                schema.MinItems = items.Length;
                break;
            case RequiredAttribute when schema.Type == JsonSchemaType.String && schema.Format is null:
                schema.MinLength = Math.Max(schema.MinLength ?? 0, 1);
                break;
            case RequiredAttribute:
                break;
            default:
                throw new InvalidOperationException($"Teach {nameof(SchemaCatalog)} what {rule.GetType().Name} means for the schema.");
        }
    }

    private static bool IsList(OpenApiSchema schema) => schema.Type?.HasFlag(JsonSchemaType.Array) == true;

    private static bool IsRequired(JsonPropertyInfo property) => JsonContract.RulesOf(property).OfType<RequiredAttribute>().Any();

    private static bool IsNullable(JsonPropertyInfo property) =>
        property.PropertyType.IsValueType ? Nullable.GetUnderlyingType(property.PropertyType) is not null : property.IsGetNullable;

    private static bool IsLeftOutWhenNull(JsonPropertyInfo property) =>
        property.AttributeProvider?.GetCustomAttributes(typeof(JsonIgnoreAttribute), inherit: true) is [JsonIgnoreAttribute { Condition: JsonIgnoreCondition.WhenWritingNull }];

    // Two capabilities may each have a type of the same name; the second one named carries its capability too.
    private string FreeNameOf(Type type)
    {
        var name = NameOf(type);
        return !_named.TryGetValue(name, out var taken) || taken.Type == type ? name : type.Namespace![(type.Namespace!.LastIndexOf('.') + 1)..] + name;
    }

    private static string NameOf(Type type) =>
        type.IsGenericType
            ? string.Concat(type.GetGenericArguments().Select(NameOf)) + type.Name[..type.Name.IndexOf('`', StringComparison.Ordinal)]
            : type.Name.EndsWith("Answer", StringComparison.Ordinal) ? type.Name[..^"Answer".Length] : type.Name;
}
