using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Import;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Import;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Import;

/// <summary>
/// Annotations. The label of a whole image becomes the image's class. Shapes have no place of their own yet, and are kept as neutral JSON with the
/// dataset and the path of their image (<see cref="ImportedAnnotation"/>).
/// </summary>
internal sealed class AnnotationImport(ImportWork work) : IRowImport
{
    private const int LongestType = 64;

    private sealed record Place(Guid Id, Guid DatasetId, string Path, string? Class);

    public async Task ImportAsync(IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var known = (await work.FindAsync(ImportKinds.Annotations, rows.Select(row => row.Id), cancellation)).Keys.Concat(await KeptAnnotations.FindAsync(work, rows, cancellation)).ToHashSet(StringComparer.Ordinal);
        OldRow[] open = [.. rows.Where(row => !known.Contains(row.Id))];
        var datasets = await work.FindAsync(ImportKinds.LabelingProjects, open.Select(row => row.Text("labelingProject")), cancellation);
        var imageIds = await work.FindAsync(ImportKinds.Images, open.Select(row => row.Text("image")), cancellation);
        var people = await work.FindAsync(ImportKinds.Users, open.Select(row => row.Text("createdBy")), cancellation);
        Guid[] ids = [.. imageIds.Values.Distinct()];
        var images = await work.Platform.DatasetImages.Where(image => ids.Contains(image.Id)).Select(image => new Place(image.Id, image.DatasetId, image.Path, image.Class)).ToDictionaryAsync(image => image.Id, cancellation);
        var (labels, shapes) = (new List<(OldRow Row, Guid Image)>(), new List<KeptAnnotation>());
        foreach (var row in open)
        {
            if (row.Text("labelingProject") is not { } project || !datasets.TryGetValue(project, out var dataset))
                work.Leave(row, $"The annotation was not imported: its labeling project {row.Text("labelingProject")} was not.");
            else if (row.Text("type") is not { Length: <= LongestType } type)
                work.Leave(row, "The annotation was not imported: it has no type.");
            else if (work.Mapping.ClassLabels.Contains(type, StringComparer.OrdinalIgnoreCase))
            {
                if (row.Text("image") is { } image && imageIds.TryGetValue(image, out var labeled) && (work.IsDryRun || images.ContainsKey(labeled)))
                    labels.Add((row, labeled));
                else
                    work.Leave(row, $"The label was not imported: its image {row.Text("image")} was not.");
            }
            else
            {
                var old = row.Text("image") ?? "";
                var path = imageIds.TryGetValue(old, out var imageId) && images.TryGetValue(imageId, out var place) ? place.Path : old;
                shapes.Add(Shape(row, dataset, type, path, people));
            }
        }
        work.Count(await SetClassesAsync(labels, images, shapes, people, rows, cancellation));
        if (!work.IsDryRun)
            await KeptAnnotations.InsertAsync(work, shapes, cancellation);
        work.Count(shapes.Count);
    }

    /// <summary>Gives images their classes. A label that does not fit becomes one of <paramref name="shapes"/>.</summary>
    /// <returns>How many labels became classes.</returns>
    private async Task<int> SetClassesAsync(
        List<(OldRow Row, Guid Image)> labels, Dictionary<Guid, Place> images, List<KeptAnnotation> shapes, IReadOnlyDictionary<string, Guid> people, IReadOnlyList<OldRow> rows,
        CancellationToken cancellation)
    {
        await using var transaction = await work.Platform.Database.BeginTransactionAsync(cancellation);
        labels.RemoveAll(label => KeepIfNoClass(label.Row, label.Image, images, shapes, people));
        var set = work.IsDryRun ? labels.Count : 0;
        if (!work.IsDryRun)
        {
            foreach (var dataset in labels.GroupBy(label => images[label.Image].DatasetId).OrderBy(group => group.Key))
            {
                // The dataset's lock, as for every change of its images.
                if (!await LockAsync(dataset.Key, cancellation))
                {
                    foreach (var (row, _) in dataset)
                        work.Leave(row, "The label was not imported: its dataset was deleted here.");
                    continue;
                }
                var spellings = await work.Platform.ClassSpellingsAsync(dataset.Key, dataset.Select(label => label.Row.Text("class")!), cancellation);
                var classes = new Dictionary<Guid, string>();
                foreach (var (row, image) in dataset)
                {
                    var name = spellings[row.Text("class")!];
                    var there = images[image].Class ?? classes.GetValueOrDefault(image);
                    if (there is null)
                        classes[image] = name;
                    else if (!CaseFold.AreEqual(there, name))
                    {
                        work.Note(row, $"The image has the class '{there}' already; the label '{name}' is kept as JSON.");
                        shapes.Add(Shape(row, dataset.Key, row.Text("type")!, images[image].Path, people));
                        continue;
                    }
                    work.Record(work.Platform, ImportKinds.Annotations, row.Id, image);
                    set++;
                }
                Guid[] ids = [.. classes.Keys];
                string[] names = [.. classes.Values];
                await work.Platform.Database.ExecuteSqlAsync($"UPDATE dataset_images SET class = wanted.class FROM unnest({ids}, {names}) AS wanted(id, class) WHERE dataset_images.id = wanted.id AND dataset_images.class IS NULL", cancellation);
            }
        }
        await work.SaveAsync(work.Platform, rows, cancellation);
        await transaction.CommitAsync(cancellation);
        return set;
    }

    private async Task<bool> LockAsync(Guid dataset, CancellationToken cancellation)
    {
        try
        {
            await work.Platform.RequireLiveProjectOfDatasetAsync(dataset, cancellation);
        }
        catch (ProblemException)
        {
            return false;
        }
        return await work.Platform.Datasets.Where(one => one.Id == dataset && one.DeletedAt == null).ExecuteUpdateAsync(set => set.SetProperty(one => one.UpdatedAt, work.Now), cancellation) > 0;
    }

    private bool KeepIfNoClass(OldRow row, Guid image, Dictionary<Guid, Place> images, List<KeptAnnotation> shapes, IReadOnlyDictionary<string, Guid> people)
    {
        if (ClassName.Problem(row.Text("class")) is not { } problem)
            return false;
        work.Note(row, $"The label is kept as JSON, as it cannot be a class: {problem}");
        if (images.TryGetValue(image, out var place))
            shapes.Add(Shape(row, place.DatasetId, row.Text("type")!, place.Path, people));
        return true;
    }

    private static KeptAnnotation Shape(OldRow row, Guid dataset, string type, string path, IReadOnlyDictionary<string, Guid> people) => new(
        row.Id, dataset, path.Length <= ImportedRow.MaximumOldId ? path : path[..ImportedRow.MaximumOldId], type,
        JsonSerializer.Serialize(new
        {
            task = row.Text("task"), type, @class = row.Text("class"), geometry = row.Json("geometry"), attributes = row.Json("attributes"), confidence = row.Number("confidence"),
            state = row.Text("state"), createdBy = row.Text("createdBy") is { } author && people.TryGetValue(author, out var id) ? id : (Guid?)null, createdAt = row.Time("createdAt"),
        }));
}

/// <param name="OldId">Its id there.</param>
/// <param name="Path">Path of the image.</param>
/// <param name="Data">JSON.</param>
internal sealed record KeptAnnotation(string OldId, Guid Dataset, string Path, string Type, string Data);

/// <summary>The annotations that are kept as JSON.</summary>
internal static class KeptAnnotations
{
    /// <summary>Ids of the rows that are kept already.</summary>
    public static async Task<IEnumerable<string>> FindAsync(ImportWork work, IReadOnlyList<OldRow> rows, CancellationToken cancellation)
    {
        var keys = rows.GroupBy(row => ImportedRow.KeyOf(row.Id)).ToDictionary(group => group.Key, group => group.First().Id, StringComparer.Ordinal);
        string[] ids = [.. keys.Keys];
        var there = await work.Labeling.ImportedAnnotations.Where(kept => kept.System == work.Mapping.System && ids.Contains(kept.OldId)).Select(kept => kept.OldId).ToListAsync(cancellation);
        return there.Select(id => keys[id]);
    }

    /// <summary>Adds those that are not kept yet.</summary>
    public static async Task InsertAsync(ImportWork work, IReadOnlyList<KeptAnnotation> annotations, CancellationToken cancellation)
    {
        if (annotations.Count == 0)
            return;
        var (system, now) = (work.Mapping.System, work.Now);
        Guid[] ids = [.. annotations.Select(_ => Guid.CreateVersion7())], datasets = [.. annotations.Select(one => one.Dataset)];
        string[] oldIds = [.. annotations.Select(one => ImportedRow.KeyOf(one.OldId))], paths = [.. annotations.Select(one => one.Path)];
        string[] types = [.. annotations.Select(one => one.Type)], data = [.. annotations.Select(one => one.Data)];
        await work.Labeling.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO imported_annotations (id, system, old_id, dataset_id, path, type, data, created_at)
            SELECT w.id, {system}, w.old_id, w.dataset_id, w.path, w.type, w.data::jsonb, {now}
            FROM unnest({ids}, {oldIds}, {datasets}, {paths}, {types}, {data}) AS w(id, old_id, dataset_id, path, type, data)
            ON CONFLICT (system, old_id) DO NOTHING
            """, cancellation);
    }
}
