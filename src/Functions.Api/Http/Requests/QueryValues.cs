using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>Reads single query values. An invalid value throws <see cref="ErrorCodes.InvalidParameter"/> with the name of the parameter.</summary>
public static class QueryValues
{
    /// <summary>The value; null when it is missing or empty.</summary>
    public static string? QueryText(this HttpRequest request, string name, int maximumLength = 1024) =>
        request.Query[name].ToString() switch
        {
            "" => null,
            var text when text.Length > maximumLength || text.Contains('\0') => throw Invalid(name, $"must be at most {maximumLength} characters without NUL"),
            var text => text,
        };

    public static Guid? QueryId(this HttpRequest request, string name) =>
        request.QueryText(name) is not { } text ? null
        : Guid.TryParseExact(text, "D", out var id) ? id
        : throw Invalid(name, "must be an id");

    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidParameter"/> also when it is missing.</exception>
    public static Guid RequiredQueryId(this HttpRequest request, string name) =>
        request.QueryId(name) ?? throw Invalid(name, "is required");

    public static long? QueryNumber(this HttpRequest request, string name) =>
        request.QueryText(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Invalid(name, "must be a whole number");

    public static bool? QueryFlag(this HttpRequest request, string name) => request.QueryText(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        _ => throw Invalid(name, "must be true or false"),
    };

    public static DateTimeOffset? QueryTime(this HttpRequest request, string name) =>
        request.QueryText(name) is not { } text ? null
        : Rfc3339.TryParse(text, out var time) ? time
        : throw Invalid(name, "must be a time (RFC 3339)");

    /// <summary>An enum value by its snake_case text.</summary>
    public static T? QueryOneOf<T>(this HttpRequest request, string name)
        where T : struct, Enum
    {
        if (request.QueryText(name) is not { } text)
            return null;
        var values = Enum.GetValues<T>().ToDictionary(value => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()));
        return values.TryGetValue(text, out var found) ? found : throw Invalid(name, $"must be one of {string.Join(", ", values.Keys)}");
    }

    /// <summary>The error of a value as one sentence; null for a valid value.</summary>
    internal static string? Problem(QueryAttribute parameter, string text)
    {
        var type = Nullable.GetUnderlyingType(parameter.Type) ?? parameter.Type;
        if (text.Length > parameter.MaximumLength || !IsText(text))
            return $"Must be at most {parameter.MaximumLength} characters of valid Unicode without NUL.";
        if (type == typeof(Guid))
            return Guid.TryParseExact(text, "D", out _) ? null : "Must be an id (UUID).";
        if (type == typeof(int) || type == typeof(long))
            return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= parameter.Minimum && number <= parameter.Maximum
                ? null
                : $"Must be a whole number{Range(parameter)}.";
        if (type == typeof(bool))
            return text is "true" or "false" ? null : "Must be true or false.";
        if (type == typeof(DateTimeOffset))
            return Rfc3339.TryParse(text, out _) ? null : "Must be a time (RFC 3339), like 2026-11-20T08:30:00Z.";
        if (type.IsEnum)
            return NamesOf(type) is var names && names.Contains(text) ? null : $"Must be one of {string.Join(", ", names)}.";
        return null;
    }

    /// <summary>The values of an enum in the API.</summary>
    internal static IReadOnlyList<string> NamesOf(Type type) => [.. Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    // The server replaces invalid UTF-8 in an address by U+FFFD.
    private static bool IsText(string text) => !text.Contains('\0') && !text.Contains('\uFFFD');

    private static string Range(QueryAttribute parameter) => (parameter.Minimum, parameter.Maximum) switch
    {
        (long.MinValue, long.MaxValue) => "",
        (var least, long.MaxValue) => $" of at least {least}",
        (var least, var most) => $" from {least} to {most}",
    };

    private static ProblemException Invalid(string name, string why) => new(ErrorCodes.InvalidParameter, $"{name} {why}.", name);
}
