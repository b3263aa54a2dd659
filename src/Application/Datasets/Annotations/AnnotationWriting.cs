using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>
/// Second half of an import: writes what <see cref="AnnotationStaging"/> has read to the images, in batches of one transaction each. An image that is
/// done is marked in the same transaction, so annotations are added once however often a step runs.
/// </summary>
public sealed class AnnotationWriting(PlatformDatabase database, StagedUploads staged, TimeProvider time)
{
    private const int ImagesInBatch = 200;
    private const int BatchesInStep = 10;

    /// <summary>Writes some images. False when all are written, or the import has ended.</summary>
    public async Task<bool> WriteAsync(Guid importId, CancellationToken cancellation)
    {
        for (var batch = 0; batch < BatchesInStep; batch++)
        {
            if (!await WriteBatchAsync(importId, cancellation))
                return false;
            database.ChangeTracker.Clear();
        }
        return true;
    }

    /// <summary>Ends an import after its last image, and removes the file and what was read from it however it ended.</summary>
    public async Task<AnnotationImportState?> FinishAsync(Guid importId, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await database.AnnotationImports.Where(row => row.Id == importId && row.State == AnnotationImportState.Importing)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.State, AnnotationImportState.Completed).SetProperty(row => row.EndedAt, now), cancellation);
        if (await database.AnnotationImports.AsNoTracking().SingleOrDefaultAsync(row => row.Id == importId, cancellation) is not { } import)
            return null;
        await database.StagedAnnotations.Where(row => row.ImportId == importId).ExecuteDeleteAsync(cancellation);
        await database.StagedImages.Where(row => row.ImportId == importId).ExecuteDeleteAsync(cancellation);
        await staged.CloseAsync([import.Key], cancellation);
        return import.State;
    }

    private async Task<bool> WriteBatchAsync(Guid importId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        if (await database.AnnotationImports.Where(row => row.Id == importId && row.State == AnnotationImportState.Importing).Select(row => (Guid?)row.DatasetId).SingleOrDefaultAsync(cancellation) is not { } datasetId)
            return false;
        // Lock the dataset, as VersionPublisher explains.
        if (await database.Datasets.Where(dataset => dataset.Id == datasetId && dataset.DeletedAt == null).ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.UpdatedAt, now), cancellation) == 0)
            return false;
        var import = await database.AnnotationImports.FromSql($"SELECT * FROM annotation_imports WHERE id = {importId} FOR UPDATE").SingleAsync(cancellation);
        if (import.State != AnnotationImportState.Importing)
            return false;
        var images = await database.StagedImages.AsNoTracking().Where(row => row.ImportId == importId && !row.Done && row.ImageId != null)
            .OrderBy(row => row.Number).Take(ImagesInBatch).ToListAsync(cancellation);
        if (images.Count == 0)
            return false;
        await WriteAsync(import, images, now, cancellation);
        var numbers = images.Select(image => image.Number).ToArray();
        await database.StagedImages.Where(row => row.ImportId == importId && numbers.Contains(row.Number)).ExecuteUpdateAsync(set => set.SetProperty(row => row.Done, true), cancellation);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private async Task WriteAsync(AnnotationImport import, List<StagedImage> images, DateTimeOffset now, CancellationToken cancellation)
    {
        var (numbers, ids) = (images.Select(image => image.Number).ToArray(), images.Select(image => image.ImageId!.Value).ToArray());
        var objects = (await database.StagedAnnotations.AsNoTracking().Where(row => row.ImportId == import.Id && numbers.Contains(row.ImageNumber))
            .OrderBy(row => row.Number).ToListAsync(cancellation)).ToLookup(row => row.ImageNumber, row => row.Content);
        // Images may have been removed since they were read.
        var present = (await database.DatasetImages.Where(image => ids.Contains(image.Id)).Select(image => image.Id).ToListAsync(cancellation)).ToHashSet();
        var existing = await database.ImageAnnotations.Where(row => ids.Contains(row.ImageId)).ToDictionaryAsync(row => row.ImageId, cancellation);
        var written = new List<StagedImage>();
        foreach (var image in images.Where(image => present.Contains(image.ImageId!.Value)))
        {
            var taken = AnnotationText.Read($"[{string.Join(',', objects[image.Number])}]");
            var row = existing.GetValueOrDefault(image.ImageId!.Value);
            IReadOnlyList<Annotation> all = import.Mode == AnnotationMode.Add && row is not null ? [.. AnnotationText.Read(row.Content), .. taken] : taken;
            // With every annotation refused, "no objects" would be a claim that nobody made.
            if ((taken.Count == 0 && image.Refused > 0) || all.Count > AnnotationRules.Most)
            {
                Leave(import, image, all.Count);
                continue;
            }
            if (row is null)
                database.ImageAnnotations.Add(row = new ImageAnnotations { ImageId = image.ImageId.Value, DatasetId = import.DatasetId, Content = "", ClassNames = [], ClassObjects = [], AnnotatedBy = import.CreatedBy });
            row.Replace(all, import.CreatedBy, now);
            import.ImagesDone++;
            import.Taken += taken.Count;
            written.Add(image);
        }
        Guid[] labeled = [.. written.Select(image => image.ImageId!.Value)];
        await database.ImageProposals.Where(proposal => labeled.Contains(proposal.ImageId)).ExecuteDeleteAsync(cancellation);
        foreach (var given in written.Where(image => image.Split is not null).GroupBy(image => image.Split, image => image.ImageId!.Value))
        {
            Guid[] moved = [.. given];
            await database.DatasetImages.Where(image => moved.Contains(image.Id)).ExecuteUpdateAsync(set => set.SetProperty(image => image.Split, given.Key), cancellation);
        }
    }

    private static void Leave(AnnotationImport import, StagedImage image, int count)
    {
        import.ImagesLeft++;
        if (count <= AnnotationRules.Most)
            return;
        import.Reasons = [.. import.Reasons.Where(one => one.Reason != AnnotationFault.TooMany),
            new RefusedCount(AnnotationFault.TooMany, 1 + (import.Reasons.FirstOrDefault(one => one.Reason == AnnotationFault.TooMany)?.Count ?? 0))];
        if (import.Entries.Count < AnnotationImport.MostListed)
            import.Entries = [.. import.Entries, new RefusedEntry("image", image.Number, image.Name, AnnotationFault.TooMany, null, $"The image would have {count} annotations; {AnnotationRules.Most} are allowed.")];
    }
}
