using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
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
        using var document = Parse(body.Bytes);
        var errors = new FieldErrors();
        JsonContract.Check(document.RootElement, typeof(T), errors);
        errors.ThrowIfAny();
        T value;
        try
        {
            value = document.RootElement.Deserialize<T>(ApiJson.Options)
                ?? throw new ProblemException(ErrorCodes.ValidationFailed, "The body must be a JSON object.");
        }
        catch (JsonException e)
        {
            throw new ProblemException(ErrorCodes.ValidationFailed, "The value is not valid.", FieldErrors.FieldOf(e.Path));
        }
        JsonContract.Validate(value, errors);
        errors.ThrowIfAny();
        return value;
    }

    /// <summary>SHA-256 of the body of a request with an <see cref="IdempotencyKey.Header"/>; SHA-256 of no bytes before the body is read.</summary>
    internal static byte[] BodyFingerprint(this HttpRequest request) =>
        request.HttpContext.Items[FingerprintKey] as byte[] ?? SHA256.HashData([]);

    private static JsonDocument Parse(ReadOnlyMemory<byte> bytes)
    {
        // A parser may ignore a byte order mark (RFC 8259 8.1), which editors on Windows write.
        if (bytes.Span is [0xEF, 0xBB, 0xBF, ..])
            bytes = bytes[3..];
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
