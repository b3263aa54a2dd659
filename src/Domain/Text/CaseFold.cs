using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using ADRaffy.ENSNormalize;

namespace VisionPlatform.Domain.Text;

/// <summary>Compares names as file systems do that ignore case and the way an accent is written.</summary>
public static class CaseFold
{
    private static readonly FrozenDictionary<int, string> Foldings = ReadFoldings();

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
        foreach (var rune in ENSNormalize.NF.NFD(text).EnumerateRunes())
            folded.Append(Foldings.TryGetValue(rune.Value, out var other) ? other : rune.ToString());
        return Composed(folded.ToString());
    }

    /// <summary>
    /// The text in canonical composition (NFC), the form in which names are stored. <see cref="string.Normalize()"/> needs ICU, which the process runs
    /// without (InvariantGlobalization), and returns every text as it is.
    /// </summary>
    public static string Composed(string text) => Ascii.IsValid(text) ? text : ENSNormalize.NF.NFC(text);

    /// <summary>Whether two names are the same name.</summary>
    public static bool AreEqual(string one, string other) => Of(one) == Of(other);

    /// <summary>Compares names by <see cref="Of"/>.</summary>
    public static IEqualityComparer<string> Comparer { get; } = EqualityComparer<string>.Create(
        (one, other) => one is null || other is null ? one == other : AreEqual(one, other), text => Of(text).GetHashCode(StringComparison.Ordinal));

    /// <summary>Every character that <see cref="Of"/> replaces, for a migration that folds names inside the database.</summary>
    public static IEnumerable<(string Character, string Folded)> Replacements => Foldings.OrderBy(pair => pair.Key).Select(pair => (new Rune(pair.Key).ToString(), pair.Value));

    private static FrozenDictionary<int, string> ReadFoldings()
    {
        var foldings = new Dictionary<int, string>();
        using var reader = new StreamReader(typeof(CaseFold).Assembly.GetManifestResourceStream("CaseFolding.txt")!, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#') || line.Split('~') is not [var left, var right])
                continue;
            if (left.Split("..") is [var first, var rest])
            {
                var (last, step) = rest.Split('/') is [var end, var every] ? (Hex(end), int.Parse(every, CultureInfo.InvariantCulture)) : (Hex(rest), 1);
                for (var code = Hex(first); code <= last; code += step)
                    foldings.Add(code, new Rune(code + int.Parse(right, CultureInfo.InvariantCulture)).ToString());
            }
            else
                foldings.Add(Hex(left), string.Concat(right.Split(' ').Select(code => new Rune(Hex(code)))));
        }
        return foldings.ToFrozenDictionary();
    }

    private static int Hex(string code) => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
