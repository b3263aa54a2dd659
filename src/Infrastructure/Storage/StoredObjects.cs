namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Properties of an object, without its content.</summary>
/// <param name="Key">Key inside the bucket.</param>
/// <param name="Size">Bytes.</param>
/// <param name="ETag">Entity tag without quotes; it is the MD5 of the content only if the object was put by one request.</param>
/// <param name="ContentType">Media type; null in listings.</param>
/// <param name="LastModified">Time of the last write, UTC.</param>
public sealed record ObjectInfo(string Key, long Size, string ETag, string? ContentType, DateTimeOffset LastModified);

/// <summary>A multipart upload that was neither completed nor aborted.</summary>
/// <param name="Key">Key of the object that it would make.</param>
/// <param name="UploadId">Id of the upload.</param>
/// <param name="Begun">When it began, UTC.</param>
public sealed record MultipartInfo(string Key, string UploadId, DateTimeOffset Begun);

/// <summary>An object being read. Dispose it to free the connection.</summary>
public sealed class ObjectContent(ObjectInfo info, Stream stream, IDisposable owner) : IDisposable, IAsyncDisposable
{
    /// <summary>Properties of the object. If a range was requested, <see cref="ObjectInfo.Size"/> is the length of that range.</summary>
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

/// <summary>A request that anybody can send without keys, with exactly these headers, until it expires.</summary>
/// <param name="Method">HTTP method.</param>
/// <param name="Url">Address with the signature.</param>
/// <param name="Headers">Headers the sender has to set. A signed content length is not among them: every HTTP client sets it by the body.</param>
/// <param name="ExpiresAt">When the signature expires.</param>
public sealed record PresignedRequest(string Method, string Url, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt);

/// <summary>A part of a multipart upload that was stored.</summary>
/// <param name="Number">1-based part number.</param>
/// <param name="ETag">Entity tag from the store's answer to the part, with or without quotes.</param>
public sealed record UploadedPart(int Number, string ETag);

/// <summary>The multipart upload does not exist, or its parts do not match it. The caller has to start again.</summary>
public sealed class MultipartRefusedException(string key, string code, Exception inner)
    : Exception($"The multipart upload of '{key}' was refused ({code}).", inner)
{
    /// <summary>Error code of the store, e.g. <c>NoSuchUpload</c>, <c>InvalidPart</c>, <c>EntityTooSmall</c>.</summary>
    public string Code { get; } = code;
}
