using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;

namespace VisionPlatform.Api.Http.Requests;

/// <summary>
/// Validates names: not blank, limited length, one line, and without invisible
/// characters (controls, zero-width, direction changes), which could make two different names look the same.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class NameAttribute(int maximumLength) : ValidationAttribute
{
    public int MaximumLength => maximumLength;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) => value switch
    {
        null => null,
        string text when string.IsNullOrWhiteSpace(text) => Refuse("Must not be blank."),
        string text when text.Trim().Length > maximumLength => Refuse($"Must be at most {maximumLength} characters."),
        string text when VisibleText.HasHidden(text) => Refuse("Must not contain control or invisible characters."),
        string => null,
        _ => Refuse("Must be text."),
    };

    private static ValidationResult Refuse(string why) => new(why);
}

/// <summary>Validates longer texts: limited length, line breaks and tabs allowed, other invisible characters refused.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class ProseAttribute(int maximumLength) : ValidationAttribute
{
    public int MaximumLength => maximumLength;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) => value switch
    {
        string text when text.Length > maximumLength => new($"Must be at most {maximumLength} characters."),
        string text when VisibleText.HasHidden(text, '\n', '\r', '\t') =>
            new("Must not contain control or invisible characters."),
        _ => null,
    };
}

internal static class VisibleText
{
    private const int ZeroWidthNonJoiner = 0x200C;
    private const int ZeroWidthJoiner = 0x200D;

    // Scripts with joined letters, and emoji, begin here.
    private const int FirstOfJoinedScripts = 0x0600;

    /// <summary>
    /// Whether a text has invisible characters: controls, the format category (zero width, bidirectional
    /// controls, tags, soft hyphen) and line separators. Joiners are allowed only between two letters of scripts that join them and between
    /// parts of an emoji.
    /// </summary>
    public static bool HasHidden(string text, params ReadOnlySpan<char> allowed)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            return false;
        var runes = text.EnumerateRunes().ToArray();
        for (var i = 0; i < runes.Length; i++)
        {
            var c = runes[i];
            if (c.IsBmp && allowed.Contains((char)c.Value))
                continue;
            if (c.Value is ZeroWidthNonJoiner or ZeroWidthJoiner ? !Joins(runes, i) : IsHidden(c))
                return true;
        }
        return false;
    }

    private static bool Joins(Rune[] runes, int at) =>
        at > 0 && at + 1 < runes.Length && runes[at - 1].Value >= FirstOfJoinedScripts && runes[at + 1].Value >= FirstOfJoinedScripts
        && runes[at + 1].Value is not (ZeroWidthNonJoiner or ZeroWidthJoiner);

    private static bool IsHidden(Rune c) => Rune.GetUnicodeCategory(c) switch
    {
        UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Format => true,
        _ => c == Rune.ReplacementChar,
    };
}
