using System.Security.Cryptography;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>Whether two objects have the same content, as far as listings and the marks of copies tell.</summary>
internal static class Contents
{
    private const long Mega = 1024 * 1024;

    /// <summary>Part size where nothing speaks for another.</summary>
    public const long DefaultPart = 8 * Mega;

    /// <summary>The most parts that S3 allows.</summary>
    private const int MostParts = 10_000;

    /// <summary>Parts of foreign uploads are matched up to this size, because a part is held in memory.</summary>
    private const long LargestGuess = 64 * Mega;

    // Part sizes of common programs, in MiB: AWS CLI 8, rclone 5, MinIO and others 16, …
    private static readonly long[] UsualParts = [8, 5, 16, 10, 15, 6, 25, 32, 50, 64];

    /// <summary>
    /// Whether an entity tag looks like the MD5 of the content: one request put the object. (Stores that encrypt with keys of their own may use
    /// other tags of the same form.)
    /// </summary>
    public static bool IsMd5(string etag) => etag.Length == 32 && etag.AsSpan().IndexOfAnyExcept("0123456789abcdef") < 0;

    /// <summary>The same by the listings alone. Equal tags of multipart objects mean the same parts with the same MD5.</summary>
    public static bool IsSame(ListedObject source, ListedObject target) => source.Size == target.Size && (source.Size == 0 || (source.ETag == target.ETag && source.ETag.Length > 0));

    /// <summary>The same by the marks that a copy carries, whichever side is the copy.</summary>
    public static bool IsSame(ObjectFacts source, ObjectFacts target) =>
        source.Size == target.Size
        && (source.ETag == target.ETag
            || target.Headers.CopiedFrom == source.ETag || source.Headers.CopiedFrom == target.ETag
            || (source.Headers.CopiedSha256 is { } hash && hash == target.Headers.CopiedSha256));

    /// <summary>
    /// Bytes in each part of the copy of an object. If the object was uploaded in parts whose size can be told from their number, the copy has the
    /// same ones: then both have the same entity tag.
    /// </summary>
    public static long PartSize(long size, string etag)
    {
        if (etag.LastIndexOf('-') is > 0 and var dash && int.TryParse(etag.AsSpan(dash + 1), out var parts) && parts > 0)
            foreach (var part in UsualParts.Select(static mega => mega * Mega))
                if ((size + part - 1) / part == parts && part <= LargestGuess)
                    return part;
        var least = (size + MostParts - 1) / MostParts;
        return Math.Max(DefaultPart, (least + Mega - 1) / Mega * Mega);
    }

    /// <summary>The entity tag that S3 gives to an object made of these parts; null if a part has no MD5 as its tag.</summary>
    public static string? ETagOf(IReadOnlyCollection<StoredPart> parts)
    {
        if (parts.Any(static part => !IsMd5(part.ETag)))
            return null;
        var all = parts.OrderBy(static part => part.Number).SelectMany(static part => Convert.FromHexString(part.ETag)).ToArray();
        return $"{Convert.ToHexStringLower(S3Wire.Md5(all))}-{parts.Count}";
    }

    /// <summary>SHA-256 of bytes in lower-case hex.</summary>
    public static string Sha256Of(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes.Span));
}
