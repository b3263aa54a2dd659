using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>Rules for the name of a class. Names are stored in canonical composition (NFC) and compared by <see cref="CaseFold"/>.</summary>
public static class ClassName
{
    /// <summary>Characters a name may have.</summary>
    public const int Longest = 200;

    /// <summary>What is wrong with a class name, or null for a good one. Names are folders in exports, so they follow the same rules.</summary>
    public static string? Problem(string? name) => name switch
    {
        null or "" => "The class name is empty.",
        { Length: > Longest } => $"The class name is longer than {Longest} characters.",
        _ when VisibleText.Problem(name) is { } problem => "The class name " + problem,
        _ when name.Contains('/') || name.Contains('\\') => "The class name has a slash.",
        "." or ".." => "The class name is not a name.",
        _ => FileName.Problem(name),
    };

    /// <summary>The spelling to use for each class: of names that are the same by <see cref="CaseFold"/>, the one that comes first.</summary>
    /// <param name="names">Names in the order of their images, oldest first.</param>
    public static IReadOnlyDictionary<string, string> Spellings(IEnumerable<string> names)
    {
        var spellings = new Dictionary<string, string>(CaseFold.Comparer);
        foreach (var name in names)
            spellings.TryAdd(name, CaseFold.Composed(name));
        return spellings;
    }
}
