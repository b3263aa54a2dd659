namespace VisionPlatform.Api.Http.Lists;

/// <summary>Text of a caller inside a pattern of <c>LIKE</c>.</summary>
public static class LikePattern
{
    public const string Escape = "\\";

    /// <summary>Matches what contains the text; its own <c>%</c> and <c>_</c> stand for themselves.</summary>
    public static string Containing(string text) =>
        $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
