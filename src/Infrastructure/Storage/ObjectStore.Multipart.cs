using System.Buffers;
using System.Net;
using Amazon.S3;
using Amazon.S3.Model;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Multipart uploads, for objects too large for one request. All parts but the last have the same size, because R2 requires it.</summary>
public sealed partial class ObjectStore
{
    /// <summary>The smallest part S3 accepts, except for the last one.</summary>
    public const int SmallestPart = 5 * 1024 * 1024;

    /// <summary>Part size that <see cref="PutAsync(string, Stream, string, CancellationToken, int, int)"/> uses by default.</summary>
    public const int DefaultPart = 16 * 1024 * 1024;

    /// <summary>Parts that <see cref="PutAsync(string, Stream, string, CancellationToken, int, int)"/> has in memory at once by default.</summary>
    public const int ParallelParts = 4;

    /// <summary>Of all uploads. The shared pool keeps an array for each thread that gave one back, and another thread gets a new one.</summary>
    private static readonly ArrayPool<byte> PartBuffers = ArrayPool<byte>.Create(maxArrayLength: 4 * DefaultPart, maxArraysPerBucket: 8);

    /// <summary>Begins a multipart upload and returns its id.</summary>
    public async Task<string> CreateMultipartAsync(string key, string contentType, CancellationToken cancellation)
    {
        var request = new InitiateMultipartUploadRequest { BucketName = Bucket, Key = key, ContentType = contentType };
        var response = await CallAsync(token => new ValueTask<InitiateMultipartUploadResponse>(_client.InitiateMultipartUploadAsync(request, token)), cancellation);
        return response.UploadId;
    }

    /// <summary>Joins the parts into the object. Parts may be given in any order.</summary>
    /// <exception cref="MultipartRefusedException">The store does not know the upload or one of its parts.</exception>
    public async Task CompleteMultipartAsync(string key, string uploadId, IEnumerable<UploadedPart> parts, CancellationToken cancellation)
    {
        var request = new CompleteMultipartUploadRequest
        {
            BucketName = Bucket,
            Key = key,
            UploadId = uploadId,
            PartETags = [.. parts.OrderBy(part => part.Number).Select(part => new PartETag(part.Number, part.ETag))],
        };
        try
        {
            await CallAsync(token => new ValueTask<CompleteMultipartUploadResponse>(_client.CompleteMultipartUploadAsync(request, token)), cancellation);
        }
        catch (AmazonS3Exception refusal) when (refusal.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.NotFound && refusal.ErrorCode != "NoSuchBucket")
        {
            throw new MultipartRefusedException(key, refusal.ErrorCode, refusal);
        }
        // Ceph answers with a server error if the upload no longer exists.
        catch (ProblemException away) when (away.InnerException is AmazonS3Exception)
        {
            if (await HasMultipartAsync(key, uploadId, cancellation))
                throw;
            throw new MultipartRefusedException(key, "NoSuchUpload", away);
        }
    }

    private async Task<bool> HasMultipartAsync(string key, string uploadId, CancellationToken cancellation)
    {
        try
        {
            var request = new ListPartsRequest { BucketName = Bucket, Key = key, UploadId = uploadId, MaxParts = 1 };
            await CallAsync(token => new ValueTask<ListPartsResponse>(_client.ListPartsAsync(request, token)), cancellation);
            return true;
        }
        catch (AmazonS3Exception gone) when (gone.StatusCode == HttpStatusCode.NotFound)
        {
            return false;
        }
    }

    /// <summary>Aborts a multipart upload and frees its parts. Succeeds if the upload no longer exists.</summary>
    public Task AbortMultipartAsync(string key, string uploadId, CancellationToken cancellation) =>
        OrNoUploadAsync(token => new ValueTask<AbortMultipartUploadResponse>(
            _client.AbortMultipartUploadAsync(new AbortMultipartUploadRequest { BucketName = Bucket, Key = key, UploadId = uploadId }, token)), cancellation);

    /// <summary>Multipart uploads under way whose key starts with the prefix, in key order.</summary>
    public async IAsyncEnumerable<MultipartInfo> ListMultipartsAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new ListMultipartUploadsRequest { BucketName = Bucket, Prefix = prefix };
        while (true)
        {
            var page = await CallAsync(token => new ValueTask<ListMultipartUploadsResponse>(_client.ListMultipartUploadsAsync(request, token)), cancellation);
            foreach (var upload in page.MultipartUploads ?? [])
                yield return new MultipartInfo(upload.Key, upload.UploadId, Utc(upload.Initiated));
            if (page.IsTruncated != true)
                yield break;
            (request.KeyMarker, request.UploadIdMarker) = (page.NextKeyMarker, page.NextUploadIdMarker);
        }
    }

    /// <summary>Stores a stream of any length: in one request if it is shorter than a part, otherwise as a multipart upload, which is aborted on failure.</summary>
    /// <param name="key">Where to store.</param>
    /// <param name="content">Read once from its present position; need not be seekable.</param>
    /// <param name="contentType">Media type.</param>
    /// <param name="cancellation">Cancels and aborts the upload.</param>
    /// <param name="partSize">Bytes in each part, at least <see cref="SmallestPart"/>.</param>
    /// <param name="parallel">Parts in memory at once, at least 2: one is read while the others are sent.</param>
    /// <returns>Bytes stored.</returns>
    public async Task<long> PutAsync(string key, Stream content, string contentType, CancellationToken cancellation, int partSize = DefaultPart, int parallel = ParallelParts)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partSize, SmallestPart);
        var buffer = PartBuffers.Rent(partSize);
        var read = await ReadPartAsync(content, buffer, partSize, cancellation);
        if (read < partSize)
            try
            {
                await PutAsync(key, buffer.AsMemory(0, read), contentType, cancellation);
                return read;
            }
            finally
            {
                PartBuffers.Return(buffer);
            }

        var uploadId = await CreateMultipartAsync(key, contentType, cancellation);
        try
        {
            return await PutPartsAsync(key, uploadId, content, buffer, (partSize, parallel), cancellation);
        }
        catch
        {
            await AbortMultipartAsync(key, uploadId, CancellationToken.None);
            throw;
        }
    }

    private async Task<long> PutPartsAsync(string key, string uploadId, Stream content, byte[] first, (int Size, int Parallel) parts, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var running = new List<Task<UploadedPart>>();
        var total = 0L;
        try
        {
            var buffer = first;
            for (int number = 1, read = parts.Size; read > 0; number++)
            {
                running.Add(PutPartAsync(key, uploadId, number, buffer, read, stop.Token));
                total += read;
                if (running.Count(part => !part.IsCompleted) >= parts.Parallel)
                    await await Task.WhenAny(running.Where(part => !part.IsCompleted));
                if (read < parts.Size)
                    break;
                buffer = PartBuffers.Rent(parts.Size);
                read = await ReadPartAsync(content, buffer, parts.Size, cancellation);
                if (read == 0)
                    PartBuffers.Return(buffer);
            }
            await CompleteMultipartAsync(key, uploadId, await Task.WhenAll(running), cancellation);
            return total;
        }
        catch
        {
            await stop.CancelAsync();
            await Task.WhenAll(running).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            throw;
        }
    }

    /// <summary>Sends one part; its buffer is free afterwards.</summary>
    private async Task<UploadedPart> PutPartAsync(string key, string uploadId, int number, byte[] buffer, int length, CancellationToken cancellation)
    {
        try
        {
            var response = await CallAsync(async token =>
            {
                using var body = new MemoryStream(buffer, 0, length, writable: false);
                return await _client.UploadPartAsync(
                    new UploadPartRequest { BucketName = Bucket, Key = key, UploadId = uploadId, PartNumber = number, PartSize = length, InputStream = body }, token);
            }, cancellation);
            return new UploadedPart(number, response.ETag);
        }
        finally
        {
            PartBuffers.Return(buffer);
        }
    }

    private static Task<int> ReadPartAsync(Stream content, byte[] buffer, int size, CancellationToken cancellation) =>
        content.ReadAtLeastAsync(buffer.AsMemory(0, size), size, throwOnEndOfStream: false, cancellation).AsTask();

    private async Task OrNoUploadAsync<T>(Func<CancellationToken, ValueTask<T>> call, CancellationToken cancellation)
    {
        try
        {
            await CallAsync(call, cancellation);
        }
        catch (AmazonS3Exception gone) when (gone.ErrorCode == "NoSuchUpload" || gone.StatusCode == HttpStatusCode.NotFound)
        {
            // Nothing is left to abort.
        }
    }
}
