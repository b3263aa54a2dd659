using System.Collections;
using System.Collections.Concurrent;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>
/// Compares a JSON value with its type and reports all errors at once, while the serializer would
/// stop at the first. Then checks the validation attributes of the whole object.
/// </summary>
internal static class JsonContract
{
    private const string NotStorable = "Must be valid Unicode text without NUL.";

    private static readonly ConcurrentDictionary<JsonPropertyInfo, ValidationAttribute[]> Rules = new();

    public static void Check(JsonElement value, Type type, FieldErrors errors, string path = "")
    {
        if (type == typeof(JsonElement) || type == typeof(object))
        {
            CheckFreeForm(value, errors, path);
            return;
        }
        var contract = ApiJson.Options.GetTypeInfo(Nullable.GetUnderlyingType(type) ?? type);
        switch (contract.Kind, value.ValueKind)
        {
            case (JsonTypeInfoKind.Object, JsonValueKind.Object):
                CheckObject(value, contract, errors, path);
                break;
            case (JsonTypeInfoKind.Enumerable, JsonValueKind.Array):
                var index = 0;
                foreach (var item in value.EnumerateArray())
                    CheckItem(item, contract.ElementType!, errors, $"{path}[{index++}]");
                break;
            case (JsonTypeInfoKind.Dictionary, JsonValueKind.Object):
                foreach (var property in value.EnumerateObject())
                    CheckItem(property.Value, contract.ElementType!, errors, Join(path, NameOf(property, errors, path)));
                break;
            default:
                CheckLeaf(value, contract.Type, errors, path);
                break;
        }
    }

    /// <summary>Runs validation attributes (of properties or of a record's parameters) and <see cref="IValidatableObject"/>, depth first.</summary>
    public static void Validate(object? value, FieldErrors errors, string path = "")
    {
        switch (value)
        {
            case null or string or JsonElement:
                return;
            case IDictionary map:
                foreach (DictionaryEntry entry in map)
                    Validate(entry.Value, errors, Join(path, $"{entry.Key}"));
                return;
            case IEnumerable items:
                var index = 0;
                foreach (var item in items)
                    Validate(item, errors, $"{path}[{index++}]");
                return;
        }
        var contract = ApiJson.Options.GetTypeInfo(value.GetType());
        if (contract.Kind != JsonTypeInfoKind.Object)
            return;
        foreach (var property in contract.Properties.Where(property => property.Get is not null))
            ValidateProperty(value, property, errors, Join(path, property.Name));
        if (value is IValidatableObject self)
            foreach (var result in self.Validate(new ValidationContext(value)))
                AddResult(result, errors, path);
    }

    private static void ValidateProperty(object owner, JsonPropertyInfo property, FieldErrors errors, string path)
    {
        var value = property.Get!(owner);
        var context = new ValidationContext(owner) { MemberName = property.Name, DisplayName = property.Name };
        foreach (var rule in Rules.GetOrAdd(property, RulesOf))
            if (rule.GetValidationResult(value, context) is { } result && result != ValidationResult.Success)
                errors.Add(path, result.ErrorMessage ?? "Not valid.");
        Validate(value, errors, path);
    }

    private static void AddResult(ValidationResult result, FieldErrors errors, string path)
    {
        foreach (var member in result.MemberNames.DefaultIfEmpty(""))
            errors.Add(member.Length == 0 ? path : Join(path, JsonNamingPolicy.CamelCase.ConvertName(member)), result.ErrorMessage ?? "Not valid.");
    }

    /// <summary>The validation attributes of a field, from the property and the record's parameter.</summary>
    internal static ValidationAttribute[] RulesOf(JsonPropertyInfo property) =>
    [
        .. Attributes(property.AttributeProvider),
        .. Attributes(property.AssociatedParameter?.AttributeProvider),
    ];

    private static IEnumerable<ValidationAttribute> Attributes(ICustomAttributeProvider? provider) =>
        provider?.GetCustomAttributes(typeof(ValidationAttribute), inherit: true).Cast<ValidationAttribute>() ?? [];

    private static void CheckObject(JsonElement value, JsonTypeInfo contract, FieldErrors errors, string path)
    {
        var known = contract.Properties.ToDictionary(property => property.Name, StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var sent in value.EnumerateObject())
        {
            var name = NameOf(sent, errors, path);
            var field = Join(path, name);
            if (!seen.Add(name))
                errors.Add(field, "Sent twice.");
            else if (!known.TryGetValue(name, out var property))
            {
                if (contract.UnmappedMemberHandling != JsonUnmappedMemberHandling.Skip)
                    errors.Add(field, "Unknown field.");
            }
            else if (sent.Value.ValueKind == JsonValueKind.Object && property.NumberHandling?.HasFlag(JsonNumberHandling.AllowNamedFloatingPointLiterals) == true)
                CheckNumbers(sent.Value, errors, field);
            else if (sent.Value.ValueKind != JsonValueKind.Null)
                Check(sent.Value, property.PropertyType, errors, field);
            else if (!MayBeNull(property))
                errors.Add(field, "Must not be null.");
        }
        foreach (var property in contract.Properties)
            if (!seen.Contains(property.Name) && IsNeeded(property))
                errors.Add(Join(path, property.Name), "Required.");
    }

    /// <summary>Checks numbers by name, of which some may be no finite number.</summary>
    private static void CheckNumbers(JsonElement numbers, FieldErrors errors, string path)
    {
        foreach (var number in numbers.EnumerateObject())
        {
            var name = NameOf(number, errors, path);
            if (number.Value.ValueKind != JsonValueKind.String || !(number.Value.ValueEquals("NaN"u8) || number.Value.ValueEquals("Infinity"u8) || number.Value.ValueEquals("-Infinity"u8)))
                CheckItem(number.Value, typeof(double), errors, Join(path, name));
        }
    }

    private static void CheckFreeForm(JsonElement value, FieldErrors errors, string path)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String when !IsStorableText(value):
                errors.Add(path, NotStorable);
                break;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var item in value.EnumerateArray())
                    CheckFreeForm(item, errors, $"{path}[{index++}]");
                break;
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                {
                    var name = NameOf(property, errors, path);
                    CheckFreeForm(property.Value, errors, Join(path, name));
                }
                break;
        }
    }

    private static void CheckItem(JsonElement item, Type type, FieldErrors errors, string path)
    {
        if (item.ValueKind != JsonValueKind.Null)
            Check(item, type, errors, path);
        else if (Nullable.GetUnderlyingType(type) is null && type != typeof(object) && type != typeof(JsonElement))
            errors.Add(path, "Must not be null.");
    }

    private static void CheckLeaf(JsonElement value, Type type, FieldErrors errors, string path)
    {
        if (value.ValueKind == JsonValueKind.String && !IsStorableText(value))
        {
            errors.Add(path, NotStorable);
            return;
        }
        try
        {
            value.Deserialize(type, ApiJson.Options);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            errors.Add(path, $"Must be {Describe(type)}.");
        }
    }

    // Postgres cannot store NUL in text, and an unpaired surrogate is not a character.
    private static bool IsStorableText(JsonElement value)
    {
        try
        {
            return value.GetString()!.Contains('\0') is false;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    private static string NameOf(JsonProperty property, FieldErrors errors, string path)
    {
        try
        {
            if (!property.Name.Contains('\0'))
                return property.Name;
        }
        catch (InvalidOperationException)
        {
            // An unpaired surrogate, reported below.
        }
        errors.Add(path, $"Name of a field: {NotStorable}");
        return "";
    }

    /// <summary>Whether a request may send null for the field.</summary>
    internal static bool MayBeNull(JsonPropertyInfo property) =>
        property.PropertyType.IsValueType ? Nullable.GetUnderlyingType(property.PropertyType) is not null : property.IsSetNullable || IsNullableParameter(property);

    private static bool IsNullableParameter(JsonPropertyInfo property) => property.AssociatedParameter is { IsNullable: true };

    /// <summary>Whether a request must send the field.</summary>
    internal static bool IsNeeded(JsonPropertyInfo property) =>
        property.IsRequired || (property.AssociatedParameter is { HasDefaultValue: false } && !MayBeNull(property));

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string Describe(Type type)
    {
        if (type.IsEnum)
            return $"one of {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName))}";
        if (type == typeof(string))
            return "text";
        if (type == typeof(bool))
            return "true or false";
        if (type == typeof(Guid))
            return "an id (UUID)";
        if (type == typeof(DateTimeOffset) || type == typeof(DateTime))
            return "a time (RFC 3339)";
        if (type == typeof(int) || type == typeof(long) || type == typeof(short) || type == typeof(byte))
            return "a whole number";
        if (type == typeof(double) || type == typeof(float) || type == typeof(decimal))
            return "a number";
        return ApiJson.Options.GetTypeInfo(type).Kind == JsonTypeInfoKind.Enumerable ? "an array" : "an object";
    }
}
