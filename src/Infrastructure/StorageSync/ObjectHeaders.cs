using System.Text;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>
/// What a store keeps with an object and a copy keeps too: content type, cache control, disposition, encoding, language, expiry and user metadata.
/// Values are passed on as they came.
/// </summary>
internal sealed record ObjectHeaders(IReadOnlyList<KeyValuePair<string, string>> All)
{
    /// <summary>Metadata of a copy: entity tag that its source had. A store names the content of a large object by its parts, so two stores may have different tags for the same bytes.</summary>
    public const string SourceETag = "x-amz-meta-copied-from-etag";

    /// <summary>Metadata of a copy: SHA-256 of the content in lower-case hex, where it was known when the copy was begun.</summary>
    public const string Sha256 = "x-amz-meta-copied-sha256";

    // S3 allows 2 KB of user metadata, names included. An object that has nearly as much of its own gets no mark.
    private const int RoomForMetadata = 1800;

    private static readonly HashSet<string> Kept =
        ["content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires", "x-amz-website-redirect-location"];

    /// <summary>The entity tag of the source, if the object is a copy that carries it.</summary>
    public string? CopiedFrom => Value(SourceETag);

    /// <summary>The SHA-256 that the copy carries.</summary>
    public string? CopiedSha256 => Value(Sha256);

    public string? Value(string name) => All.FirstOrDefault(header => header.Key == name).Value;

    /// <summary>The headers of an answer that belong to the object.</summary>
    public static ObjectHeaders Of(HttpResponseMessage response)
    {
        var kept = new List<KeyValuePair<string, string>>();
        foreach (var (name, values) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            var lower = name.ToLowerInvariant();
            if (Kept.Contains(lower) || lower.StartsWith("x-amz-meta-", StringComparison.Ordinal))
                kept.Add(new(lower, values.ToString()));
        }
        return new ObjectHeaders(kept);
    }

    /// <summary>The headers that a copy is put with: without the marks of an earlier copy, with the given ones.</summary>
    public ObjectHeaders ForCopy(string? sourceETag, string? sha256 = null)
    {
        var copied = All.Where(header => header.Key is not (SourceETag or Sha256)).ToList();
        var room = RoomForMetadata - copied.Where(header => header.Key.StartsWith("x-amz-meta-", StringComparison.Ordinal))
            .Sum(header => header.Key.Length - "x-amz-meta-".Length + Encoding.UTF8.GetByteCount(header.Value));
        if (room > 0 && sourceETag is not null)
            copied.Add(new(SourceETag, sourceETag));
        if (room > 0 && sha256 is not null)
            copied.Add(new(Sha256, sha256));
        return new ObjectHeaders(copied);
    }
}
