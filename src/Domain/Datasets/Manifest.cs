using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VisionPlatform.Domain.Datasets;

/// <summary>
/// What a dataset version is made of, as text. One JSON object a line with the members <c>path, size, sha256, width, height, class, split</c>
/// in this order, no blanks, UTF-8, each line ended by a line feed, lines in ordinal order of the path. A line of another task than classification
/// has <c>annotations</c> instead of <c>class</c> (<see cref="Annotations.AnnotationText"/>). The SHA-256 of these lines is the version's hash. Each
/// line of the stored manifest has one more member at its end, <c>key</c>, which says where the image lies and is not part of the hash.
/// </summary>
public static class Manifest
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The order of manifest lines.</summary>
    public static IComparer<string> PathOrder => StringComparer.Ordinal;

    /// <summary>Lower-case hex SHA-256 of the canonical lines.</summary>
    /// <param name="images">Images in <see cref="PathOrder"/>.</param>
    public static string Hash(IEnumerable<DatasetVersionImage> images)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var lines = new Lines();
        foreach (var image in images)
            hash.AppendData(lines.Canonical(image).Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes the stored manifest, uncompressed, or without keys the lines that are hashed.</summary>
    /// <param name="images">Images in <see cref="PathOrder"/>.</param>
    /// <param name="target">Where to.</param>
    /// <param name="cancellation">Cancels writing.</param>
    /// <param name="withKey">Whether lines say where the image lies.</param>
    public static async Task WriteAsync(IEnumerable<DatasetVersionImage> images, Stream target, CancellationToken cancellation, bool withKey = true)
    {
        using var lines = new Lines();
        foreach (var image in images)
            await target.WriteAsync(withKey ? lines.Stored(image) : lines.Canonical(image), cancellation);
    }

    /// <summary>Makes the lines of images. What it gives out is valid until the next call.</summary>
    public sealed class Lines : IDisposable
    {
        private readonly ArrayBufferWriter<byte> _buffer = new(4096);
        private readonly Utf8JsonWriter _json;

        public Lines() => _json = new Utf8JsonWriter(_buffer, Options);

        /// <summary>The line that the hash is made of.</summary>
        public ReadOnlyMemory<byte> Canonical(DatasetVersionImage image) => Line(image, withKey: false);

        /// <summary>The line of the stored manifest.</summary>
        public ReadOnlyMemory<byte> Stored(DatasetVersionImage image) => Line(image, withKey: true);

        public void Dispose() => _json.Dispose();

        private ReadOnlyMemory<byte> Line(DatasetVersionImage image, bool withKey)
        {
            _buffer.ResetWrittenCount();
            WriteLine(_buffer, _json, image, withKey);
            return _buffer.WrittenMemory;
        }
    }

    private static void WriteLine(ArrayBufferWriter<byte> buffer, Utf8JsonWriter json, DatasetVersionImage image, bool withKey)
    {
        json.Reset(buffer);
        json.WriteStartObject();
        json.WriteString("path"u8, image.Path);
        json.WriteNumber("size"u8, image.Size);
        json.WriteString("sha256"u8, image.Sha256);
        json.WriteNumber("width"u8, image.Width);
        json.WriteNumber("height"u8, image.Height);
        if (image.Annotations is { } annotations)
        {
            json.WritePropertyName("annotations"u8);
            json.WriteRawValue(annotations, skipInputValidation: true);
        }
        else
            json.WriteString("class"u8, image.Class);
        json.WriteString("split"u8, NameOf(image.Split));
        if (withKey)
            json.WriteString("key"u8, image.Key);
        json.WriteEndObject();
        json.Flush();
        buffer.Write("\n"u8);
    }

    private static ReadOnlySpan<byte> NameOf(Split split) => split switch
    {
        Split.Train => "train"u8,
        Split.Val => "val"u8,
        Split.Test => "test"u8,
        _ => throw new ArgumentOutOfRangeException(nameof(split)),
    };
}
