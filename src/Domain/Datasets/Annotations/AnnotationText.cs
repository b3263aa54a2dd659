using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>
/// The annotations of one image as they are stored and as a line of a version's manifest has them: a JSON array without blanks, members in the order
/// <c>class, box, polygons, rle, keypoints, crowd</c>, those that do not apply left out. Equal annotations are equal texts, so the hash of a version can
/// be made of them.
/// </summary>
public static class AnnotationText
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private static readonly JsonSerializerOptions Reading = new(JsonSerializerDefaults.Web);

    public static string Write(IEnumerable<Annotation> annotations)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartArray();
            foreach (var annotation in annotations)
                Write(json, annotation);
            json.WriteEndArray();
        }
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>One annotation: an element of the array.</summary>
    public static string Write(Annotation annotation) => Write([annotation])[1..^1];

    public static IReadOnlyList<Annotation> Read(string text) => JsonSerializer.Deserialize<List<Annotation>>(text, Reading)!;

    /// <summary>Number of objects of each class.</summary>
    public static IReadOnlyDictionary<string, int> Count(IEnumerable<Annotation> annotations) => annotations.CountBy(annotation => annotation.Class, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);

    private static void Write(Utf8JsonWriter json, Annotation annotation)
    {
        json.WriteStartObject();
        json.WriteString("class"u8, annotation.Class);
        json.WritePropertyName("box"u8);
        Write(json, annotation.Box);
        if (annotation.Polygons is { } polygons)
        {
            json.WritePropertyName("polygons"u8);
            Write(json, polygons);
        }
        if (annotation.Rle is { } rle)
        {
            json.WriteStartObject("rle"u8);
            json.WriteStartArray("size"u8);
            foreach (var side in rle.Size)
                json.WriteNumberValue(side);
            json.WriteEndArray();
            json.WriteString("counts"u8, rle.Counts);
            json.WriteEndObject();
        }
        if (annotation.Keypoints is { } keypoints)
        {
            json.WritePropertyName("keypoints"u8);
            Write(json, keypoints);
        }
        if (annotation.Crowd)
            json.WriteBoolean("crowd"u8, true);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, IReadOnlyList<double[]> lists)
    {
        json.WriteStartArray();
        foreach (var list in lists)
            Write(json, list);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, double[] numbers)
    {
        json.WriteStartArray();
        foreach (var number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }
}
