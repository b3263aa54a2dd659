namespace VisionPlatform.Domain.Text;

/// <summary>How names of things and people are stored.</summary>
public static class Names
{
    /// <summary>The name without spaces at its ends, in canonical composition, so that an accent is always stored in the same way.</summary>
    public static string AsName(this string text) => CaseFold.Composed(text.Trim());
}
