namespace VisionPlatform.Infrastructure.Storage;

/// <summary>What the store knows of an object without reading it.</summary>
/// <param name="Key">Key inside the bucket.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">Entity tag without quotes; the MD5 of the content only for objects put in one piece.</param>
/// <param name="ContentType">Media type; null in listings.</param>
/// <param name="LastModified">Time of the last write, UTC.</param>
public sealed record ObjectInfo(string Key, long Size, string ETag, string? ContentType, DateTimeOffset LastModified);

/// <summary>An object being read. Dispose it to free the connection.</summary>
public sealed class ObjectContent(ObjectInfo info, Stream stream, IDisposable owner) : IDisposable, IAsyncDisposable
{
    /// <summary>Facts of the object; <see cref="ObjectInfo.Size"/> is the length of the part read when a range was asked for.</summary>
    public ObjectInfo Info { get; } = info;

    /// <summary>The bytes, read once from start to end.</summary>
    public Stream Stream { get; } = stream;

    public void Dispose()
    {
        Stream.Dispose();
        owner.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await Stream.DisposeAsync();
        owner.Dispose();
    }
}

/// <summary>A request someone without keys may send: exactly these headers, until the time given.</summary>
public sealed record PresignedRequest(string Method, string Url, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt);

/// <summary>A part of a multipart upload that was stored.</summary>
/// <param name="Number">1-based part number.</param>
/// <param name="ETag">Entity tag the store answered the part with, quotes allowed.</param>
public sealed record UploadedPart(int Number, string ETag);

/// <summary>The multipart upload does not exist (any more), or its parts do not fit: the caller has to start over.</summary>
public sealed class MultipartRefusedException(string key, string code, Exception inner)
    : Exception($"The multipart upload of '{key}' was refused ({code}).", inner)
{
    /// <summary>Error code of the store, e.g. <c>NoSuchUpload</c>, <c>InvalidPart</c>, <c>EntityTooSmall</c>.</summary>
    public string Code { get; } = code;
}
