using System.Buffers;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace VisionPlatform.Domain.Datasets;

/// <summary>
/// What a dataset version is made of, as text. One JSON object a line with the members <c>path, size, sha256, width, height, class, split</c>
/// in this order, no blanks, UTF-8, each line ended by a line feed, lines in ordinal order of the path. The version's hash is the SHA-256 of
/// these lines. The stored manifest has one member more at the end of each line, <c>key</c>: where the image lies is no part of what it is.
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
        var buffer = new ArrayBufferWriter<byte>(4096);
        using var json = new Utf8JsonWriter(buffer, Options);
        foreach (var image in images)
        {
            WriteLine(buffer, json, image, withKey: false);
            hash.AppendData(buffer.WrittenSpan);
            buffer.ResetWrittenCount();
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Writes the stored manifest, uncompressed, or without keys the lines that are hashed.</summary>
    /// <param name="images">Images in <see cref="PathOrder"/>.</param>
    /// <param name="target">Where to.</param>
    /// <param name="cancellation">Cancels writing.</param>
    /// <param name="withKey">Whether lines say where the image lies.</param>
    public static async Task WriteAsync(IEnumerable<DatasetVersionImage> images, Stream target, CancellationToken cancellation, bool withKey = true)
    {
        const int Flush = 64 * 1024;
        var buffer = new ArrayBufferWriter<byte>(2 * Flush);
        await using var json = new Utf8JsonWriter(buffer, Options);
        foreach (var image in images)
        {
            WriteLine(buffer, json, image, withKey);
            if (buffer.WrittenCount < Flush)
                continue;
            await target.WriteAsync(buffer.WrittenMemory, cancellation);
            buffer.ResetWrittenCount();
        }
        await target.WriteAsync(buffer.WrittenMemory, cancellation);
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
