namespace VisionPlatform.Infrastructure.DatabaseCopy;

/// <summary>The content of all tables of a database as hashes, to compare two databases.</summary>
public static class TableHashes
{
    /// <summary>Reads every table of a database at one point in time.</summary>
    /// <param name="connectionString">The database.</param>
    /// <param name="parallel">Tables that are read at once.</param>
    /// <param name="moved">Told of finished tables and of bytes.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <param name="only">The tables to read; null for all.</param>
    public static async Task<Dictionary<string, ContentHash>> ReadAsync(
        string connectionString, int parallel, Action<long, long> moved, CancellationToken cancellation, TableSelection? only = null)
    {
        await using var snapshot = await SourceSnapshot.TakeAsync(connectionString, parallel, cancellation, only);
        var relations = await SchemaReader.RelationsAsync(snapshot.Main, cancellation, only);
        var hashes = await Task.WhenAll(relations.Select(relation => snapshot.ReadAsync(
            relation, async reader =>
            {
                var hash = await CopyStreams.ReadAsync(reader, relation.CopyOut, relation.IsText, null, bytes => moved(0, bytes), cancellation);
                moved(1, 0);
                return hash;
            },
            cancellation)));
        return relations.Zip(hashes).ToDictionary(pair => pair.First.Name, pair => pair.Second, StringComparer.Ordinal);
    }

    /// <summary>One sentence for each table that is missing on one side or has other rows there.</summary>
    public static IReadOnlyList<string> Differences(
        IReadOnlyDictionary<string, ContentHash> first, IReadOnlyDictionary<string, ContentHash> second, string firstName, string secondName)
    {
        var sentences = new List<string>();
        foreach (var name in first.Keys.Union(second.Keys).Order(StringComparer.Ordinal))
        {
            if (!first.TryGetValue(name, out var one))
                sentences.Add($"{name} is only in the {secondName}");
            else if (!second.TryGetValue(name, out var other))
                sentences.Add($"{name} is only in the {firstName}");
            else if (one.Rows != other.Rows)
                sentences.Add($"{name} has {one.Rows} rows in the {firstName} and {other.Rows} in the {secondName}");
            else if (one != other)
                sentences.Add($"{name} has {one.Rows} rows on both sides, but their content differs");
        }
        return sentences;
    }
}
