using System.Text;

namespace VisionPlatform.Domain.Text;

/// <summary>
/// Canonical decomposition and composition (Unicode Standard Annex 15). <see cref="string.Normalize()"/> needs ICU, and the app runs with
/// <c>InvariantGlobalization</c>, in which it returns every text unchanged.
/// </summary>
internal static class UnicodeText
{
    // Hangul syllables are computed (Unicode 3.12).
    private const int SyllableBase = 0xAC00, LeadBase = 0x1100, VowelBase = 0x1161, TrailBase = 0x11A7, Leads = 19, Vowels = 21, Trails = 28, Syllables = Leads * Vowels * Trails;

    /// <summary>The characters of NFD, in canonical order.</summary>
    public static List<Rune> Decompose(string text)
    {
        var runes = new List<Rune>(text.Length + 4);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune, runes);
        Order(runes);
        return runes;
    }

    /// <summary>The text in NFC.</summary>
    public static string Compose(string text)
    {
        // Nothing below U+0300 combines or decomposes into anything but itself after composition.
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', '\u02FF'))
            return text;
        var runes = Decompose(text);
        var (starter, last) = (-1, 0);
        var composed = new List<Rune>(runes.Count);
        foreach (var rune in runes)
        {
            var combining = UnicodeData.CombiningClass(rune);
            var isBlocked = starter >= 0 && starter < composed.Count - 1 && (last == 0 || last >= combining);
            if (starter >= 0 && !isBlocked && Pair(composed[starter], rune) is { } joined)
            {
                composed[starter] = joined;
                continue;
            }
            composed.Add(rune);
            last = combining;
            if (combining == 0)
                starter = composed.Count - 1;
        }
        var built = new StringBuilder(text.Length);
        foreach (var rune in composed)
            built.Append(rune.ToString());
        return built.ToString();
    }

    private static void Decompose(Rune rune, List<Rune> target)
    {
        var syllable = rune.Value - SyllableBase;
        if (syllable is >= 0 and < Syllables)
        {
            target.Add(new Rune(LeadBase + syllable / (Vowels * Trails)));
            target.Add(new Rune(VowelBase + syllable % (Vowels * Trails) / Trails));
            if (syllable % Trails > 0)
                target.Add(new Rune(TrailBase + syllable % Trails));
        }
        else if (UnicodeData.Decomposition(rune) is { } parts)
            foreach (var part in parts)
                Decompose(part, target);
        else
            target.Add(rune);
    }

    /// <summary>Sorts each run of combining marks by their class; marks of one class keep their order.</summary>
    private static void Order(List<Rune> runes)
    {
        for (var i = 1; i < runes.Count; i++)
        {
            var (rune, combining) = (runes[i], UnicodeData.CombiningClass(runes[i]));
            var at = i;
            for (; combining > 0 && at > 0 && UnicodeData.CombiningClass(runes[at - 1]) > combining; at--)
                runes[at] = runes[at - 1];
            runes[at] = rune;
        }
    }

    private static Rune? Pair(Rune first, Rune second)
    {
        var (lead, vowel) = (first.Value - LeadBase, second.Value - VowelBase);
        if (lead is >= 0 and < Leads && vowel is >= 0 and < Vowels)
            return new Rune(SyllableBase + (lead * Vowels + vowel) * Trails);
        var (syllable, trail) = (first.Value - SyllableBase, second.Value - TrailBase);
        if (syllable is >= 0 and < Syllables && syllable % Trails == 0 && trail is > 0 and < Trails)
            return new Rune(first.Value + trail);
        return UnicodeData.Composition(first, second);
    }
}
