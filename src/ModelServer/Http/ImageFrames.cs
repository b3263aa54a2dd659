using System.Buffers.Binary;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.ModelServer.Http;

/// <summary>
/// Reads the images of a request: one image file as the body itself, or <c>application/x-image-frames</c>, which is for each image its length in
/// 4 bytes (little endian) and the file as it is.
/// </summary>
internal static class ImageFrames
{
    public const string ContentType = "application/x-image-frames";

    private const int LengthBytes = 4;

    /// <exception cref="ProblemException"><see cref="ErrorCodes.BodyTooLarge"/> or <see cref="ErrorCodes.ValidationFailed"/>.</exception>
    public static async Task<IReadOnlyList<byte[]>> ReadAsync(HttpRequest request, ServerSettings settings, CancellationToken cancellation)
    {
        var body = await ReadBodyAsync(request, settings.MaxBody, cancellation);
        if (request.ContentType?.StartsWith(ContentType, StringComparison.OrdinalIgnoreCase) != true)
            return [body];
        var images = new List<byte[]>();
        for (var at = 0; at < body.Length;)
        {
            if (body.Length - at < LengthBytes || BinaryPrimitives.ReadUInt32LittleEndian(body.AsSpan(at)) is var length && length > body.Length - at - LengthBytes)
                throw new ProblemException(ErrorCodes.ValidationFailed, $"Frame {images.Count} ends before its announced length.");
            images.Add(body.AsSpan(at + LengthBytes, (int)length).ToArray());
            at += LengthBytes + (int)length;
            if (images.Count > settings.MaxImages)
                throw new ProblemException(ErrorCodes.ValidationFailed, $"A request may have {settings.MaxImages} images.");
        }
        return images.Count > 0 ? images : throw new ProblemException(ErrorCodes.ValidationFailed, "The request has no image.");
    }

    private static async Task<byte[]> ReadBodyAsync(HttpRequest request, int limit, CancellationToken cancellation)
    {
        var tooLarge = new ProblemException(ErrorCodes.BodyTooLarge, $"A request may have {limit / (1 << 20)} MiB.");
        if (request.ContentLength is { } announced)
        {
            if (announced > limit)
                throw tooLarge;
            var exact = GC.AllocateUninitializedArray<byte>((int)announced);
            await request.Body.ReadExactlyAsync(exact, cancellation);
            return exact;
        }
        using var body = new MemoryStream();
        var buffer = new byte[1 << 16];
        for (int read; (read = await request.Body.ReadAsync(buffer, cancellation)) > 0;)
        {
            if (body.Length + read > limit)
                throw tooLarge;
            body.Write(buffer, 0, read);
        }
        return body.ToArray();
    }
}
