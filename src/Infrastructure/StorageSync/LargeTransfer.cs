using System.Collections.Concurrent;
using Amazon.S3;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>
/// The multipart upload of one version of a large object. Kept by whoever runs the copy, it is what the copy goes on from after an interruption: parts
/// of this upload can only be of this version.
/// </summary>
/// <param name="Key">Key of the object, on both sides.</param>
/// <param name="ETag">Entity tag of the version.</param>
/// <param name="Size">Its bytes.</param>
/// <param name="PartSize">Bytes of each part but the last.</param>
/// <param name="UploadId">Id of the upload at the target.</param>
public sealed record LargeUpload(string Key, string ETag, long Size, long PartSize, string UploadId);

/// <summary>What became of a large object.</summary>
public enum LargeResult
{
    Copied,

    /// <summary>The source no longer has it; nothing is left of the upload.</summary>
    Vanished,

    /// <summary>The source has another version, or the target forgot the upload; nothing is left of it and the copy has to begin again.</summary>
    BeginAgain,
}

/// <summary>Copies large objects in parts of equal size, several at once.</summary>
internal sealed class LargeTransfer(S3Wire source, S3Wire target, ObjectTransfer transfer, MemoryBudget memory, BandwidthLimit bandwidth)
{
    /// <summary>Parts of one object under way at once.</summary>
    private const int ParallelParts = 8;

    private const int Changes = 5;

    /// <summary>Begins the upload of the present version; null if the source no longer has the object.</summary>
    public async Task<LargeUpload?> BeginAsync(string key, CancellationToken cancellation)
    {
        if (await source.HeadAsync(key, cancellation) is not { } facts)
            return null;
        var upload = await target.BeginUploadAsync(key, facts.Headers.ForCopy(facts.ETag), cancellation);
        return new LargeUpload(key, facts.ETag, facts.Size, Contents.PartSize(facts.Size, facts.ETag), upload);
    }

    /// <summary>Copies the parts that are missing and joins them. May be called again after an interruption.</summary>
    /// <param name="moved">Told the bytes of each part that is there.</param>
    public async Task<LargeResult> ContinueAsync(LargeUpload upload, Action<long> moved, CancellationToken cancellation)
    {
        if (await target.ListPartsAsync(upload.Key, upload.UploadId, cancellation) is not { } stored)
            return await IsFinishedAsync(upload, cancellation) ? LargeResult.Copied : LargeResult.BeginAgain;
        var parts = new ConcurrentDictionary<int, StoredPart>(stored.Where(part => part.Size == SizeOf(upload, part.Number)).Select(part => KeyValuePair.Create(part.Number, part)));
        foreach (var part in parts.Values)
            moved(part.Size);
        try
        {
            var missing = Enumerable.Range(1, CountOf(upload)).Where(number => !parts.ContainsKey(number));
            await Parallel.ForEachAsync(missing, new ParallelOptions { MaxDegreeOfParallelism = ParallelParts, CancellationToken = cancellation }, async (number, token) =>
            {
                parts[number] = await PartAsync(upload, number, token);
                moved(SizeOf(upload, number));
            });
            if (transfer.IsServerSide)
                await transfer.RequireVersionAsync(upload.Key, upload.ETag, cancellation);
        }
        catch (ObjectChangedException)
        {
            await target.AbortUploadAsync(upload.Key, upload.UploadId, cancellation);
            return LargeResult.BeginAgain;
        }
        catch (VanishedException)
        {
            await target.AbortUploadAsync(upload.Key, upload.UploadId, cancellation);
            return LargeResult.Vanished;
        }
        var forgotten = await ForgottenAsync(upload, cancellation);
        var result = await CompleteAsync(upload, [.. parts.Values], cancellation);
        foreach (var id in forgotten)
            await target.AbortUploadAsync(upload.Key, id, cancellation);
        return result;
    }

    /// <summary>
    /// Uploads of the same key that were begun before this one: a process died before it could note the id of one. If another sync is still at one of them, it finds
    /// the object copied.
    /// </summary>
    private async Task<IReadOnlyList<string>> ForgottenAsync(LargeUpload upload, CancellationToken cancellation)
    {
        try
        {
            var uploads = await target.ListUploadsAsync(upload.Key, cancellation);
            var begun = uploads.FirstOrDefault(one => one.Id == upload.UploadId)?.Begun;
            return [.. uploads.Where(one => one.Id != upload.UploadId && one.Begun <= begun).Select(one => one.Id)];
        }
        catch (Exception unlisted) when (unlisted is AmazonS3Exception or System.Xml.XmlException)
        {
            // Where they cannot be listed, they stay for the rules of the bucket.
            return [];
        }
    }

    /// <summary>Copies an object as a whole; an interruption leaves no upload behind unless the process dies.</summary>
    public async Task<(Transferred Result, long Bytes)> WholeAsync(ListedObject listed, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            if (await BeginAsync(listed.Key, cancellation) is not { } upload)
                return (Transferred.Vanished, 0);
            try
            {
                var result = await ContinueAsync(upload, static _ => { }, cancellation);
                if (result != LargeResult.BeginAgain)
                    return (result == LargeResult.Copied ? Transferred.Copied : Transferred.Vanished, upload.Size);
            }
            catch
            {
                await target.AbortUploadAsync(upload.Key, upload.UploadId, CancellationToken.None);
                throw;
            }
            if (tries == Changes)
                throw new IOException("the source changes it faster than it can be copied");
        }
    }

    private async Task<StoredPart> PartAsync(LargeUpload upload, int number, CancellationToken cancellation)
    {
        var size = SizeOf(upload, number);
        var from = (number - 1) * upload.PartSize;
        if (transfer.IsServerSide)
            try
            {
                return await target.CopyPartAsync(source.Settings.Bucket, upload.Key, upload.UploadId, number, upload.ETag, from, from + size - 1, cancellation) is { } copied
                    ? new StoredPart(number, size, copied)
                    : throw new VanishedException();
            }
            catch (AmazonS3Exception refusal) when (refusal.ErrorCode != "NoSuchUpload" && transfer.NoServerSide(refusal))
            {
                // From here on the bytes pass through this process.
            }
        await bandwidth.TakeAsync(size, cancellation);
        using var lease = await memory.TakeAsync(size, cancellation);
        using var read = await source.ReadAsync(upload.Key, size, cancellation, upload.ETag, from, from + size - 1);
        if (read is null)
            throw new VanishedException();
        if (read.Bytes is null || read.Facts.Size != size)
            throw new IOException("the source did not answer the range that was asked for");
        var md5 = S3Wire.Md5(read.Bytes.Memory);
        return new StoredPart(number, size, await target.PutPartAsync(upload.Key, upload.UploadId, number, read.Bytes.Memory, md5, cancellation));
    }

    private async Task<LargeResult> CompleteAsync(LargeUpload upload, IReadOnlyCollection<StoredPart> parts, CancellationToken cancellation)
    {
        string etag;
        try
        {
            etag = await target.CompleteUploadAsync(upload.Key, upload.UploadId, parts, cancellation);
        }
        catch (Exception refusal) when (refusal is AmazonS3Exception { ErrorCode: "NoSuchUpload" or "InvalidPart" or "NoSuchKey" } or Domain.Errors.ProblemException && !cancellation.IsCancellationRequested)
        {
            // The answer to an earlier request that did join the parts may have been lost.
            if (await IsFinishedAsync(upload, cancellation))
                return LargeResult.Copied;
            throw;
        }
        return Contents.ETagOf(parts) is { } expected && etag.Contains('-', StringComparison.Ordinal) && etag != expected
            ? throw new IOException("the target joined other parts than those that were sent")
            : LargeResult.Copied;
    }

    private async Task<bool> IsFinishedAsync(LargeUpload upload, CancellationToken cancellation) =>
        await target.HeadAsync(upload.Key, cancellation) is { } there && there.Size == upload.Size && (there.Headers.CopiedFrom == upload.ETag || there.ETag == upload.ETag);

    private static int CountOf(LargeUpload upload) => (int)((upload.Size + upload.PartSize - 1) / upload.PartSize);

    private static long SizeOf(LargeUpload upload, int number) => Math.Min(upload.PartSize, upload.Size - ((number - 1) * upload.PartSize));

    private sealed class VanishedException : Exception;
}
