using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Mail;
using System.Text;

namespace VisionPlatform.Domain.Accounts;

/// <summary>One spelling for each e-mail address, so that an address names at most one account.</summary>
public static class EmailAddress
{
    /// <summary>Longest address accepted, in characters (RFC 5321 4.5.3.1.3 less the angle brackets).</summary>
    public const int MaximumLength = 254;

    /// <summary>
    /// The normal form: trimmed, lower case. False when the text is no plain <c>local@domain</c> address.
    /// </summary>
    public static bool TryNormalise(string? text, [NotNullWhen(true)] out string? normalised)
    {
        normalised = null;
        if (text is null || text.Length > MaximumLength * 2)
            return false;
        var candidate = text.Trim().ToLower(CultureInfo.InvariantCulture);
        // A display name ("Ann <ann@x.org>") parses too, but is not an address.
        if (candidate.Length > MaximumLength
            || candidate.EnumerateRunes().Any(IsNoPartOfAnAddress)
            || !MailAddress.TryCreate(candidate, out var parsed)
            || !string.Equals(parsed.Address, candidate, StringComparison.Ordinal))
            return false;
        normalised = candidate;
        return true;
    }

    // Two addresses must not look the same: the format category is what nobody sees (zero width, changes of direction), and a letter
    // with an accent is one character, not a letter and one of the combining marks.
    private static bool IsNoPartOfAnAddress(Rune c) =>
        c.Value is >= 0x0300 and <= 0x036F || Rune.IsControl(c) || Rune.IsWhiteSpace(c) || c == Rune.ReplacementChar || Rune.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.PrivateUse;
}
