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
            ? Sign("GET", key, lifetime, NoHeaders)
            : Sign("GET", key, lifetime, NoHeaders, ("response-content-disposition", $"attachment; filename*=UTF-8''{Uri.EscapeDataString(downloadName)}"));

    /// <summary>A PUT of one object that replaces an existing one. The content type is part of the signature.</summary>
    public PresignedRequest PresignPut(string key, string contentType, TimeSpan lifetime) =>
        Sign("PUT", key, lifetime, new Dictionary<string, string> { ["Content-Type"] = contentType });

    /// <summary>
    /// A PUT that works once: <c>If-None-Match: *</c> and the content type are part of the signature, so the store answers a second PUT with 412,
    /// and a PUT without one of these headers with 403.
    /// </summary>
    public PresignedRequest PresignPutOnce(string key, string contentType, TimeSpan lifetime) =>
        Sign("PUT", key, lifetime, new Dictionary<string, string> { ["Content-Type"] = contentType, ["If-None-Match"] = "*" });

    /// <summary>A PUT of one part of a multipart upload.</summary>
    public PresignedRequest PresignPart(string key, string uploadId, int number, TimeSpan lifetime) =>
        Sign("PUT", key, lifetime, NoHeaders, ("partNumber", number.ToString(CultureInfo.InvariantCulture)), ("uploadId", uploadId));

    private PresignedRequest Sign(
        string method, string key, TimeSpan lifetime, IReadOnlyDictionary<string, string> headers, params ReadOnlySpan<(string Name, string Value)> parameters)
    {
        if (lifetime < TimeSpan.FromSeconds(1) || lifetime > LongestPresign)
            throw new ArgumentOutOfRangeException(nameof(lifetime), lifetime, "A signature lives from 1 second to 7 days.");
        return _presigner.Sign(method, key, lifetime, headers, parameters);
    }
}
