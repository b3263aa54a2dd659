using Amazon.S3.Model;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Copies inside the store.</summary>
public sealed partial class ObjectStore
{
    /// <summary>Objects above this size are copied in parts of it. S3 copies up to 5 GB with one request, but the request then takes minutes.</summary>
    public const long DefaultCopyPart = 256L * 1024 * 1024;

    /// <summary>Copies an object within the bucket; false when the source is missing.</summary>
    /// <param name="sourceKey">Object to copy.</param>
    /// <param name="targetKey">Where to; an object that is there is replaced.</param>
    /// <param name="cancellation">Cancels the copy; what was copied of a large object is removed.</param>
    /// <param name="partSize">Bytes copied with one request, at least <see cref="SmallestPart"/>.</param>
    public async Task<bool> CopyAsync(string sourceKey, string targetKey, CancellationToken cancellation, long partSize = DefaultCopyPart)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partSize, SmallestPart);
        if (await HeadAsync(sourceKey, cancellation) is not { } source)
            return false;
        if (source.Size <= partSize)
            return await OrNullAsync(async token =>
            {
                await _client.CopyObjectAsync(new CopyObjectRequest { SourceBucket = Bucket, SourceKey = sourceKey, DestinationBucket = Bucket, DestinationKey = targetKey }, token);
                return "copied";
            }, cancellation) is not null;

        var uploadId = await CreateMultipartAsync(targetKey, source.ContentType ?? "application/octet-stream", cancellation);
        try
        {
            var parts = new UploadedPart[(source.Size + partSize - 1) / partSize];
            await Parallel.ForAsync(0, parts.Length, new ParallelOptions { MaxDegreeOfParallelism = ParallelParts, CancellationToken = cancellation }, async (i, token) =>
                parts[i] = new UploadedPart(i + 1, await CopyPartAsync(source, targetKey, uploadId, i + 1, i * partSize, Math.Min(source.Size, (i + 1) * partSize) - 1, token)));
            await CompleteMultipartAsync(targetKey, uploadId, parts, cancellation);
            return true;
        }
        catch
        {
            await AbortMultipartAsync(targetKey, uploadId, CancellationToken.None);
            throw;
        }
    }

    /// <param name="from">First byte.</param>
    /// <param name="to">Last byte.</param>
    private async Task<string> CopyPartAsync(ObjectInfo source, string targetKey, string uploadId, int number, long from, long to, CancellationToken cancellation)
    {
        var request = new CopyPartRequest
        {
            SourceBucket = Bucket, SourceKey = source.Key, DestinationBucket = Bucket, DestinationKey = targetKey, UploadId = uploadId, PartNumber = number, FirstByte = from, LastByte = to,
        };
        return (await CallAsync(token => new ValueTask<CopyPartResponse>(_client.CopyPartAsync(request, token)), cancellation)).ETag;
    }
}
