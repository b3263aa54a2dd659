using System.Text;
using ADRaffy.ENSNormalize;

namespace VisionPlatform.Domain.Text;

/// <summary>Compares names as file systems do that ignore case and the way an accent is written.</summary>
public static class CaseFold
{
    /// <summary>
    /// The form in which equal names are equal byte for byte: canonical composition (NFC), then every letter in upper and back in lower case, by the
    /// invariant tables. So the Kelvin sign equals k, ſ equals s, ς equals σ, and é in one character equals é in two. It is computed only here and
    /// stored where names must be unique; a database's <c>lower()</c> follows other tables.
    /// </summary>
    /// <param name="text">Valid Unicode.</param>
    public static string Of(string text) =>
        text.AsSpan().ContainsAnyExceptInRange(' ', '~') ? Composed(Composed(text).ToUpperInvariant().ToLowerInvariant()) : text.ToLowerInvariant();

    /// <summary>
    /// The text in canonical composition (NFC), the form in which names are stored. <see cref="string.Normalize()"/> needs ICU, which the process runs
    /// without (InvariantGlobalization), and returns every text as it is.
    /// </summary>
    public static string Composed(string text) => Ascii.IsValid(text) ? text : ENSNormalize.NF.NFC(text);

    /// <summary>Whether two names are the same name.</summary>
    public static bool AreEqual(string one, string other) => Comparer.Equals(one, other);

    /// <summary>Compares names by <see cref="Of"/>.</summary>
    public static IEqualityComparer<string> Comparer { get; } = EqualityComparer<string>.Create(
        (one, other) => string.Equals(one is null ? null : Of(one), other is null ? null : Of(other), StringComparison.Ordinal), text => Of(text).GetHashCode(StringComparison.Ordinal));
}
