using System.Globalization;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Presigned requests, which clients can send without having keys. Signing sends nothing to the store.</summary>
public sealed partial class ObjectStore
{
    /// <summary>The longest lifetime that S3 allows for a signature.</summary>
    public static readonly TimeSpan LongestPresign = TimeSpan.FromDays(7);

    private static readonly Dictionary<string, string> NoHeaders = [];

    /// <summary>A GET of one object; a Range header is allowed.</summary>
    /// <param name="key">Object to read.</param>
    /// <param name="lifetime">1 s to 7 days.</param>
    /// <param name="downloadName">When given, browsers save the object under this name instead of showing it.</param>
    public PresignedRequest PresignGet(string key, TimeSpan lifetime, string? downloadName = null) =>
        downloadName is null
            ? Sign(_reader, "GET", key, lifetime, NoHeaders, null)
            : Sign(_reader, "GET", key, lifetime, NoHeaders, null, ("response-content-disposition", $"attachment; filename*=UTF-8''{Uri.EscapeDataString(downloadName)}"));

    /// <summary>
    /// A PUT of exactly <paramref name="size"/> bytes that works once. <c>If-None-Match: *</c>, the content type and the content length are part of
    /// the signature, so the store answers a second PUT with 412, and a PUT with another value or without one of these headers with 403. What a
    /// signature cannot forbid (copy sources, ACLs and the like in headers it does not know) the store has to refuse: docs/storage.md.
    /// </summary>
    public PresignedRequest PresignPutOnce(string key, string contentType, long size, TimeSpan lifetime) =>
        Sign(_writer, "PUT", key, lifetime, new Dictionary<string, string> { ["Content-Type"] = contentType, ["If-None-Match"] = "*" }, size);

    /// <summary>A PUT of one part, of exactly <paramref name="size"/> bytes, of a multipart upload. It works until the upload is completed or aborted.</summary>
    public PresignedRequest PresignPart(string key, string uploadId, int number, long size, TimeSpan lifetime) =>
        Sign(_writer, "PUT", key, lifetime, NoHeaders, size, ("partNumber", number.ToString(CultureInfo.InvariantCulture)), ("uploadId", uploadId));

    private static PresignedRequest Sign(
        Presigner signer, string method, string key, TimeSpan lifetime, IReadOnlyDictionary<string, string> headers, long? size,
        params ReadOnlySpan<(string Name, string Value)> parameters)
    {
        if (lifetime < TimeSpan.FromSeconds(1) || lifetime > LongestPresign)
            throw new ArgumentOutOfRangeException(nameof(lifetime), lifetime, "A signature lives from 1 second to 7 days.");
        return signer.Sign(method, key, lifetime, headers, size, parameters);
    }
}
