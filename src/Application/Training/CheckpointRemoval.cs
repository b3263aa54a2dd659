using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>Removes checkpoints whose time is over (<see cref="CheckpointRetention"/>): first the file, then the row, under the lock of the row.</summary>
public sealed class CheckpointRemoval(PlatformDatabase database, ObjectStores stores, TrainerSettings settings, TimeProvider time)
{
    private const int Batch = 100;

    /// <summary>How long a prediction keeps the checkpoint that it used.</summary>
    private static readonly TimeSpan UseProtects = TimeSpan.FromDays(30);

    /// <summary>Returns how many checkpoints were removed. May be cut off at any point and run again.</summary>
    public async Task<int> RemoveOldAsync(CancellationToken cancellation)
    {
        var (removed, now, last) = (0, time.GetUtcNow(), Guid.Empty);
        var before = now - settings.Checkpoints.Others;
        while (true)
        {
            var from = last;
            var jobs = await database.TrainingJobs.AsNoTracking()
                .Where(job => job.Id > from && !job.Starred && database.Checkpoints.Any(checkpoint => checkpoint.JobId == job.Id && checkpoint.CreatedAt < before))
                .OrderBy(job => job.Id).Take(Batch).ToListAsync(cancellation);
            Guid[] ids = [.. jobs.Select(job => job.Id)];
            var checkpoints = (await database.Checkpoints.AsNoTracking().Where(checkpoint => ids.Contains(checkpoint.JobId)).ToListAsync(cancellation)).ToLookup(checkpoint => checkpoint.JobId);
            foreach (var job in jobs)
            {
                var inUse = await UsedAsync(job.Id, cancellation);
                foreach (var checkpoint in settings.Checkpoints.Removable(job, [.. checkpoints[job.Id]], inUse, now))
                    removed += await RemoveAsync(checkpoint, cancellation) ? 1 : 0;
                last = job.Id;
            }
            if (jobs.Count < Batch)
                return removed;
        }
    }

    private async Task<bool> RemoveAsync(Checkpoint checkpoint, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // A job that begins to use it shares this lock.
        if (!await database.Checkpoints.FromSql($"SELECT * FROM checkpoints WHERE id = {checkpoint.Id} FOR UPDATE").AsNoTracking().AnyAsync(cancellation)
            || (await UsedAsync(checkpoint.JobId, cancellation)).Contains(checkpoint.Key))
            return false;
        await stores.Internal.DeleteAsync(checkpoint.Key, cancellation);
        await database.Checkpoints.Where(row => row.Id == checkpoint.Id).ExecuteDeleteAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>Keys of a job's checkpoints from which other jobs went on, or that predictions used of late. A job may be tried again from there as long as it has no checkpoint of its own.</summary>
    private async Task<HashSet<string>> UsedAsync(Guid jobId, CancellationToken cancellation) =>
        [.. await database.Database.SqlQuery<string>(
            $"""
            SELECT start_from->>'key' AS "Value" FROM training_jobs WHERE start_from->>'jobId' = {jobId.ToString()}
            UNION SELECT checkpoint_key FROM predictions WHERE job_id = {jobId} AND created_at > {time.GetUtcNow() - UseProtects}
            """).ToListAsync(cancellation)];
}
