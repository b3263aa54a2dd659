using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>
/// First half of an import: reads the file twice, first its images and categories, then its annotations, which a file may list before the images. Both go to the database in batches, the annotations checked and in the stored form, so that memory does not grow with the file. A run that was
/// cut off begins anew.
/// </summary>
public sealed class AnnotationStaging(PlatformDatabase database, ObjectStores stores, AnnotationLimits limits, ArchiveLimits archives, TimeProvider time)
{
    private const int ImagesInBatch = 500;
    private const int AnnotationsInBatch = 1_000;

    /// <summary>Characters of a file name that are kept for the report.</summary>
    private const int LongestName = 1_000;

    /// <summary>Reads the file of an import. False when the import has ended, also because the file cannot be read.</summary>
    public async Task<bool> ReadAsync(Guid importId, CancellationToken cancellation)
    {
        if (await database.AnnotationImports.AsNoTracking().SingleOrDefaultAsync(row => row.Id == importId && row.State == AnnotationImportState.Importing, cancellation) is not { } import)
            return false;
        if (import.Images is not null)
            return true;
        await database.StagedAnnotations.Where(row => row.ImportId == importId).ExecuteDeleteAsync(cancellation);
        await database.StagedImages.Where(row => row.ImportId == importId).ExecuteDeleteAsync(cancellation);
        var report = new ImportReport();
        try
        {
            var file = await SourceAsync(import, cancellation);
            return await ReadImagesAsync(import, file, report, cancellation) is { } images && await ReadAnnotationsAsync(import, images, file, report, cancellation);
        }
        catch (Exception failure) when (FailureOf(failure) is { } known)
        {
            await FailAsync(importId, known, cancellation);
            return false;
        }
    }

    /// <summary>Ends an import that cannot go on.</summary>
    public Task FailAsync(Guid importId, Failure failure, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        return database.AnnotationImports.Where(row => row.Id == importId && row.State == AnnotationImportState.Importing).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.State, AnnotationImportState.Failed).SetProperty(row => row.Error, failure).SetProperty(row => row.EndedAt, now), cancellation);
    }

    private static Failure? FailureOf(Exception failure) => failure switch
    {
        JsonException { LineNumber: { } line, BytePositionInLine: { } position } => Failure.Of(ErrorCodes.AnnotationFileInvalid, $"The file is not valid JSON at line {line + 1}, position {position + 1}."),
        JsonException => Failure.Of(ErrorCodes.AnnotationFileInvalid, "The file is not valid JSON."),
        InvalidDataException invalid => Failure.Of(ErrorCodes.AnnotationFileInvalid, invalid.Message),
        ProblemException problem when problem.Error == ErrorCodes.NotFound => problem.ToFailure(),
        _ => null,
    };

    /// <summary>The reader for the format of the file: a ZIP holds labels of YOLO, everything else is read as JSON.</summary>
    private async Task<IAnnotationSource> SourceAsync(AnnotationImport import, CancellationToken cancellation)
    {
        var start = await ReadRangeAsync(0, (int)Math.Min(import.Size, 4), cancellation);
        if (start is not [(byte)'P', (byte)'K', ..])
            return new AnnotationFile(token => OpenAsync(import, token), limits.MaxEntryBytes);
        var dataset = await database.Datasets.AsNoTracking().SingleOrDefaultAsync(row => row.Id == import.DatasetId, cancellation) ?? throw ProblemException.NoSuch("dataset");
        return new YoloFile(ReadRangeAsync, import.Size, dataset, archives.MaxEntries, limits.MaxEntryBytes);

        async Task<byte[]> ReadRangeAsync(long from, int length, CancellationToken token) =>
            await stores.External.GetRangeAsync(import.Key, from, length, token) ?? throw new InvalidDataException("The file is no longer there.");
    }

    private async Task<ObjectContent> OpenAsync(AnnotationImport import, CancellationToken cancellation) =>
        await stores.External.OpenReadAsync(import.Key, cancellation) ?? throw new InvalidDataException("The file is no longer there.");

    /// <summary>Number of images; null when the import has ended.</summary>
    private async Task<int?> ReadImagesAsync(AnnotationImport import, IAnnotationSource file, ImportReport report, CancellationToken cancellation)
    {
        var number = 0;
        await foreach (var batch in file.ReadImagesAsync(cancellation).ChunkAsync(ImagesInBatch))
        {
            await StageImagesAsync(import, number, batch, report, cancellation);
            number += batch.Count;
            if (!await ReportReadAsync(import.Id, file.ReadBytes, cancellation))
                return null;
        }
        return number;
    }

    private async Task StageImagesAsync(AnnotationImport import, int first, IReadOnlyList<FileImage> batch, ImportReport report, CancellationToken cancellation)
    {
        var paths = batch.Select(image => (image.Paths ?? [image.Name]).Select(name => CaseFold.Of(PathOf(import, name))).ToArray()).ToArray();
        var folded = paths.SelectMany(one => one).Distinct(StringComparer.Ordinal).ToArray();
        var found = await database.DatasetImages.Where(image => image.DatasetId == import.DatasetId && folded.Contains(image.FoldedPath))
            .Select(image => new { image.FoldedPath, image.Id, image.Width, image.Height }).ToDictionaryAsync(image => image.FoldedPath, StringComparer.Ordinal, cancellation);
        var (fileIds, imageIds) = (batch.Select(image => image.FileId).ToArray(), found.Values.Select(image => (Guid?)image.Id).ToArray());
        var seenIds = (await database.StagedImages.Where(row => row.ImportId == import.Id && fileIds.Contains(row.FileId)).Select(row => row.FileId).ToListAsync(cancellation)).ToHashSet(StringComparer.Ordinal);
        var seenImages = (await database.StagedImages.Where(row => row.ImportId == import.Id && imageIds.Contains(row.ImageId)).Select(row => row.ImageId!.Value).ToListAsync(cancellation)).ToHashSet();
        var rows = new List<StagedImage>(batch.Count);
        foreach (var (i, image) in batch.Index())
        {
            var known = paths[i].Select(path => found.GetValueOrDefault(path)).FirstOrDefault(one => one is not null);
            (AnnotationFault, string)? wrong = image.Name.Length == 0 ? (AnnotationFault.Malformed, "The image has no file_name.")
                : !seenIds.Add(image.FileId) ? (AnnotationFault.ImageRepeated, $"The file has an image with the id {image.FileId} already.")
                : known is null ? (AnnotationFault.ImageNotFound, $"The dataset has no image '{PathOf(import, image.Paths?[0] ?? image.Name)}'{(image.Paths is null ? "" : ", also not with another extension")}.")
                : (image.Width ?? known.Width) != known.Width || (image.Height ?? known.Height) != known.Height
                    ? (AnnotationFault.ImageSizeDiffers, $"The file says {image.Width} × {image.Height} pixels; the upright image has {known.Width} × {known.Height}.")
                : !seenImages.Add(known.Id) ? (AnnotationFault.ImageRepeated, "The file lists the image already.")
                : null;
            if (wrong is var (reason, detail))
                report.RefuseImage(first + i, image.Name, reason, detail);
            rows.Add(new StagedImage
            {
                ImportId = import.Id, Number = first + i, Name = image.Name.Length <= LongestName ? image.Name : image.Name[..LongestName],
                // An id that is there twice keeps its first image; the row only holds the place of the second.
                FileId = wrong?.Item1 == AnnotationFault.ImageRepeated ? $"\u0001{first + i}" : image.FileId,
                ImageId = wrong is null ? known!.Id : null, Width = known?.Width ?? 0, Height = known?.Height ?? 0, Split = import.TakesSplits ? image.Split : null,
            });
        }
        database.StagedImages.AddRange(rows);
        await database.SaveChangesAsync(cancellation);
        database.ChangeTracker.Clear();
    }

    private static string PathOf(AnnotationImport import, string name)
    {
        var path = CaseFold.Composed(name.Replace('\\', '/'));
        path = path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
        return import.Folder.Length > 0 ? $"{import.Folder}/{path}" : path;
    }

    private async Task<bool> ReadAnnotationsAsync(AnnotationImport import, int images, IAnnotationSource file, ImportReport report, CancellationToken cancellation)
    {
        var dataset = await TakeClassesAsync(import, file, cancellation);
        var check = new AnnotationCheck(dataset, file.Categories);
        var (number, clipped, firstPass) = (0L, 0L, import.Size);
        await foreach (var batch in file.ReadAnnotationsAsync(cancellation).ChunkAsync(AnnotationsInBatch))
        {
            clipped += await StageAnnotationsAsync(import.Id, number, batch, check, report, cancellation);
            number += batch.Count;
            if (!await ReportReadAsync(import.Id, firstPass + file.ReadBytes, cancellation))
                return false;
        }
        return await database.AnnotationImports.Where(row => row.Id == import.Id && row.State == AnnotationImportState.Importing).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Images, images).SetProperty(row => row.Annotations, number).SetProperty(row => row.Clipped, clipped).SetProperty(row => row.Format, file.Format)
                .SetProperty(row => row.RefusedImages, report.Images).SetProperty(row => row.RefusedAnnotations, report.Annotations)
                .SetProperty(row => row.Reasons, report.Reasons).SetProperty(row => row.Entries, report.Entries), cancellation) > 0;
    }

    /// <summary>Adds the classes of the file to the dataset, when that is wanted. Returns the dataset as it is then.</summary>
    private async Task<Dataset> TakeClassesAsync(AnnotationImport import, IAnnotationSource file, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var dataset = await database.LockDatasetAsync(import.DatasetId, cancellation) ?? throw ProblemException.NoSuch("dataset");
        if (import.AddClasses)
        {
            var known = new ClassList(dataset.Classes);
            List<string> added = [.. file.Categories.Values.Select(category => category.Name)
                .Where(name => !AnnotationCheck.IsBackground(dataset.TaskType, name) && known.Find(name) is null).DistinctBy(CaseFold.Of)];
            List<string> all = [.. dataset.Classes, .. added];
            if (ClassList.Problem(all, dataset.TaskType) is var (field, message))
                throw new InvalidDataException($"The categories cannot be classes of the dataset: {field} {message}");
            if (added.Count > 0)
            {
                (dataset.Classes, dataset.UpdatedAt) = (all, time.GetUtcNow());
                await database.SaveChangesAsync(cancellation);
                await database.AnnotationImports.Where(row => row.Id == import.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.AddedClasses, added), cancellation);
            }
        }
        await transaction.CommitAsync(cancellation);
        database.ChangeTracker.Clear();
        return dataset;
    }

    /// <summary>Stores the good annotations of a batch. Returns of how many a part was left out.</summary>
    private async Task<int> StageAnnotationsAsync(
        Guid importId, long first, IReadOnlyList<FileAnnotation> batch, AnnotationCheck check, ImportReport report, CancellationToken cancellation)
    {
        var ids = batch.Select(annotation => annotation.ImageFileId).Distinct(StringComparer.Ordinal).ToArray();
        var images = await database.StagedImages.AsNoTracking().Where(row => row.ImportId == importId && ids.Contains(row.FileId)).ToDictionaryAsync(row => row.FileId, StringComparer.Ordinal, cancellation);
        var (good, refused, clipped) = (new List<StagedAnnotation>(batch.Count), new Dictionary<int, int>(), 0);
        foreach (var (i, annotation) in batch.Index())
        {
            if (check.IsNothing(annotation))
                continue;
            var image = images.GetValueOrDefault(annotation.ImageFileId);
            var done = check.Check(annotation, image);
            if (done.Annotation is { } right)
            {
                clipped += done.Clipped ? 1 : 0;
                good.Add(new StagedAnnotation { ImportId = importId, Number = first + i, ImageNumber = image!.Number, Content = AnnotationText.Write(right) });
                continue;
            }
            report.RefuseAnnotation(first + i, image?.Name, annotation.Place is { } place ? done.Problem! with { Message = $"{place}: {done.Problem.Message}" } : done.Problem!);
            if (image is { ImageId: not null })
                refused[image.Number] = refused.GetValueOrDefault(image.Number) + 1;
        }
        await CopyAsync(good, cancellation);
        var (numbers, counts) = (refused.Keys.ToArray(), refused.Values.ToArray());
        await database.Database.ExecuteSqlAsync(
            $"""
            UPDATE annotation_import_images i SET refused = i.refused + w.refused FROM unnest({numbers}, {counts}) AS w(number, refused)
            WHERE i.import_id = {importId} AND i.number = w.number
            """, cancellation);
        return clipped;
    }

    private async Task CopyAsync(List<StagedAnnotation> rows, CancellationToken cancellation)
    {
        await database.Database.OpenConnectionAsync(cancellation);
        try
        {
            await using var writer = await ((NpgsqlConnection)database.Database.GetDbConnection()).BeginBinaryImportAsync(
                "COPY annotation_import_objects (import_id, number, image_number, content) FROM STDIN (FORMAT binary)", cancellation);
            foreach (var row in rows)
            {
                await writer.StartRowAsync(cancellation);
                await writer.WriteAsync(row.ImportId, NpgsqlDbType.Uuid, cancellation);
                await writer.WriteAsync(row.Number, NpgsqlDbType.Bigint, cancellation);
                await writer.WriteAsync(row.ImageNumber, NpgsqlDbType.Integer, cancellation);
                await writer.WriteAsync(row.Content, NpgsqlDbType.Text, cancellation);
            }
            await writer.CompleteAsync(cancellation);
        }
        finally
        {
            await database.Database.CloseConnectionAsync();
        }
    }

    /// <summary>Records how far reading is. False when the import has ended meanwhile.</summary>
    private async Task<bool> ReportReadAsync(Guid importId, long bytes, CancellationToken cancellation) =>
        await database.AnnotationImports.Where(row => row.Id == importId && row.State == AnnotationImportState.Importing)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.ReadBytes, bytes), cancellation) > 0;
}

internal static class Batches
{
    /// <summary>The elements in lists of <paramref name="size"/>; the last one may be shorter.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<T>> ChunkAsync<T>(this IAsyncEnumerable<T> source, int size)
    {
        var batch = new List<T>(size);
        await foreach (var element in source)
        {
            batch.Add(element);
            if (batch.Count < size)
                continue;
            yield return batch;
            batch = new List<T>(size);
        }
        if (batch.Count > 0)
            yield return batch;
    }
}
