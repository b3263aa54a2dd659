using System.Text.Json;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>One item of a list in a body: its value, or what is wrong with it.</summary>
/// <param name="Json">The item as it was sent.</param>
/// <param name="Value">The value; null when something is wrong.</param>
/// <param name="Errors">What is wrong, each with its field; null when nothing is.</param>
public sealed record JsonItem<T>(JsonElement Json, T? Value, FieldErrors? Errors)
    where T : class;

/// <summary>Reads a list of which the good items are taken although others are not.</summary>
public static class JsonItems
{
    /// <summary>Reads <c>{"list": […]}</c>. Every item is checked by itself, as <see cref="JsonBody"/> checks a whole body.</summary>
    /// <exception cref="ProblemException">The body is too large, not JSON, or has no such list.</exception>
    public static async Task<IReadOnlyList<JsonItem<T>>> ReadJsonItemsAsync<T>(this HttpRequest request, string list, CancellationToken cancellation, int maximumBytes)
        where T : class
    {
        if (!request.HasJsonContentType())
            throw new ProblemException(ErrorCodes.UnsupportedMediaType);
        var body = await request.ReadBytesAsync(cancellation, maximumBytes);
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new ProblemException(ErrorCodes.ValidationFailed, "The body must be a JSON object.");
            return document.RootElement.TryGetProperty(list, out var items) && items.ValueKind == JsonValueKind.Array
                ? [.. items.EnumerateArray().Select(item => Read<T>(item.Clone()))]
                : throw new ProblemException(ErrorCodes.ValidationFailed, $"{list}: a list is required.", list);
        }
        catch (JsonException invalid)
        {
            throw new ProblemException(ErrorCodes.MalformedJson, $"The body is not valid JSON at line {invalid.LineNumber + 1}, position {invalid.BytePositionInLine + 1}.", inner: invalid);
        }
    }

    private static JsonItem<T> Read<T>(JsonElement item)
        where T : class
    {
        var errors = new FieldErrors();
        if (item.ValueKind == JsonValueKind.Object)
            JsonContract.Check(item, typeof(T), errors);
        else
            errors.Add("", "Must be a JSON object.");
        if (errors.Any)
            return new JsonItem<T>(item, null, errors);
        try
        {
            return new JsonItem<T>(item, item.Deserialize<T>(ApiJson.Options), null);
        }
        catch (JsonException invalid)
        {
            errors.Add(FieldErrors.FieldOf(invalid.Path), "The value is not valid.");
            return new JsonItem<T>(item, null, errors);
        }
    }
}
