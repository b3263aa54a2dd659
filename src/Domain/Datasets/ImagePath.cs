using System.Globalization;
using System.Text;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>
/// Rules for the path of an image inside its dataset: relative, forward slashes, safe to unpack on any file system and to use as an
/// object key. Paths are compared by <see cref="CaseFold"/>, because some file systems ignore case.
/// </summary>
public static class ImagePath
{
    /// <summary>Longest path in UTF-8 bytes. An object key has at most 1,024, which also hold the dataset's prefix and a suffix.</summary>
    public const int LongestPath = 900;

    /// <summary>Longest folder or file name in UTF-8 bytes, the limit of common file systems.</summary>
    public const int LongestName = 255;

    /// <summary>What is wrong with a path, or null for a good one.</summary>
    public static string? Problem(string? path)
    {
        if (string.IsNullOrEmpty(path))
            return "The path is empty.";
        if (UnsafeText.Problem(path) is { } problem)
            return "The path " + problem;
        if (path.Contains('\\'))
            return "The path has a backslash; separate folders with forward slashes.";
        if (path[0] == '/' || (path.Length > 1 && path[1] == ':' && char.IsAsciiLetter(path[0])))
            return "The path is absolute.";
        if (Encoding.UTF8.GetByteCount(path) > LongestPath)
            return $"The path is longer than {LongestPath} bytes.";
        foreach (var name in path.Split('/'))
            if (NameProblem(name) is { } nameProblem)
                return nameProblem;
        return null;
    }

    /// <summary>The first folder of a path: the class of an image that is announced without one. Null for a file at the top level.</summary>
    public static string? FirstFolder(string path) => path.IndexOf('/') is > 0 and var end ? path[..end] : null;

    /// <summary>Positions of paths that repeat an earlier one.</summary>
    public static IEnumerable<int> Repeated(IReadOnlyList<string> paths)
    {
        var seen = new HashSet<string>(CaseFold.Comparer);
        for (var i = 0; i < paths.Count; i++)
            if (!seen.Add(paths[i]))
                yield return i;
    }

    private static string? NameProblem(string name) => name switch
    {
        "" => "The path has an empty folder or file name.",
        "." or ".." => $"The path steps outside or nowhere with '{name}'.",
        [' ', ..] or [.., ' ' or '.'] => $"'{name}' begins with a space or ends with a space or a dot, which some file systems drop.",
        _ when Encoding.UTF8.GetByteCount(name) > LongestName => $"A folder or file name is longer than {LongestName} bytes.",
        _ => null,
    };
}

/// <summary>Rules for the name of a class.</summary>
public static class ClassName
{
    /// <summary>Characters a name may have.</summary>
    public const int Longest = 200;

    /// <summary>What is wrong with a class name, or null for a good one. Names are folders in exports, so they follow the same rules.</summary>
    public static string? Problem(string? name) => name switch
    {
        null or "" => "The class name is empty.",
        { Length: > Longest } => $"The class name is longer than {Longest} characters.",
        _ when UnsafeText.Problem(name) is { } problem => "The class name " + problem,
        _ when name.Contains('/') || name.Contains('\\') => "The class name has a slash.",
        "." or ".." => "The class name is not a name.",
        _ when char.IsWhiteSpace(name[0]) || char.IsWhiteSpace(name[^1]) => "The class name begins or ends with a space.",
        _ => null,
    };
}

/// <summary>Finds characters that paths and names must not have, because they mislead readers or break files.</summary>
internal static class UnsafeText
{
    /// <summary>What is wrong with the text, as the end of a sentence, or null.</summary>
    public static string? Problem(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(c) || c == '\uFFFD')
                return "is not valid Unicode.";
            else if (char.IsControl(c))
                return $"has the control character U+{(int)c:X4}.";
            else if (IsInvisible(c))
                return $"has the invisible character U+{(int)c:X4}.";
        }
        return null;
    }

    /// <summary>
    /// Characters that change the reading direction, end lines or are invisible. The joiners U+200C and U+200D are allowed: scripts and emoji need them.
    /// </summary>
    private static bool IsInvisible(char c) => c is '\u200B' or '\u200E' or '\u200F' or '\u061C' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\uFEFF'
        || CharUnicodeInfo.GetUnicodeCategory(c) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
