using Amazon.S3;
using Amazon.S3.Model;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Requests for those without keys. Signing is local: nothing is sent to the store.</summary>
public sealed partial class ObjectStore
{
    /// <summary>The longest life S3 signatures allow.</summary>
    public static readonly TimeSpan LongestPresign = TimeSpan.FromDays(7);

    /// <summary>A GET (and HEAD-by-GET with Range) of one object.</summary>
    /// <param name="key">Object to read.</param>
    /// <param name="lifetime">1 s to 7 days.</param>
    /// <param name="downloadName">When given, browsers save the object under this name instead of showing it.</param>
    public PresignedRequest PresignGet(string key, TimeSpan lifetime, string? downloadName = null)
    {
        var request = Request(HttpVerb.GET, key, lifetime);
        if (downloadName is not null)
            request.ResponseHeaderOverrides.ContentDisposition = $"attachment; filename*=UTF-8''{Uri.EscapeDataString(downloadName)}";
        return Sign("GET", request, []);
    }

    /// <summary>A PUT of one object, content type signed, that replaces what is there.</summary>
    public PresignedRequest PresignPut(string key, string contentType, TimeSpan lifetime)
    {
        var request = Request(HttpVerb.PUT, key, lifetime);
        request.ContentType = contentType;
        return Sign("PUT", request, new() { ["Content-Type"] = contentType });
    }

    /// <summary>
    /// A PUT that works once: <c>If-None-Match: *</c> and the content type are part of the signature, so a second PUT answers 412 and one
    /// without the header 403.
    /// </summary>
    public PresignedRequest PresignPutOnce(string key, string contentType, TimeSpan lifetime)
    {
        var request = Request(HttpVerb.PUT, key, lifetime);
        request.ContentType = contentType;
        request.Headers["If-None-Match"] = "*";
        return Sign("PUT", request, new() { ["Content-Type"] = contentType, ["If-None-Match"] = "*" });
    }

    /// <summary>A PUT of one part of a multipart upload.</summary>
    public PresignedRequest PresignPart(string key, string uploadId, int number, TimeSpan lifetime)
    {
        var request = Request(HttpVerb.PUT, key, lifetime);
        request.UploadId = uploadId;
        request.PartNumber = number;
        return Sign("PUT", request, []);
    }

    private GetPreSignedUrlRequest Request(HttpVerb verb, string key, TimeSpan lifetime)
    {
        if (lifetime < TimeSpan.FromSeconds(1) || lifetime > LongestPresign)
            throw new ArgumentOutOfRangeException(nameof(lifetime), lifetime, "A signature lives from 1 second to 7 days.");
        return new GetPreSignedUrlRequest
        {
            BucketName = Bucket,
            Key = key,
            Verb = verb,
            Expires = _time.GetUtcNow().Add(lifetime).UtcDateTime,
            Protocol = _settings.IsTls ? Protocol.HTTPS : Protocol.HTTP,
        };
    }

    private PresignedRequest Sign(string method, GetPreSignedUrlRequest request, Dictionary<string, string> headers) =>
        new(method, _client.GetPreSignedURL(request), headers, new DateTimeOffset(request.Expires!.Value, TimeSpan.Zero));
}
