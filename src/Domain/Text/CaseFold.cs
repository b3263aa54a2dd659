using System.Text;

namespace VisionPlatform.Domain.Text;

/// <summary>Compares names as file systems do that ignore case and the way an accent is written.</summary>
public static class CaseFold
{
    /// <summary>
    /// The form in which equal names are equal byte for byte: canonical decomposition, full case folding, canonical composition (Unicode 3.13, D145).
    /// So the Kelvin sign equals k, ß equals ss, ſ equals s, ς equals σ, and é in one character equals é in two. It is computed only here and stored
    /// where names must be unique; a database's <c>lower()</c> follows other tables. To change it, fold the stored names again in a migration.
    /// </summary>
    /// <param name="text">Valid Unicode.</param>
    public static string Of(string text)
    {
        if (Ascii.IsValid(text))
            return text.ToLowerInvariant();
        var folded = new StringBuilder(text.Length + 8);
        foreach (var rune in UnicodeText.Decompose(text))
            folded.Append(UnicodeData.Fold(rune));
        return Composed(folded.ToString());
    }

    /// <summary>The text in canonical composition (NFC), the form in which names are stored.</summary>
    public static string Composed(string text) => UnicodeText.Compose(text);

    /// <summary>Whether two names are the same name.</summary>
    public static bool AreEqual(string one, string other) => Of(one) == Of(other);

    /// <summary>Compares names by <see cref="Of"/>.</summary>
    public static IEqualityComparer<string> Comparer { get; } = EqualityComparer<string>.Create(
        (one, other) => one is null || other is null ? one == other : AreEqual(one, other), text => Of(text).GetHashCode(StringComparison.Ordinal));

    /// <summary>Every character that <see cref="Of"/> replaces, for a migration that folds names inside the database.</summary>
    public static IEnumerable<(string Character, string Folded)> Replacements =>
        UnicodeData.Foldings.OrderBy(pair => pair.Key).Select(pair => (new Rune(pair.Key).ToString(), pair.Value));
}
