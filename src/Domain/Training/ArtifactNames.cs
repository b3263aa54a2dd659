using System.Text.RegularExpressions;

namespace VisionPlatform.Domain.Training;

/// <summary>Names that a trainer may give its files: one path segment without characters that have a meaning in object keys or shells.</summary>
public static partial class ArtifactNames
{
    public static bool IsValid(string? name) => name is not null && Allowed().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal);

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\z")]
    private static partial Regex Allowed();
}
