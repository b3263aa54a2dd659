namespace VisionPlatform.Api.Http.Lists;

/// <summary>Builds <c>LIKE</c> patterns from text of callers.</summary>
public static class LikePattern
{
    public const string Escape = "\\";

    /// <summary>A pattern that matches values containing the text. Escapes <c>%</c> and <c>_</c> in the text.</summary>
    public static string Containing(string text) =>
        $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";
}
