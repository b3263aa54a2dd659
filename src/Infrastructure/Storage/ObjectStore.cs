using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using Polly;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Resilience;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>
/// One bucket of an S3-compatible store (R2, S3, MinIO, Ceph). Keys are relative to the bucket and are what the database holds.
/// Every call runs under <see cref="Integrations.ObjectStore"/>; if the store is still unavailable after the retries, it throws <see cref="ProblemException"/>
/// with <see cref="ErrorCodes.StorageUnavailable"/>. A missing object is a null result, never an exception.
/// </summary>
public sealed partial class ObjectStore : IDisposable
{
    private readonly BucketSettings _settings;
    private readonly S3Client _client;
    private readonly ResiliencePipeline _pipeline;
    private readonly ResiliencePipeline _healthPipeline;
    private readonly Presigner _reader;
    private readonly Presigner _writer;

    /// <param name="settings">Endpoint, keys and bucket.</param>
    /// <param name="time">Clock of waits and of the expiry times reported.</param>
    public ObjectStore(BucketSettings settings, TimeProvider time)
        : this(settings, time, Integrations.ObjectStore, CreateHandler())
    {
    }

    internal ObjectStore(BucketSettings settings, TimeProvider time, IntegrationPolicy policy, HttpMessageHandler handler)
    {
        _settings = settings;
        _reader = new Presigner(settings, time);
        _writer = new Presigner(settings.ForUploads, time);
        _client = S3Client.Create(settings, handler);
        _pipeline = ResiliencePipelines.Build(policy, StorageFailures.IsTransient, time: time, target: settings.Bucket);
        _healthPipeline = ResiliencePipelines.Build(Integrations.ObjectStoreHealth, StorageFailures.IsTransient, time: time);
    }

    /// <summary>Name of the bucket.</summary>
    public string Bucket => _settings.Bucket;

    /// <summary>The SDK client, for the wire tests.</summary>
    internal IAmazonS3 Client => _client;

    /// <summary>The transport every store uses unless a test brings its own.</summary>
    internal static SocketsHttpHandler CreateHandler() => new()
    {
        ConnectTimeout = Integrations.ObjectStore.ConnectTimeout,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxConnectionsPerServer = 128,
        AllowAutoRedirect = false,
    };

    /// <summary>Size, entity tag, type and time of an object; null if there is no object under the key.</summary>
    public Task<ObjectInfo?> HeadAsync(string key, CancellationToken cancellation) =>
        OrNullAsync(async token =>
        {
            var response = await _client.GetObjectMetadataAsync(new GetObjectMetadataRequest { BucketName = Bucket, Key = key }, token);
            return new ObjectInfo(key, response.ContentLength, Unquoted(response.ETag), response.Headers.ContentType, Utc(response.LastModified));
        }, cancellation);

    /// <summary>Opens an object for reading: all of it, or the bytes <paramref name="from"/>..<paramref name="to"/> (both inclusive). Null if there is no object.</summary>
    /// <remarks>Only the request for the headers is retried. A connection that is lost while the caller reads throws <see cref="IOException"/>.</remarks>
    public Task<ObjectContent?> OpenReadAsync(string key, CancellationToken cancellation, long? from = null, long? to = null) =>
        OrNullAsync(async token =>
        {
            var request = new GetObjectRequest { BucketName = Bucket, Key = key };
            if (from is not null || to is not null)
                request.ByteRange = new ByteRange(from ?? 0, to ?? long.MaxValue);
            var response = await _client.GetObjectAsync(request, token);
            var info = new ObjectInfo(key, response.ContentLength, Unquoted(response.ETag), response.Headers.ContentType, Utc(response.LastModified));
            return new ObjectContent(info, response.ResponseStream, response);
        }, cancellation);

    /// <summary>
    /// Reads a whole object into memory; null if there is none. A retry reads it from the start. An object longer than <paramref name="limit"/> bytes
    /// is not read: the result has its information and no bytes.
    /// </summary>
    public Task<ObjectBytes?> GetBytesAsync(string key, long limit, CancellationToken cancellation) =>
        OrNullAsync(async token =>
        {
            using var response = await _client.GetObjectAsync(new GetObjectRequest { BucketName = Bucket, Key = key }, token);
            var info = new ObjectInfo(key, response.ContentLength, Unquoted(response.ETag), response.Headers.ContentType, Utc(response.LastModified));
            if (info.Size > limit)
                return new ObjectBytes(info, null);
            var bytes = GC.AllocateUninitializedArray<byte>(checked((int)info.Size));
            await response.ResponseStream.ReadExactlyAsync(bytes, token);
            return new ObjectBytes(info, bytes);
        }, cancellation);

    /// <summary>Reads <paramref name="length"/> bytes of an object into memory; null if there is no such object or it is shorter. A retry reads them anew.</summary>
    public async Task<byte[]?> GetRangeAsync(string key, long from, int length, CancellationToken cancellation)
    {
        try
        {
            var found = await OrNullAsync<byte[]>(async token =>
            {
                var request = new GetObjectRequest { BucketName = Bucket, Key = key, ByteRange = new ByteRange(from, from + length - 1) };
                using var response = await _client.GetObjectAsync(request, token);
                if (response.ContentLength != length)
                    return [];
                var bytes = GC.AllocateUninitializedArray<byte>(length);
                await response.ResponseStream.ReadExactlyAsync(bytes, token);
                return bytes;
            }, cancellation);
            return found?.Length == length ? found : null;
        }
        catch (AmazonS3Exception shorter) when (shorter.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return null;
        }
    }

    /// <summary>Stores bytes under a key, replacing what is there.</summary>
    public Task PutAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellation) =>
        PutBytesAsync(key, content, contentType, writeOnce: false, cancellation);

    /// <summary>Stores bytes unless the key is already in use. Returns false, and leaves the existing object as it is, if the key is in use.</summary>
    public Task<bool> PutOnceAsync(string key, ReadOnlyMemory<byte> content, string contentType, CancellationToken cancellation) =>
        PutBytesAsync(key, content, contentType, writeOnce: true, cancellation);

    /// <summary>Deletes an object. Succeeds if there is no such object.</summary>
    public Task DeleteAsync(string key, CancellationToken cancellation) =>
        CallAsync(token => new ValueTask<DeleteObjectResponse>(_client.DeleteObjectAsync(new DeleteObjectRequest { BucketName = Bucket, Key = key }, token)), cancellation);

    /// <summary>
    /// Deletes objects, 1,000 with each request. Objects that do not exist count as deleted. If the store refuses the batch request, because it
    /// does not support its checksum header, each object is deleted by a request of its own.
    /// </summary>
    public async Task DeleteAsync(IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        foreach (var batch in keys.Chunk(1000))
        {
            string[] left;
            try
            {
                left = await DeleteBatchAsync(batch, cancellation);
            }
            catch (AmazonS3Exception refusal) when (refusal.StatusCode is HttpStatusCode.NotImplemented or HttpStatusCode.BadRequest)
            {
                left = batch;
            }
            await Parallel.ForEachAsync(left, new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation },
                async (key, token) => await DeleteAsync(key, token));
        }
    }

    /// <summary>Lists objects whose key starts with the prefix, in key order, fetching pages as the caller enumerates.</summary>
    public async IAsyncEnumerable<ObjectInfo> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation, string? startAfter = null)
    {
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = Bucket, Prefix = prefix, StartAfter = startAfter, ContinuationToken = next };
            var page = await CallAsync(token => new ValueTask<ListObjectsV2Response>(_client.ListObjectsV2Async(request, token)), cancellation);
            // The SDK answers null, not an empty list, when nothing matches.
            foreach (var found in page.S3Objects ?? [])
                yield return new ObjectInfo(found.Key, found.Size ?? 0, Unquoted(found.ETag), null, Utc(found.LastModified));
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <summary>The names between the prefix, which ends in a slash, and the next slash: the folders in a folder.</summary>
    public async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        string? next = null;
        do
        {
            var request = new ListObjectsV2Request { BucketName = Bucket, Prefix = prefix, Delimiter = "/", ContinuationToken = next };
            var page = await CallAsync(token => new ValueTask<ListObjectsV2Response>(_client.ListObjectsV2Async(request, token)), cancellation);
            foreach (var folder in page.CommonPrefixes ?? [])
                yield return folder[prefix.Length..^1];
            next = page.IsTruncated == true ? page.NextContinuationToken : null;
        }
        while (next is not null);
    }

    /// <summary>Checks that the store answers a request for the bucket. Makes one attempt, of at most two seconds.</summary>
    /// <exception cref="ProblemException">It does not.</exception>
    public Task CheckAsync(CancellationToken cancellation) =>
        CallAsync(_healthPipeline, token => new ValueTask<ListObjectsV2Response>(
            _client.ListObjectsV2Async(new ListObjectsV2Request { BucketName = Bucket, MaxKeys = 1 }, token)), cancellation);

    public void Dispose() => _client.Dispose();

    private async Task<bool> PutBytesAsync(string key, ReadOnlyMemory<byte> content, string contentType, bool writeOnce, CancellationToken cancellation)
    {
        var attempts = 0;
        try
        {
            await CallAsync(async token =>
            {
                attempts++;
                using var body = ReadOnlyStream(content);
                var request = new PutObjectRequest { BucketName = Bucket, Key = key, InputStream = body, ContentType = contentType, AutoCloseStream = false };
                if (writeOnce)
                    request.IfNoneMatch = "*";
                return await _client.PutObjectAsync(request, token);
            }, cancellation);
            return true;
        }
        catch (AmazonS3Exception refusal) when (writeOnce && refusal.StatusCode is HttpStatusCode.PreconditionFailed or HttpStatusCode.Conflict)
        {
            // If the answer to the first attempt was lost, the second one finds the object that the first one wrote.
            return attempts > 1 && await HeadAsync(key, cancellation) is { } stored && stored.Size == content.Length;
        }
    }

    private async Task<string[]> DeleteBatchAsync(string[] batch, CancellationToken cancellation)
    {
        var request = new DeleteObjectsRequest { BucketName = Bucket, Objects = [.. batch.Select(key => new KeyVersion { Key = key })], Quiet = true };
        try
        {
            var response = await CallAsync(token => new ValueTask<DeleteObjectsResponse>(_client.DeleteObjectsAsync(request, token)), cancellation);
            return [.. (response.DeleteErrors ?? []).Select(error => error.Key)];
        }
        catch (DeleteObjectsException partial)
        {
            return [.. (partial.Response.DeleteErrors ?? []).Select(error => error.Key)];
        }
    }

    private async Task<T?> OrNullAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellation) where T : class
    {
        try
        {
            return await CallAsync(call, cancellation);
        }
        catch (AmazonS3Exception error) when (StorageFailures.IsMissing(error))
        {
            return null;
        }
    }

    private Task<T> CallAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellation) => CallAsync(_pipeline, call, cancellation);

    private static async Task<T> CallAsync<T>(ResiliencePipeline pipeline, Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellation)
    {
        try
        {
            return await pipeline.ExecuteAsync(call, cancellation);
        }
        catch (Exception error) when (StorageFailures.IsAway(error))
        {
            throw new ProblemException(ErrorCodes.StorageUnavailable, "The object store does not answer.", inner: error);
        }
        catch (AmazonS3Exception full) when (StorageFailures.IsFull(full))
        {
            throw new ProblemException(ErrorCodes.StorageUnavailable, $"The object store is full ({full.ErrorCode}).", inner: full);
        }
    }

    private static MemoryStream ReadOnlyStream(ReadOnlyMemory<byte> content) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray(content, out var segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(content.ToArray(), writable: false);

    private static string Unquoted(string? etag) => etag?.Trim('"') ?? "";

    private static DateTimeOffset Utc(DateTime? time) => time is { } value ? new DateTimeOffset(value.ToUniversalTime()) : default;
}

/// <summary>An object read into memory. <see cref="Bytes"/> is null if the object is longer than the limit.</summary>
public sealed record ObjectBytes(ObjectInfo Info, byte[]? Bytes);
