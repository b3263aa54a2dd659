using System.Text;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>
/// Rules for the path of an image inside its dataset: relative, forward slashes, safe to unpack on Windows, macOS and Linux and to use as an
/// object key. Paths are stored in canonical composition (NFC) and compared by <see cref="CaseFold"/>, because some file systems do.
/// </summary>
public static class ImagePath
{
    /// <summary>Longest path in UTF-8 bytes. An object key has at most 1,024, which also hold the dataset's prefix and a suffix.</summary>
    public const int LongestPath = 900;

    /// <summary>What is wrong with a path, or null for a good one.</summary>
    public static string? Problem(string? path)
    {
        if (string.IsNullOrEmpty(path))
            return "The path is empty.";
        if (VisibleText.Problem(path) is { } problem)
            return "The path " + problem;
        if (path.Contains('\\'))
            return "The path has a backslash; separate folders with forward slashes.";
        if (path[0] == '/' || (path.Length > 1 && path[1] == ':' && char.IsAsciiLetter(path[0])))
            return "The path is absolute.";
        if (Encoding.UTF8.GetByteCount(path) > LongestPath)
            return $"The path is longer than {LongestPath} bytes.";
        foreach (var name in path.Split('/'))
            if (FileName.Problem(name) is { } nameProblem)
                return nameProblem;
        return null;
    }

    /// <summary>
    /// The class of an image that is announced without one: the first folder of its path, or the second when the first is only the name of a split
    /// (<c>train/cat/1.png</c> → <c>cat</c>). Null for a file at the top level or directly in the folder of a split.
    /// </summary>
    public static string? ClassOf(string path)
    {
        var folders = path.Split('/')[..^1];
        return folders switch
        {
            [] => null,
            [var first, ..] when !SplitFolders.Contains(first) => first,
            [_, var second, ..] => second,
            _ => null,
        };
    }

    /// <summary>Positions of paths that repeat an earlier one.</summary>
    public static IEnumerable<int> Repeated(IReadOnlyList<string> paths)
    {
        var seen = new HashSet<string>(CaseFold.Comparer);
        for (var i = 0; i < paths.Count; i++)
            if (!seen.Add(paths[i]))
                yield return i;
    }

    /// <summary>The folders of a path from the outermost, each with its parents: <c>a/b/c.png</c> → <c>a</c>, <c>a/b</c>.</summary>
    public static IEnumerable<string> FoldersOf(string path)
    {
        for (var end = path.IndexOf('/'); end >= 0; end = path.IndexOf('/', end + 1))
            yield return path[..end];
    }

    /// <summary>Positions of paths that no file system can hold beside another one of the list, because one needs a folder where the other is a file.</summary>
    public static IEnumerable<int> InTheWay(IReadOnlyList<string> paths)
    {
        var files = paths.ToHashSet(CaseFold.Comparer);
        for (var i = 0; i < paths.Count; i++)
            if (FoldersOf(paths[i]).Any(files.Contains))
                yield return i;
    }

    private static readonly HashSet<string> SplitFolders =
        new(["train", "training", "val", "valid", "validation", "test", "testing"], StringComparer.OrdinalIgnoreCase);
}
