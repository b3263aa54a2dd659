using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Archives;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>How an archive is unpacked.</summary>
/// <param name="Batches">Batches of a ZIP, which may be unpacked in any order and at once; 0 when nothing is to do.</param>
/// <param name="IsStream">Whether it is a TAR, which is read from its beginning to its end.</param>
public sealed record ArchivePlan(int Batches, bool IsStream);

/// <summary>Unpacks archives in steps. Each step may run more than once and may be cut off. It does nothing when the archive has ended meanwhile.</summary>
public sealed class ArchiveUnpacking(
    PlatformDatabase database, ObjectStores stores, StagedUploads staged, ArchiveEntries entries, ZipPlanning planning, TarUnpacking tars, Quotas quotas, TimeProvider time)
{
    /// <summary>Bytes read with one request, at most, unless an entry is larger.</summary>
    private const int LongestRead = 8 * 1024 * 1024;

    /// <summary>Bytes between two entries that are read along rather than asking again.</summary>
    private const int Gap = 64 * 1024;

    /// <summary>Reads the list of entries of a ZIP, decides what it can by names and sizes, and divides the rest into batches.</summary>
    public async Task<ArchivePlan> PlanAsync(Guid archiveId, CancellationToken cancellation)
    {
        if (await FindAsync(archiveId, cancellation) is not { } archive)
            return new ArchivePlan(0, IsStream: false);
        if (archive.Format != ArchiveFormat.Zip)
            return new ArchivePlan(0, IsStream: true);
        var batches = await EndingAsync(archive, 0, async () =>
        {
            var planned = await planning.PlanAsync(archive, ReaderOf(archive), cancellation);
            await quotas.RequireRoomForStorageAsync(archive.CreatedBy, planned.Bytes, cancellation);
            return planned.Batches;
        }, cancellation);
        return new ArchivePlan(batches, IsStream: false);
    }

    /// <summary>Unpacks the entries of one batch of a ZIP that have no outcome. False when the archive has ended.</summary>
    public async Task<bool> UnpackBatchAsync(Guid archiveId, int batch, CancellationToken cancellation)
    {
        if (await FindAsync(archiveId, cancellation) is not { } archive)
            return false;
        return await EndingAsync(archive, false, async () =>
        {
            var open = await database.DatasetArchiveEntries.AsNoTracking()
                .Where(entry => entry.ArchiveId == archiveId && entry.Batch == batch && entry.Outcome == null).OrderBy(entry => entry.Offset).ToListAsync(cancellation);
            var (unpacked, damaged) = (new List<UnpackedEntry>(open.Count), new List<DecidedEntry>());
            foreach (var group in Groups(open))
                await ReadAsync(archive, group, unpacked, damaged, cancellation);
            await entries.RecordAsync(archiveId, damaged, cancellation);
            await entries.TakeAsync(archive, unpacked, cancellation);
            return true;
        }, cancellation);
    }

    /// <summary>Unpacks some entries of a TAR. Returns where to go on; null at its end, or when the archive has ended.</summary>
    public async Task<TarCursor?> UnpackTarAsync(Guid archiveId, TarCursor from, CancellationToken cancellation) =>
        await FindAsync(archiveId, cancellation) is { } archive
            ? await EndingAsync(archive, null, () => tars.UnpackAsync(archive, from, cancellation), cancellation)
            : null;

    /// <summary>Ends an archive after its last entry, and removes its object however it ended.</summary>
    public async Task<ArchiveState?> FinishAsync(Guid archiveId, CancellationToken cancellation)
    {
        await EndAsync(archiveId, ArchiveState.Completed, null, cancellation);
        if (await database.DatasetArchives.AsNoTracking().SingleOrDefaultAsync(row => row.Id == archiveId, cancellation) is not { } archive)
            return null;
        await database.DatasetArchiveEntries.Where(entry => entry.ArchiveId == archiveId && (entry.Outcome == EntryOutcome.Taken || entry.Outcome == null))
            .ExecuteDeleteAsync(cancellation);
        await staged.CloseAsync([archive.Key], cancellation);
        return archive.State;
    }

    /// <summary>Ends an archive that could not be unpacked.</summary>
    public Task FailAsync(Guid archiveId, Failure failure, CancellationToken cancellation) => EndAsync(archiveId, ArchiveState.Failed, failure, cancellation);

    private Task EndAsync(Guid archiveId, ArchiveState state, Failure? failure, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return database.DatasetArchives.Where(row => row.Id == archiveId && row.State == ArchiveState.Unpacking)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, state).SetProperty(row => row.Error, failure).SetProperty(row => row.EndedAt, now), cancellation);
    }

    private Task<DatasetArchive?> FindAsync(Guid archiveId, CancellationToken cancellation) =>
        database.DatasetArchives.AsNoTracking().SingleOrDefaultAsync(row => row.Id == archiveId && row.State == ArchiveState.Unpacking, cancellation);

    /// <summary>Does a step, and ends the archive when the step finds that it cannot go on.</summary>
    private async Task<T> EndingAsync<T>(DatasetArchive archive, T ended, Func<Task<T>> step, CancellationToken cancellation)
    {
        try
        {
            return await step();
        }
        catch (Exception failure) when (FailureOf(failure) is { } known)
        {
            // Cancelling removes the archive, which looks as if it was damaged.
            await FailAsync(archive.Id, known, cancellation);
            return ended;
        }
    }

    private static Failure? FailureOf(Exception failure) => failure switch
    {
        ArchiveDamagedException damaged => Failure.Of(ErrorCodes.ArchiveDamaged, damaged.Message),
        ArchiveTooManyEntriesException many => Failure.Of(ErrorCodes.ArchiveTooLarge, many.Message),
        ProblemException problem when problem.Error == ErrorCodes.QuotaExceeded || problem.Error == ErrorCodes.ArchiveTooLarge || problem.Error == ErrorCodes.NotFound => problem.ToFailure(),
        _ => null,
    };

    private ReadRange ReaderOf(DatasetArchive archive) => async (from, length, cancellation) =>
        await stores.External.GetRangeAsync(archive.Key, from, length, cancellation) ?? throw new ArchiveDamagedException("The archive is no longer there.");

    /// <summary>Neighbours that one request reads.</summary>
    private static IEnumerable<List<DatasetArchiveEntry>> Groups(List<DatasetArchiveEntry> sorted)
    {
        var group = new List<DatasetArchiveEntry>();
        foreach (var entry in sorted)
        {
            if (group.Count > 0 && (entry.Offset - EndOf(group[^1]) > Gap || EndOf(entry) - group[0].Offset > LongestRead))
            {
                yield return group;
                group = [];
            }
            group.Add(entry);
        }
        if (group.Count > 0)
            yield return group;
    }

    private static long EndOf(DatasetArchiveEntry entry) => entry.Offset + ZipData.HeaderSize + entry.CompressedSize;

    private async Task ReadAsync(DatasetArchive archive, List<DatasetArchiveEntry> group, List<UnpackedEntry> unpacked, List<DecidedEntry> damaged, CancellationToken cancellation)
    {
        var from = group[0].Offset;
        // How long the last local header is only the header says.
        var to = Math.Min(archive.Size, EndOf(group[^1]) - ZipData.HeaderSize + ZipData.LongestHeader);
        ReadOnlyMemory<byte> bytes = await ReaderOf(archive)(from, (int)(to - from), cancellation);
        foreach (var entry in group)
            try
            {
                unpacked.Add(new UnpackedEntry(entry, ZipData.Unpack(bytes[(int)(entry.Offset - from)..], entry.Method, entry.CompressedSize, entry.Size, (uint)entry.Crc32)));
            }
            catch (ArchiveDamagedException defect)
            {
                damaged.Add(DecidedEntry.Refused(entry.Number, ErrorCodes.ArchiveDamaged, defect.Message));
            }
    }
}
