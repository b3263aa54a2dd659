using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Text;

namespace VisionPlatform.Api.Http;

/// <summary>
/// For names that people read: not blank, at most so many characters, on one line, and without the invisible
/// characters (controls, zero-width, direction changes) that make two different names look the same.
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
        string text when text.EnumerateRunes().Any(VisibleText.IsHidden) => Refuse("Must not contain control or invisible characters."),
        string => null,
        _ => Refuse("Must be text."),
    };

    private static ValidationResult Refuse(string why) => new(why);
}

/// <summary>For longer texts: at most so many characters; line breaks and tabs are welcome, other invisible characters are not.</summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class ProseAttribute(int maximumLength) : ValidationAttribute
{
    public int MaximumLength => maximumLength;

    protected override ValidationResult? IsValid(object? value, ValidationContext validationContext) => value switch
    {
        string text when text.Length > maximumLength => new($"Must be at most {maximumLength} characters."),
        string text when text.EnumerateRunes().Any(c => c.Value is not ('\n' or '\r' or '\t') && VisibleText.IsHidden(c)) =>
            new("Must not contain control or invisible characters."),
        _ => null,
    };
}

internal static class VisibleText
{
    private const int ZeroWidthNonJoiner = 0x200C;
    private const int ZeroWidthJoiner = 0x200D;

    /// <summary>
    /// Whether a character leaves no mark of its own: controls, the format category (zero width, bidirectional
    /// controls, tags, soft hyphen) and line separators. The joiners stay: Persian, Indic scripts and emoji need them.
    /// </summary>
    public static bool IsHidden(Rune c) =>
        Rune.GetUnicodeCategory(c) switch
        {
            UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => true,
            UnicodeCategory.Format => c.Value is not (ZeroWidthNonJoiner or ZeroWidthJoiner),
            _ => c == Rune.ReplacementChar,
        };
}
