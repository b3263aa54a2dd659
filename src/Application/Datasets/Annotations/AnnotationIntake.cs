using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>An annotation file that somebody wants to upload; already checked.</summary>
public sealed record AnnotationImportDraft(string Name, long Size, AnnotationMode Mode, bool AddClasses, string Folder, bool TakesSplits = false);

/// <summary>An announced annotation file and where to put it.</summary>
public sealed record AnnotationImportTicket(AnnotationImport Import, PresignedRequest Request);

/// <summary>Announces annotation files, starts and cancels their import, and removes what is over.</summary>
public sealed class AnnotationIntake(
    PlatformDatabase database, ObjectStores stores, StagedUploads staged, Quotas quotas, DatasetLimits limits, TimeProvider time)
{
    private const string ContentType = "application/octet-stream";

    /// <summary>How long an import that has ended, and its report, can be read.</summary>
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    /// <summary>Announces a file and gives a write-once URL for it. It counts in the caller's quota until it is imported, cancelled or expired.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> if the dataset has just been deleted, <see cref="ErrorCodes.DatasetHasNoAnnotations"/>,
    /// <see cref="ErrorCodes.QuotaExceeded"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<AnnotationImportTicket>> AnnounceAsync(
        Guid datasetId, Guid userId, AnnotationImportDraft draft, IdempotentCreate<AnnotationImportTicket> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        await RequireAnnotatedTaskAsync(datasetId, cancellation);
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var import = new AnnotationImport
        {
            Id = id, DatasetId = datasetId, Name = draft.Name, Size = draft.Size, Mode = draft.Mode, AddClasses = draft.AddClasses, Folder = draft.Folder, TakesSplits = draft.TakesSplits, Key = StagingKeys.Of(id),
            CreatedBy = userId, CreatedAt = now, ExpiresAt = now + limits.UploadLifetime,
        };
        database.AnnotationImports.Add(import);
        await database.SaveChangesAsync(cancellation);
        await quotas.RequireStorageFitsAsync(userId, cancellation);
        return await create.CommitAsync(
            new AnnotationImportTicket(import, stores.External.PresignPutOnce(import.Key, ContentType, import.Size, limits.UploadUrlLifetime)), cancellation);
    }

    /// <summary>
    /// Starts to import a file that is there. One that is already being imported, or has ended, stays as it is. Schedule
    /// <see cref="DatasetWork.ImportAnnotations"/> after it.
    /// </summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>; <see cref="ErrorCodes.UploadNotFound"/> and <see cref="ErrorCodes.SizeMismatch"/>
    /// when the file is not there as announced.</exception>
    public async Task<AnnotationImport> CompleteAsync(Guid datasetId, Guid importId, CancellationToken cancellation)
    {
        var import = await FindAsync(datasetId, importId, cancellation);
        if (import.State != AnnotationImportState.Announced)
            return import;
        await RequireStoredAsync(import, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.RequireLiveProjectOfDatasetAsync(datasetId, cancellation);
        await RequireAnnotatedTaskAsync(datasetId, cancellation);
        var now = time.GetUtcNow();
        await database.AnnotationImports.Where(row => row.Id == importId && row.State == AnnotationImportState.Announced && row.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AnnotationImportState.Importing), cancellation);
        await transaction.CommitAsync(cancellation);
        var begun = await FindAsync(datasetId, importId, cancellation);
        return begun.State != AnnotationImportState.Announced ? begun : throw new ProblemException(ErrorCodes.UploadNotFound, "The file was not completed in time. Announce it again.");
    }

    /// <summary>Ends an import that has not ended. What was written until then stays.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>.</exception>
    public async Task<AnnotationImport> CancelAsync(Guid datasetId, Guid importId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var cancelled = await database.AnnotationImports
            .Where(row => row.Id == importId && row.DatasetId == datasetId && (row.State == AnnotationImportState.Announced || row.State == AnnotationImportState.Importing))
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AnnotationImportState.Cancelled).SetProperty(row => row.EndedAt, now), cancellation);
        var import = await FindAsync(datasetId, importId, cancellation);
        if (cancelled > 0)
            await staged.CloseAsync([import.Key], cancellation);
        return import;
    }

    /// <summary>Ends imports that nobody completed in time, and removes their objects. Returns how many.</summary>
    public async Task<int> ExpireAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var expired = await database.AnnotationImports.AsNoTracking().Where(row => row.State == AnnotationImportState.Announced && row.ExpiresAt < now)
            .OrderBy(row => row.CreatedAt).Take(1000).ToListAsync(cancellation);
        Guid[] ids = [.. expired.Select(row => row.Id)];
        var count = await database.AnnotationImports.Where(row => ids.Contains(row.Id) && row.State == AnnotationImportState.Announced)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AnnotationImportState.Expired).SetProperty(row => row.EndedAt, now), cancellation);
        await staged.CloseAsync([.. expired.Select(row => row.Key)], cancellation);
        return count;
    }

    /// <summary>Removes what is known about imports that ended long ago. Returns how many.</summary>
    public Task<int> ForgetAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - Kept;
        return database.AnnotationImports.Where(row => row.EndedAt < before).ExecuteDeleteAsync(cancellation);
    }

    private async Task<AnnotationImport> FindAsync(Guid datasetId, Guid importId, CancellationToken cancellation) =>
        await database.AnnotationImports.AsNoTracking().SingleOrDefaultAsync(row => row.Id == importId && row.DatasetId == datasetId, cancellation)
        ?? throw ProblemException.NoSuch("import");

    private async Task RequireAnnotatedTaskAsync(Guid datasetId, CancellationToken cancellation)
    {
        var dataset = await database.Datasets.FromSql($"SELECT *, xmin FROM datasets WHERE id = {datasetId} AND deleted_at IS NULL FOR SHARE").AsNoTracking().SingleOrDefaultAsync(cancellation)
            ?? throw ProblemException.NoSuch("dataset");
        if (!dataset.TaskType.HasAnnotations())
            throw new ProblemException(ErrorCodes.DatasetHasNoAnnotations);
    }

    private async Task RequireStoredAsync(AnnotationImport import, CancellationToken cancellation)
    {
        var stored = await stores.External.HeadAsync(import.Key, cancellation)
            ?? throw new ProblemException(ErrorCodes.UploadNotFound, "The file was announced but never put to its URL.");
        if (stored.Size != import.Size)
            throw new ProblemException(ErrorCodes.SizeMismatch, $"{import.Size} bytes were announced, {stored.Size} were stored.");
    }
}
