using System.Collections.Frozen;
using System.Globalization;
using System.Text;

namespace VisionPlatform.Domain.Text;

/// <summary>The tables of Unicode.txt, read at first use.</summary>
internal static class UnicodeData
{
    private static readonly Tables All = Read();

    /// <summary>What each character that folds becomes, by code point.</summary>
    public static IReadOnlyDictionary<int, string> Foldings => All.Foldings;

    public static string Fold(Rune rune) => All.Foldings.TryGetValue(rune.Value, out var folded) ? folded : rune.ToString();

    /// <summary>The canonical decomposition of one step; null for a character without one.</summary>
    public static Rune[]? Decomposition(Rune rune) => All.Decompositions.GetValueOrDefault(rune.Value);

    /// <summary>The character that two characters become in NFC; null when they stay two.</summary>
    public static Rune? Composition(Rune first, Rune second) => All.Compositions.TryGetValue((first.Value, second.Value), out var composed) ? new Rune(composed) : null;

    public static int CombiningClass(Rune rune) => rune.Value < 0x300 ? 0 : All.CombiningClasses.GetValueOrDefault(rune.Value);

    private sealed record Tables(
        FrozenDictionary<int, string> Foldings, FrozenDictionary<int, Rune[]> Decompositions, FrozenDictionary<(int, int), int> Compositions, FrozenDictionary<int, byte> CombiningClasses);

    private static Tables Read()
    {
        var (foldings, decompositions) = (new Dictionary<int, string>(), new Dictionary<int, Rune[]>());
        var (compositions, classes) = (new Dictionary<(int, int), int>(), new Dictionary<int, byte>());
        using var reader = new StreamReader(typeof(UnicodeData).Assembly.GetManifestResourceStream("Unicode.txt")!, Encoding.UTF8);
        while (reader.ReadLine() is { } line)
        {
            var at = line.AsSpan().IndexOfAny("=>@~");
            if (line.StartsWith('#') || at < 0)
                continue;
            var (left, right) = (line[..at], line[(at + 1)..]);
            switch (line[at])
            {
                case '@':
                    foreach (var code in Range(left))
                        classes.Add(code, byte.Parse(right, CultureInfo.InvariantCulture));
                    break;
                case '~' when left.Contains("..", StringComparison.Ordinal):
                    foreach (var code in Range(left))
                        foldings.Add(code, new Rune(code + int.Parse(right, CultureInfo.InvariantCulture)).ToString());
                    break;
                case '~':
                    foldings.Add(Hex(left), string.Concat(Runes(right)));
                    break;
                default:
                    var parts = Runes(right);
                    decompositions.Add(Hex(left), parts);
                    if (line[at] == '=')
                        compositions.Add((parts[0].Value, parts[1].Value), Hex(left));
                    break;
            }
        }
        return new Tables(foldings.ToFrozenDictionary(), decompositions.ToFrozenDictionary(), compositions.ToFrozenDictionary(), classes.ToFrozenDictionary());
    }

    /// <summary><c>0300..0314</c>, or <c>0100..012E/2</c> for every second.</summary>
    private static IEnumerable<int> Range(string text)
    {
        var (ends, step) = text.Split('/') is [var range, var every] ? (range, int.Parse(every, CultureInfo.InvariantCulture)) : (text, 1);
        var separator = ends.IndexOf("..", StringComparison.Ordinal);
        for (var (code, last) = (Hex(ends[..separator]), Hex(ends[(separator + 2)..])); code <= last; code += step)
            yield return code;
    }

    private static Rune[] Runes(string codes) => [.. codes.Split(' ').Select(code => new Rune(Hex(code)))];

    private static int Hex(string code) => int.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
}
