using Npgsql;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>Number of objects of a class in an image.</summary>
internal readonly record struct ClassObjects(string Class, int Objects);

/// <summary>What each image of a version shows: classes and counts, without where.</summary>
/// <param name="Images">The objects of each image, in manifest order.</param>
internal sealed record FrozenObjects(IReadOnlyList<ClassObjects[]> Images)
{
    /// <summary>The objects of every annotated image of a dataset, by image.</summary>
    public static async Task<Dictionary<Guid, ClassObjects[]>> ReadAsync(PlatformDatabase database, Guid datasetId, CancellationToken cancellation)
    {
        var found = new Dictionary<Guid, ClassObjects[]>();
        // One string for each class, not one for each image.
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var read = new NpgsqlCommand("SELECT image_id, class_names, class_objects FROM image_annotations WHERE dataset_id = $1", (NpgsqlConnection)database.Database.GetDbConnection())
        {
            Parameters = { new() { Value = datasetId } },
        };
        await using var reader = await read.ExecuteReaderAsync(cancellation);
        while (await reader.ReadAsync(cancellation))
            found.Add(reader.GetGuid(0), [.. reader.GetFieldValue<string[]>(1).Zip(reader.GetFieldValue<int[]>(2), (name, count) => new ClassObjects(Same(name), count))]);
        return found;

        string Same(string name) => names.TryGetValue(name, out var known) ? known : names[name] = name;
    }

    /// <summary>Images with an object of each class that occurs, class names in ordinal order.</summary>
    public SortedDictionary<string, int> ImageCounts()
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        foreach (var (name, _) in Images.SelectMany(image => image))
            counts[name] = counts.GetValueOrDefault(name) + 1;
        return counts;
    }

    /// <summary>Images in each split with an object of each class.</summary>
    public IReadOnlyDictionary<string, SplitCounts> ImageCounts(IReadOnlyList<string> classes, IReadOnlyList<Split> splits) => Count(classes, splits, _ => 1);

    /// <summary>Objects of each class in each split.</summary>
    public IReadOnlyDictionary<string, SplitCounts> ObjectCounts(IReadOnlyList<string> classes, IReadOnlyList<Split> splits) => Count(classes, splits, one => one.Objects);

    private Dictionary<string, SplitCounts> Count(IReadOnlyList<string> classes, IReadOnlyList<Split> splits, Func<ClassObjects, int> weight)
    {
        var counts = classes.ToDictionary(name => name, _ => new int[3], StringComparer.Ordinal);
        for (var i = 0; i < Images.Count; i++)
            foreach (var one in Images[i])
                counts[one.Class][(int)splits[i]] += weight(one);
        return counts.ToDictionary(pair => pair.Key, pair => new SplitCounts(pair.Value[0], pair.Value[1], pair.Value[2]), StringComparer.Ordinal);
    }
}
