using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>Removes what attempts left in the internal bucket: files that were uploaded and never reported, copies that nobody took, uploads in parts that died, and manifests that were written for them.</summary>
public sealed class AttemptFiles(PlatformDatabase database, ObjectStores stores, TimeProvider time)
{
    /// <summary>How long the upload URLs of trainers work.</summary>
    public static readonly TimeSpan UploadUrlLifetime = TimeSpan.FromHours(6);

    /// <summary>After how long nothing can be added to an upload in parts: the URLs of trainers have expired, and the app's own uploads take minutes.</summary>
    private static readonly TimeSpan LongestMultipart = TimeSpan.FromHours(24);

    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Removes files that ended attempts uploaded, and copies of them, that no row names. Every attempt is looked at once, when its URLs have expired. Returns how many
    /// files were removed.
    /// </summary>
    public async Task<int> RemoveUnreportedAsync(CancellationToken cancellation)
    {
        const int Batch = 100;
        var removed = 0;
        var before = time.GetUtcNow() - UploadUrlLifetime - Grace;
        while (true)
        {
            var ended = await database.Attempts.AsNoTracking().Where(attempt => attempt.EndedAt < before && attempt.FilesSweptAt == null)
                .OrderBy(attempt => attempt.EndedAt).Take(Batch).ToListAsync(cancellation);
            foreach (var attempt in ended)
                removed += await RemoveUnreportedAsync(attempt, cancellation);
            var (ids, now) = (ended.Select(attempt => attempt.Id).ToArray(), time.GetUtcNow());
            await database.Attempts.Where(attempt => ids.Contains(attempt.Id)).ExecuteUpdateAsync(set => set.SetProperty(attempt => attempt.FilesSweptAt, now), cancellation);
            if (ended.Count < Batch)
                return removed;
        }
    }

    /// <summary>Aborts uploads in parts that nobody can finish any more, and so frees their parts. Returns how many there were.</summary>
    public async Task<int> AbortUnfinishedAsync(CancellationToken cancellation)
    {
        var aborted = 0;
        var before = time.GetUtcNow() - LongestMultipart;
        // Only what the app writes: a bucket may be shared.
        string[] internalFolders = [.. Attempt.Folders, "models/", AttemptInputs.OwnManifests];
        foreach (var (store, prefix) in internalFolders.Select(folder => (stores.Internal, folder)).Append((stores.External, "datasets/")))
            await foreach (var upload in store.ListMultipartsAsync(prefix, cancellation))
            {
                if (upload.Begun >= before)
                    continue;
                await store.AbortMultipartAsync(upload.Key, upload.UploadId, cancellation);
                aborted++;
            }
        return aborted;
    }

    /// <summary>Removes the manifests of jobs and exports that have ended: no attempt of theirs begins any more. Returns how many there were.</summary>
    public async Task<int> RemoveManifestsAsync(CancellationToken cancellation)
    {
        var removed = 0;
        await foreach (var batch in stores.Internal.ListAsync(AttemptInputs.OwnManifests, cancellation).Select(found => found.Key).Chunk(1000).WithCancellation(cancellation))
        {
            Guid[] holders = [.. batch.Select(AttemptInputs.HolderOf).OfType<Guid>().Distinct()];
            var ended = (await database.TrainingJobs.Where(job => holders.Contains(job.Id) && !JobStates.Active.Contains(job.State)).Select(job => job.Id)
                .Union(database.Exports.Where(export => holders.Contains(export.Id) && export.State != ExportState.Pending && export.State != ExportState.Running).Select(export => export.Id))
                .ToListAsync(cancellation)).ToHashSet();
            string[] left = [.. batch.Where(key => AttemptInputs.HolderOf(key) is { } holder && ended.Contains(holder))];
            await stores.Internal.DeleteAsync(left, cancellation);
            removed += left.Length;
        }
        return removed;
    }

    private async Task<int> RemoveUnreportedAsync(Attempt attempt, CancellationToken cancellation)
    {
        var keys = await KeysAsync(attempt.ArtifactPrefix, cancellation);
        // An app that dies between a copy and the commit that takes it makes another copy when it runs again.
        if (await HasEndedAsync(attempt, cancellation))
            keys.AddRange(await KeysAsync(Attempt.KeptPrefix(attempt.Kind, attempt.SubjectId), cancellation));
        if (keys.Count == 0)
            return 0;
        var named = attempt.Kind switch
        {
            AttemptKind.Train => await database.Checkpoints.Where(checkpoint => checkpoint.JobId == attempt.SubjectId).Select(checkpoint => checkpoint.Key)
                .Union(database.ModelVersions.Where(version => version.JobId == attempt.SubjectId).Select(version => version.CheckpointKey)).ToListAsync(cancellation),
            AttemptKind.Predict => await database.Predictions.Where(row => row.Id == attempt.SubjectId && row.Key != null).Select(row => row.Key!).ToListAsync(cancellation),
            _ => await FilesOfExportAsync(attempt.SubjectId, cancellation),
        };
        string[] left = [.. keys.Except(named, StringComparer.Ordinal)];
        await stores.Internal.DeleteAsync(left, cancellation);
        return left.Length;
    }

    /// <summary>Whether what the attempt worked for has ended: then it has taken its copies, in the same transaction.</summary>
    private Task<bool> HasEndedAsync(Attempt attempt, CancellationToken cancellation) => attempt.Kind switch
    {
        AttemptKind.Train => database.TrainingJobs.AnyAsync(job => job.Id == attempt.SubjectId && job.CompletedAt != null, cancellation),
        AttemptKind.Predict => database.Predictions.AnyAsync(row => row.Id == attempt.SubjectId && row.CompletedAt != null, cancellation),
        _ => database.Exports.AnyAsync(export => export.Id == attempt.SubjectId && export.CompletedAt != null, cancellation),
    };

    private async Task<List<string>> KeysAsync(string prefix, CancellationToken cancellation)
    {
        var keys = new List<string>();
        await foreach (var found in stores.Internal.ListAsync(prefix, cancellation))
            keys.Add(found.Key);
        return keys;
    }

    private async Task<List<string>> FilesOfExportAsync(Guid exportId, CancellationToken cancellation)
    {
        var files = await database.Exports.Where(export => export.Id == exportId).Select(export => new { export.Key, export.PackageKey }).SingleOrDefaultAsync(cancellation);
        return [.. new[] { files?.Key, files?.PackageKey }.OfType<string>()];
    }
}
