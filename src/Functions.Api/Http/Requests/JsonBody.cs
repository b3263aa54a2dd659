using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>Reads and validates the JSON bodies of all requests.</summary>
public static class JsonBody
{
    /// <summary>Default largest size of a body, in bytes.</summary>
    public const int DefaultMaximumBytes = 1024 * 1024;

    private static readonly object FingerprintKey = new();
    private static readonly JsonDocumentOptions DocumentOptions = new() { MaxDepth = ApiJson.MaximumDepth };

    // Refuses what JsonContract refuses, without saying more than the first thing wrong.
    private static readonly JsonSerializerOptions Strict = new(ApiJson.Options) { TypeInfoResolver = ApiJson.Options.TypeInfoResolver!.WithAddedModifier(RequireFields) };

    /// <summary>
    /// Reads the body as a <typeparamref name="T"/>. Its validation attributes
    /// (<see cref="System.ComponentModel.DataAnnotations"/>, <see cref="NameAttribute"/>) must hold, and a field that
    /// is not nullable and has no default must be present.
    /// </summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">The request's own token.</param>
    /// <param name="maximumBytes">Largest size of the body, in bytes.</param>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.UnsupportedMediaType"/>, <see cref="ErrorCodes.BodyTooLarge"/>,
    /// <see cref="ErrorCodes.MalformedJson"/> with line and position, or <see cref="ErrorCodes.ValidationFailed"/> with
    /// messages for each invalid field.
    /// </exception>
    public static async Task<T> ReadJsonAsync<T>(
        this HttpRequest request, CancellationToken cancellation, int maximumBytes = DefaultMaximumBytes)
        where T : class
    {
        if (!request.HasJsonContentType())
            throw new ProblemException(ErrorCodes.UnsupportedMediaType);
        using var body = await ReadAsync(request, maximumBytes, cancellation);
        if (request.Headers.ContainsKey(IdempotencyKey.Header))
            request.HttpContext.Items[FingerprintKey] = SHA256.HashData(body.Bytes.Span);
        // A parser may ignore a byte order mark (RFC 8259 8.1), which editors on Windows write.
        var json = body.Bytes.Span is [0xEF, 0xBB, 0xBF, ..] ? body.Bytes[3..] : body.Bytes;
        var value = ReadOnce<T>(json.Span) ?? ReadChecked<T>(json);
        var errors = new FieldErrors();
        JsonContract.Validate(value, errors);
        errors.ThrowIfAny();
        return value;
    }

    /// <summary>SHA-256 of the body of a request with an <see cref="IdempotencyKey.Header"/>; SHA-256 of no bytes before the body is read.</summary>
    internal static byte[] BodyFingerprint(this HttpRequest request) =>
        request.HttpContext.Items[FingerprintKey] as byte[] ?? SHA256.HashData([]);

    // Nearly every body is right and is read by this alone. The serializer stops at the first mistake, and it misses two: null as an item of a
    // list, and text that PostgreSQL cannot store, which JSON can only write with an escape.
    private static T? ReadOnce<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        if (json.IndexOf("null"u8) >= 0 || json.IndexOf("\\u"u8) >= 0)
            return null;
        try
        {
            return JsonSerializer.Deserialize<T>(json, Strict);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    // Says everything that is wrong, at once.
    private static T ReadChecked<T>(ReadOnlyMemory<byte> json)
        where T : class
    {
        using var document = Parse(json);
        var errors = new FieldErrors();
        JsonContract.Check(document.RootElement, typeof(T), errors);
        errors.ThrowIfAny();
        try
        {
            return document.RootElement.Deserialize<T>(ApiJson.Options)
                ?? throw new ProblemException(ErrorCodes.ValidationFailed, "The body must be a JSON object.");
        }
        catch (JsonException e)
        {
            throw new ProblemException(ErrorCodes.ValidationFailed, "The value is not valid.", FieldErrors.FieldOf(e.Path));
        }
    }

    private static void RequireFields(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(JsonContract.IsNeeded))
            property.IsRequired = true;
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        if (bytes.IsEmpty)
            throw new ProblemException(ErrorCodes.MalformedJson, "The body is empty. Send a JSON object.");
        try
        {
            return JsonDocument.Parse(bytes, DocumentOptions);
        }
        catch (JsonException e)
        {
            var where = $"line {e.LineNumber + 1}, position {e.BytePositionInLine + 1}";
            throw new ProblemException(ErrorCodes.MalformedJson, $"The body is not valid JSON at {where}.", inner: e);
        }
    }

    private static async Task<RentedBody> ReadAsync(HttpRequest request, int maximumBytes, CancellationToken cancellation)
    {
        if (request.ContentLength > maximumBytes)
            throw TooLarge(maximumBytes);
        var buffer = ArrayPool<byte>.Shared.Rent((int)Math.Min(request.ContentLength + 1 ?? 4096, maximumBytes + 1));
        var length = 0;
        try
        {
            int read;
            while ((read = await request.Body.ReadAsync(buffer.AsMemory(length), cancellation)) > 0)
            {
                length += read;
                if (length > maximumBytes)
                    throw TooLarge(maximumBytes);
                if (length == buffer.Length)
                    Grow(ref buffer, length, maximumBytes);
            }
            return new RentedBody(buffer, length);
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
            throw;
        }
    }

    private static void Grow(ref byte[] buffer, int length, int maximumBytes)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(2L * buffer.Length, maximumBytes + 1L));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
        buffer = larger;
    }

    /// <summary>Reads the bytes of the body, for endpoints that accept files.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.BodyTooLarge"/>.</exception>
    public static async Task<byte[]> ReadBytesAsync(this HttpRequest request, CancellationToken cancellation, int maximumBytes)
    {
        using var body = await ReadAsync(request, maximumBytes, cancellation);
        return body.Bytes.ToArray();
    }

    private static ProblemException TooLarge(int maximumBytes) =>
        new(ErrorCodes.BodyTooLarge, $"The body can have at most {maximumBytes} bytes.");

    /// <summary>A pooled buffer. It is cleared when returned, because bodies may have passwords.</summary>
    private sealed class RentedBody(byte[] buffer, int length) : IDisposable
    {
        public ReadOnlyMemory<byte> Bytes => buffer.AsMemory(0, length);

        public void Dispose() => ArrayPool<byte>.Shared.Return(buffer, clearArray: true);
    }
}
