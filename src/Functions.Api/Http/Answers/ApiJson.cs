using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Api.Http.Answers;

/// <summary>The JSON options of all bodies.</summary>
public static class ApiJson
{
    /// <summary>Deepest nesting of a request.</summary>
    public const int MaximumDepth = 32;

    /// <summary>
    /// camelCase names, enums as snake_case text, RFC 3339 times in UTC, and nulls are written. In requests unknown fields and
    /// nulls for fields that are not nullable are errors.
    /// </summary>
    public static JsonSerializerOptions Options { get; } = CreateOptions();

    /// <summary>Writes all results (<c>TypedResults.Ok</c>, …) with <see cref="Options"/>.</summary>
    public static IServiceCollection AddApiJson(this IServiceCollection services) => services.ConfigureHttpJsonOptions(options => Apply(options.SerializerOptions));

    private static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Apply(options);
        options.MakeReadOnly();
        return options;
    }

    private static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = MaximumDepth;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.RespectNullableAnnotations = true;
        options.AllowDuplicateProperties = false;
        // Answers are application/json with nosniff and never part of HTML.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver();
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
        options.Converters.Add(new UtcTime());
    }

    /// <summary>Reads RFC 3339 times; writes them in UTC with microseconds, the precision of the database: <c>2026-11-20T08:30:00.123456Z</c>.</summary>
    private sealed class UtcTime : JsonConverter<DateTimeOffset>
    {
        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            Rfc3339.TryParse(reader.GetString(), out var time) ? time : throw new JsonException("The time is not written as RFC 3339 says.");

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.UtcDateTime.AddTicks(-(value.Ticks % TimeSpan.TicksPerMicrosecond)));
    }
}
