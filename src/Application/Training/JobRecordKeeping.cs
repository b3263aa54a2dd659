using System.IO.Compression;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Training;

/// <summary>
/// Moves the records of ended jobs to object storage: files at once, and rows out of the database when they are old. <see cref="JobRecords"/> reads both.
/// Each step may die at any point and run again.
/// </summary>
public sealed class JobRecordKeeping(PlatformDatabase database, ObjectStores stores, TrainerSettings settings, TimeProvider time)
{
    private const int Batch = 50;

    /// <summary>
    /// Writes events and metrics of a job as files: <c>logs/{job}/events-0001.jsonl.gz</c>, <c>logs/{job}/metrics-0001.jsonl.gz</c>. Written again, they replace
    /// what was there.
    /// </summary>
    public async Task StoreAsync(Guid jobId, CancellationToken cancellation)
    {
        // The time before the rows are read: what is written later makes RemoveOldAsync store them again.
        var now = time.GetUtcNow();
        var parts = new List<JobRecordPart>();
        for (long last = 0; ;)
        {
            var from = last;
            var events = await database.JobEvents.AsNoTracking().Where(e => e.JobId == jobId && e.Id > from).OrderBy(e => e.Id).Take(JobRecords.EventsPerFile).ToListAsync(cancellation);
            if (events.Count == 0)
                break;
            last = events[^1].Id;
            parts.Add(await WriteAsync(jobId, JobRecordKind.Events, parts.Count + 1, events, events[0].Id, last, LevelsOf(events), cancellation));
        }
        var epochs = await database.EpochMetrics.AsNoTracking().Where(m => m.JobId == jobId).OrderBy(m => m.Attempt).ThenBy(m => m.Epoch).ToListAsync(cancellation);
        foreach (var (number, some) in epochs.Chunk(JobRecords.EventsPerFile).Index())
            parts.Add(await WriteAsync(jobId, JobRecordKind.Metrics, number + 1, some, 0, 0, [], cancellation));

        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var job = (await database.LockJobAsync(jobId, cancellation))!;
        if (job.RecordsRemovedAt is not null)
            return;
        await database.JobRecordParts.Where(part => part.JobId == jobId).ExecuteDeleteAsync(cancellation);
        database.JobRecordParts.AddRange(parts);
        await database.SaveChangesAsync(cancellation);
        await database.TrainingJobs.Where(row => row.Id == jobId).ExecuteUpdateAsync(set => set.SetProperty(row => row.RecordsStoredAt, now), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Stores the records of jobs that ended and whose end was interrupted, and removes old rows. Returns how many jobs were treated.</summary>
    public async Task<int> RemoveOldAsync(CancellationToken cancellation)
    {
        var treated = 0;
        var before = time.GetUtcNow() - settings.RecordsInDatabase;
        while (true)
        {
            var ids = await database.TrainingJobs.Where(job => job.CompletedAt < before && job.RecordsRemovedAt == null).OrderBy(job => job.CompletedAt).Take(Batch).Select(job => job.Id).ToListAsync(cancellation);
            foreach (var id in ids)
                await RemoveAsync(id, cancellation);
            treated += ids.Count;
            if (ids.Count < Batch)
                return treated;
        }
    }

    private async Task RemoveAsync(Guid jobId, CancellationToken cancellation)
    {
        database.ChangeTracker.Clear();
        await StoreAsync(jobId, cancellation);
        database.ChangeTracker.Clear();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // Events are written under the lock of the job, so none is added between the check and the end.
        await database.LockJobAsync(jobId, cancellation);
        var stored = await database.JobRecordParts.Where(part => part.JobId == jobId && part.Kind == JobRecordKind.Events).MaxAsync(part => (long?)part.LastId, cancellation) ?? 0;
        if (await database.JobEvents.AnyAsync(entry => entry.JobId == jobId && entry.Id > stored, cancellation))
            return;
        await database.JobEvents.Where(entry => entry.JobId == jobId).ExecuteDeleteAsync(cancellation);
        await database.EpochMetrics.Where(epoch => epoch.JobId == jobId).ExecuteDeleteAsync(cancellation);
        var now = time.GetUtcNow();
        await database.TrainingJobs.Where(row => row.Id == jobId).ExecuteUpdateAsync(set => set.SetProperty(row => row.RecordsRemovedAt, now), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private async Task<JobRecordPart> WriteAsync<T>(
        Guid jobId, JobRecordKind kind, int number, IReadOnlyCollection<T> records, long first, long last, List<string> levels, CancellationToken cancellation)
    {
        using var buffer = new MemoryStream();
        await using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
            foreach (var record in records)
            {
                await JsonSerializer.SerializeAsync(gzip, record, JobRecords.Json, cancellation);
                gzip.WriteByte((byte)'\n');
            }
        var key = $"logs/{jobId}/{(kind == JobRecordKind.Events ? "events" : "metrics")}-{number:0000}.jsonl.gz";
        await stores.Internal.PutAsync(key, buffer.ToArray(), "application/gzip", cancellation);
        return new JobRecordPart { JobId = jobId, Kind = kind, Number = number, FirstId = first, LastId = last, Count = records.Count, Levels = levels, Key = key };
    }

    private static List<string> LevelsOf(List<JobEvent> events) =>
        [.. events.Where(entry => entry.Type == "log").Select(entry => entry.Data.GetProperty("level").GetString()!).Distinct(StringComparer.Ordinal)];
}
