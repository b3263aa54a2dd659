using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Archives;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>An archive that somebody wants to upload; already checked.</summary>
public sealed record ArchiveDraft(string Name, long Size, ImageLayout Layout, string Folder);

/// <summary>An announced archive and where to put it.</summary>
public sealed record ArchiveTicket(DatasetArchive Archive, PresignedRequest Request);

/// <summary>Announces archives, starts and cancels unpacking them, and removes what is over.</summary>
public sealed class ArchiveIntake(
    PlatformDatabase database, ObjectStores stores, StagedUploads staged, Quotas quotas, DatasetLimits limits, TimeProvider time)
{
    /// <summary>Media type of every archive while it is staged: its content decides what it is.</summary>
    private const string ContentType = "application/octet-stream";

    /// <summary>How long an archive that has ended, and the report about its entries, can be read.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Announces an archive and gives a write-once URL for it. It counts in the caller's quota until it is unpacked, cancelled or expired.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> if the dataset has just been deleted, <see cref="ErrorCodes.QuotaExceeded"/>,
    /// and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<ArchiveTicket>> AnnounceAsync(Guid datasetId, Guid userId, ArchiveDraft draft, IdempotentCreate<ArchiveTicket> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await RequireLiveDatasetAsync(datasetId, cancellation);
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var archive = new DatasetArchive
        {
            Id = id, DatasetId = datasetId, Name = draft.Name, Size = draft.Size, Layout = draft.Layout, Folder = draft.Folder, Key = StagingKeys.Of(id),
            CreatedBy = userId, CreatedAt = now, ExpiresAt = now + limits.UploadLifetime,
        };
        database.DatasetArchives.Add(archive);
        await database.SaveChangesAsync(cancellation);
        await quotas.RequireStorageFitsAsync(userId, cancellation);
        return await create.CommitAsync(new ArchiveTicket(archive, stores.External.PresignPutOnce(archive.Key, ContentType, archive.Size, limits.UploadUrlLifetime)), cancellation);
    }

    /// <summary>
    /// Starts to unpack an archive that is there. One that is already being unpacked, or has ended, stays as it is. Schedule
    /// <see cref="DatasetWork.Unpack"/> after it.
    /// </summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>; <see cref="ErrorCodes.UploadNotFound"/> and <see cref="ErrorCodes.SizeMismatch"/>
    /// when the archive is not there as announced; <see cref="ErrorCodes.ArchiveUnknownFormat"/>.</exception>
    public async Task<DatasetArchive> CompleteAsync(Guid datasetId, Guid archiveId, CancellationToken cancellation)
    {
        var archive = await FindAsync(datasetId, archiveId, cancellation);
        if (archive.State != ArchiveState.Announced)
            return archive;
        var format = await FormatOfAsync(archive, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await RequireLiveDatasetAsync(datasetId, cancellation);
        var now = time.GetUtcNow();
        await database.DatasetArchives.Where(row => row.Id == archiveId && row.State == ArchiveState.Announced && row.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, ArchiveState.Unpacking).SetProperty(row => row.Format, format), cancellation);
        await transaction.CommitAsync(cancellation);
        var begun = await FindAsync(datasetId, archiveId, cancellation);
        return begun.State != ArchiveState.Announced ? begun : throw new ProblemException(ErrorCodes.UploadNotFound, "The archive was not completed in time. Announce it again.");
    }

    /// <summary>Ends an archive that has not ended. The images taken until then stay, and so do those of the few entries that are being worked on.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task<DatasetArchive> CancelAsync(Guid datasetId, Guid archiveId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var cancelled = await database.DatasetArchives
            .Where(row => row.Id == archiveId && row.DatasetId == datasetId && (row.State == ArchiveState.Announced || row.State == ArchiveState.Unpacking))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, ArchiveState.Cancelled).SetProperty(row => row.EndedAt, now), cancellation);
        var archive = await FindAsync(datasetId, archiveId, cancellation);
        if (cancelled > 0)
            await staged.CloseAsync([archive.Key], cancellation);
        return archive;
    }

    /// <summary>Ends archives that nobody completed in time, and removes their objects. Returns how many.</summary>
    public async Task<int> ExpireAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var expired = await database.DatasetArchives.AsNoTracking().Where(row => row.State == ArchiveState.Announced && row.ExpiresAt < now)
            .OrderBy(row => row.CreatedAt).Take(1000).ToListAsync(cancellation);
        Guid[] ids = [.. expired.Select(row => row.Id)];
        var count = await database.DatasetArchives.Where(row => ids.Contains(row.Id) && row.State == ArchiveState.Announced)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, ArchiveState.Expired).SetProperty(row => row.EndedAt, now), cancellation);
        await staged.CloseAsync([.. expired.Select(row => row.Key)], cancellation);
        return count;
    }

    /// <summary>Removes what is known about archives that ended long ago. Returns how many.</summary>
    public Task<int> ForgetAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - Kept;
        return database.DatasetArchives.Where(row => row.EndedAt < before).ExecuteDeleteAsync(cancellation);
    }

    private async Task<DatasetArchive> FindAsync(Guid datasetId, Guid archiveId, CancellationToken cancellation) =>
        await database.DatasetArchives.AsNoTracking().SingleOrDefaultAsync(row => row.Id == archiveId && row.DatasetId == datasetId, cancellation)
        ?? throw ProblemException.NoSuch("archive");

    private async Task RequireLiveDatasetAsync(Guid datasetId, CancellationToken cancellation)
    {
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        if (await database.Database.SqlQuery<Guid>($"SELECT id AS \"Value\" FROM datasets WHERE id = {datasetId} AND deleted_at IS NULL FOR SHARE").ToListAsync(cancellation) is [])
            throw ProblemException.NoSuch("dataset");
    }

    private async Task<ArchiveFormat> FormatOfAsync(DatasetArchive archive, CancellationToken cancellation)
    {
        var stored = await stores.External.HeadAsync(archive.Key, cancellation)
            ?? throw new ProblemException(ErrorCodes.UploadNotFound, "The archive was announced but never put to its URL.");
        if (stored.Size != archive.Size)
            throw new ProblemException(ErrorCodes.SizeMismatch, $"{archive.Size} bytes were announced, {stored.Size} were stored.");
        var start = await stores.External.GetRangeAsync(archive.Key, 0, (int)Math.Min(archive.Size, ArchiveFormats.Needed), cancellation);
        return start is not null && ArchiveFormats.Of(start) is { } format ? format : throw new ProblemException(ErrorCodes.ArchiveUnknownFormat);
    }
}
