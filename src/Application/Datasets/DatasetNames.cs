using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>What the images of a dataset leave for new ones: places for paths, and the spelling of classes. Call it under the dataset's lock.</summary>
internal static class DatasetNames
{
    /// <summary>
    /// The paths that cannot be unpacked beside an image of the dataset or an earlier path of the list, each with that other path: one of the two needs
    /// a folder where the other is a file.
    /// </summary>
    public static async Task<IReadOnlyDictionary<string, string>> PathsInTheWayAsync(
        this PlatformDatabase database, Guid datasetId, IReadOnlyList<string> paths, CancellationToken cancellation)
    {
        var folded = paths.Select(CaseFold.Of).ToArray();
        var folders = folded.SelectMany(ImagePath.FoldersOf).Distinct().ToArray();
        var files = await database.DatasetImages.Where(image => image.DatasetId == datasetId && folders.Contains(image.FoldedPath))
            .ToDictionaryAsync(image => image.FoldedPath, image => image.Path, cancellation);
        // '0' follows '/': everything between is below the folder.
        var below = await database.Database.SqlQuery<Below>(
            $"""
            SELECT w.folder, found.path FROM unnest({folded}) AS w(folder)
            CROSS JOIN LATERAL (
                SELECT i.path FROM dataset_images i
                WHERE i.dataset_id = {datasetId} AND i.folded_path > w.folder || '/' AND i.folded_path < w.folder || '0' LIMIT 1) AS found
            """).ToDictionaryAsync(row => row.Folder, row => row.Path, cancellation);

        var inTheWay = new Dictionary<string, string>();
        for (var i = 0; i < paths.Count; i++)
        {
            var own = ImagePath.FoldersOf(folded[i]).ToArray();
            if (own.FirstOrDefault(files.ContainsKey) is { } file)
                inTheWay[paths[i]] = files[file];
            else if (below.TryGetValue(folded[i], out var image))
                inTheWay[paths[i]] = image;
            else
            {
                files.TryAdd(folded[i], paths[i]);
                foreach (var folder in own)
                    below.TryAdd(folder, paths[i]);
            }
        }
        return inTheWay;
    }

    /// <summary>How each class is spelled: as the dataset already has it, or as it comes first in the list.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> ClassSpellingsAsync(
        this PlatformDatabase database, Guid datasetId, IEnumerable<string> classes, CancellationToken cancellation)
    {
        // Jumps from one class to the next in the index of images by class, instead of reading every image.
        var known = await database.Database.SqlQuery<string>(
            $"""
            WITH RECURSIVE classes AS (
                SELECT min(class) AS "Value" FROM dataset_images WHERE dataset_id = {datasetId}
                UNION ALL
                SELECT (SELECT min(class) FROM dataset_images WHERE dataset_id = {datasetId} AND class > "Value") FROM classes WHERE "Value" IS NOT NULL)
            SELECT "Value" FROM classes WHERE "Value" IS NOT NULL
            """).ToListAsync(cancellation);
        return ClassName.Spellings(known.Concat(classes));
    }

    private sealed record Below(string Folder, string Path);
}
