using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http;

/// <summary>Reads single query values; what is not of the wanted kind ends in <see cref="ErrorCodes.ValidationFailed"/> naming it.</summary>
public static class QueryValues
{
    /// <summary>The value, or null when absent or empty.</summary>
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

    /// <exception cref="ProblemException"><see cref="ErrorCodes.ValidationFailed"/> also when it is absent.</exception>
    public static Guid RequiredQueryId(this HttpRequest request, string name) =>
        request.QueryId(name) ?? throw Invalid(name, "is required");

    public static long? QueryNumber(this HttpRequest request, string name) =>
        request.QueryText(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw Invalid(name, "must be a whole number");

    /// <summary>A moment in RFC 3339, e.g. <c>2026-01-31T12:00:00Z</c>.</summary>
    public static DateTimeOffset? QueryTime(this HttpRequest request, string name) =>
        request.QueryText(name) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time.ToUniversalTime()
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

    private static ProblemException Invalid(string name, string why) => new(ErrorCodes.ValidationFailed, $"{name} {why}.", name);
}
