using System.Globalization;
using System.Text;

namespace VisionPlatform.Domain.Text;

/// <summary>
/// Finds characters that people cannot see, which make two different names look alike or change what a reader takes a text for. Names, paths,
/// classes and longer texts all follow this rule.
/// </summary>
public static class VisibleText
{
    private const int ZeroWidthNonJoiner = 0x200C;
    private const int ZeroWidthJoiner = 0x200D;
    private const int TextStyle = 0xFE0E;
    private const int EmojiStyle = 0xFE0F;
    private const int Keycap = 0x20E3;
    private const int DoubleExclamation = 0x203C;
    private const int ExclamationQuestion = 0x2049;

    // Scripts with joined letters, and emoji, begin here.
    private const int FirstOfJoinedScripts = 0x0600;

    /// <summary>
    /// What is wrong with the text, as the end of a sentence that begins with its name ("The path …"); null for a good text. Refused are controls,
    /// the format category (zero width, changes of direction, tags, soft hyphen, word joiner), line separators, characters that fonts draw as
    /// nothing, and invalid Unicode.
    /// Joiners are allowed only between two letters of scripts that join them and between parts of an emoji; style selectors only after a symbol.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="allowed">Control characters to allow, for example line breaks.</param>
    public static string? Problem(string text, params ReadOnlySpan<char> allowed)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return null;
        if (!IsUnicode(text))
            return "is not valid Unicode.";
        var runes = text.EnumerateRunes().ToArray();
        for (var i = 0; i < runes.Length; i++)
        {
            var c = runes[i];
            if (c.IsBmp && allowed.Contains((char)c.Value))
                continue;
            if (Rune.IsControl(c))
                return $"has the control character U+{c.Value:X4}.";
            if (IsHidden(runes, i))
                return $"has the invisible character U+{c.Value:X4}.";
        }
        return null;
    }

    // The server replaces invalid UTF-8 by U+FFFD.
    private static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
                i++;
            else if (char.IsSurrogate(text[i]) || text[i] == '\uFFFD')
                return false;
        }
        return true;
    }

    private static bool IsHidden(Rune[] runes, int at) => runes[at].Value switch
    {
        ZeroWidthNonJoiner or ZeroWidthJoiner => !Joins(runes, at),
        TextStyle or EmojiStyle => !FollowsSymbol(runes, at),
        var c => DrawsNothing(c) || Rune.GetUnicodeCategory(runes[at]) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format,
    };

    private static bool Joins(Rune[] runes, int at) =>
        at > 0 && at + 1 < runes.Length && runes[at - 1].Value >= FirstOfJoinedScripts && runes[at + 1].Value >= FirstOfJoinedScripts
        && runes[at + 1].Value is not (ZeroWidthNonJoiner or ZeroWidthJoiner);

    /// <summary>Whether a style selector follows a symbol that has two styles, or is part of a keycap (1️⃣).</summary>
    private static bool FollowsSymbol(Rune[] runes, int at) =>
        (at > 0 && Rune.GetUnicodeCategory(runes[at - 1]) is UnicodeCategory.OtherSymbol or UnicodeCategory.MathSymbol or UnicodeCategory.ModifierSymbol)
        || (at > 0 && runes[at - 1].Value is DoubleExclamation or ExclamationQuestion)
        || (at + 1 < runes.Length && runes[at + 1].Value == Keycap);

    /// <summary>Characters outside the format category that Unicode lists as Default_Ignorable_Code_Point (fillers, selectors), and the blank Braille pattern.</summary>
    private static bool DrawsNothing(int c) => c is 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or 0x2065 or 0x2800 or 0x3164
        or (>= 0xFE00 and <= 0xFE0D) or 0xFFA0 or (>= 0xFFF0 and <= 0xFFF8) or (>= 0xE0000 and <= 0xE0FFF);
}
