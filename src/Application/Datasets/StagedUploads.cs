using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>
/// The objects that upload URLs have written and that are no images yet (<see cref="StagingKeys"/>). A row of <c>dataset_uploads</c> counts each in
/// the sender's quota for as long as its URL works; a key without a row is closed.
/// </summary>
public sealed class StagedUploads(PlatformDatabase database, ObjectStores stores, DatasetLimits limits, TimeProvider time)
{
    /// <summary>How long an expired upload is kept, so that a completion that began before the expiry can finish.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>After how long nothing that was put to a URL can belong to an upload any more, whichever installation shares the bucket.</summary>
    private TimeSpan LongestLife => (limits.UploadLifetime > limits.UploadUrlLifetime ? limits.UploadLifetime : limits.UploadUrlLifetime) + Grace;

    /// <summary>
    /// Replaces the objects by empty ones. An upload URL writes only where nothing is, so it writes nothing more to these keys, and the bytes
    /// are gone. <see cref="RemoveLeftAsync"/> removes the empty objects when their URLs have expired. A store that is away is no failure: then
    /// the bytes stay until that time.
    /// </summary>
    public async Task CloseAsync(IReadOnlyCollection<string> keys, CancellationToken cancellation)
    {
        try
        {
            await Parallel.ForEachAsync(keys.Where(StagingKeys.Has), new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = cancellation },
                async (key, token) => await stores.External.PutAsync(key, ReadOnlyMemory<byte>.Empty, "application/octet-stream", token));
            // Keys of an earlier release.
            await stores.External.DeleteAsync([.. keys.Where(key => !StagingKeys.Has(key))], cancellation);
        }
        catch (ProblemException away) when (away.Error == ErrorCodes.StorageUnavailable)
        {
        }
    }

    /// <summary>Removes uploads that expired, each after its object. Returns how many were removed.</summary>
    public async Task<int> ExpireAsync(CancellationToken cancellation)
    {
        const int Batch = 1000;
        var removed = 0;
        var before = time.GetUtcNow() - Grace;
        while (true)
        {
            var expired = await database.DatasetUploads.AsNoTracking().Where(upload => upload.ExpiresAt < before)
                .OrderBy(upload => upload.ExpiresAt).Take(Batch).Select(upload => new { upload.Id, upload.Key }).ToListAsync(cancellation);
            if (expired.Count == 0)
                return removed;
            await stores.External.DeleteAsync([.. expired.Select(upload => upload.Key)], cancellation);
            var ids = expired.Select(upload => upload.Id).ToArray();
            // An upload that was announced again meanwhile has a new id and stays.
            removed += await database.DatasetUploads.Where(upload => ids.Contains(upload.Id) && upload.ExpiresAt < before).ExecuteDeleteAsync(cancellation);
        }
    }

    /// <summary>
    /// Lists what is staged and removes objects that have no row and are older than any URL: those that <see cref="CloseAsync"/> emptied, and those
    /// of a process that ended in between. Returns how many were removed.
    /// </summary>
    public async Task<int> RemoveLeftAsync(CancellationToken cancellation)
    {
        const int Batch = 1000;
        var removed = 0;
        var before = time.GetUtcNow() - LongestLife;
        var old = new List<string>(Batch);
        await foreach (var found in stores.External.ListAsync(StagingKeys.Prefix, cancellation))
        {
            if (found.LastModified < before)
                old.Add(found.Key);
            if (old.Count == Batch)
                await RemoveAsync();
        }
        await RemoveAsync();
        return removed;

        async Task RemoveAsync()
        {
            var keys = old.ToArray();
            old.Clear();
            // The row of an upload is there before its URL is.
            Guid[] ids = [.. keys.Select(StagingKeys.UploadOf).OfType<Guid>()];
            var awaited = await database.DatasetUploads.Where(upload => ids.Contains(upload.Id)).Select(upload => upload.Key)
                .Concat(database.DatasetArchives.Where(archive => ids.Contains(archive.Id) && (archive.State == ArchiveState.Announced || archive.State == ArchiveState.Unpacking)).Select(archive => archive.Key))
                .Concat(database.AnnotationImports.Where(import => ids.Contains(import.Id) && (import.State == AnnotationImportState.Announced || import.State == AnnotationImportState.Importing)).Select(import => import.Key))
                .ToListAsync(cancellation);
            string[] left = [.. keys.Except(awaited, StringComparer.Ordinal)];
            await stores.External.DeleteAsync(left, cancellation);
            removed += left.Length;
        }
    }
}
