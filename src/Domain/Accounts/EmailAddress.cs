using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net.Mail;
using System.Text;

namespace VisionPlatform.Domain.Accounts;

/// <summary>Normalises e-mail addresses, so that an address has at most one account.</summary>
public static class EmailAddress
{
    /// <summary>Longest address accepted, in characters (RFC 5321 4.5.3.1.3 less the angle brackets).</summary>
    public const int MaximumLength = 254;

    /// <summary>
    /// Trims the address and converts it to lower case. False when the text is not a plain <c>local@domain</c> address.
    /// </summary>
    public static bool TryNormalise(string? text, [NotNullWhen(true)] out string? normalised)
    {
        normalised = null;
        if (text is null || text.Length > MaximumLength * 2)
            return false;
        var candidate = text.Trim().ToLower(CultureInfo.InvariantCulture);
        // The parser also accepts a display name ("Ann <ann@x.org>").
        if (candidate.Length > MaximumLength
            || candidate.EnumerateRunes().Any(IsNoPartOfAnAddress)
            || !MailAddress.TryCreate(candidate, out var parsed)
            || !string.Equals(parsed.Address, candidate, StringComparison.Ordinal))
            return false;
        normalised = candidate;
        return true;
    }

    // Two addresses must not look the same. Characters of the format category are invisible (zero width, changes of direction). A letter
    // with an accent must be one character, not a letter and a combining mark.
    private static bool IsNoPartOfAnAddress(Rune c) =>
        c.Value is >= 0x0300 and <= 0x036F || Rune.IsControl(c) || Rune.IsWhiteSpace(c) || c == Rune.ReplacementChar || Rune.GetUnicodeCategory(c) is UnicodeCategory.Format or UnicodeCategory.PrivateUse;
}
