namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// Rules for new passwords. Length counts, not composition (NIST SP 800-63B 3.1.1.2): passphrases are accepted,
/// common words, sequences and the name of the account are refused.
/// </summary>
public static class PasswordRules
{
    /// <summary>Least number of characters (Unicode code points).</summary>
    public const int MinimumLength = 12;

    /// <summary>Largest number of characters. It limits the cost of hashing.</summary>
    public const int MaximumLength = 256;

    // Passwords have at least 12 characters, so the usual lists of common passwords reduce to these stems.
    private static readonly string[] CommonStems =
    [
        "password", "passw0rd", "qwertyuiop", "qwerty", "letmein", "welcome", "iloveyou", "administrator", "admin",
        "changeme", "default", "1234567890", "123456789", "12345678", "123456", "abcdefgh", "abc123", "visionplatform",
    ];

    /// <summary>The reasons to refuse a password, one sentence each; empty for a good password.</summary>
    /// <param name="password">The proposed password.</param>
    /// <param name="email">The account's normalised e-mail address, which the password must not contain.</param>
    public static IReadOnlyList<string> Check(string password, string email)
    {
        var length = password.EnumerateRunes().Count();
        if (length < MinimumLength)
            return [$"Use at least {MinimumLength} characters."];
        if (length > MaximumLength)
            return [$"Use at most {MaximumLength} characters."];

        var problems = new List<string>();
        if (password.EnumerateRunes().Distinct().Count() < 5)
            problems.Add("Use at least five different characters.");
        if (LeftOverAfterCommonWords(password) < 4)
            problems.Add("This password is easy to guess: it is mostly a common word or sequence.");
        var account = email.Split('@')[0];
        if (account.Length >= 4 && password.Contains(account, StringComparison.OrdinalIgnoreCase))
            problems.Add("The password must not contain the e-mail address.");
        return problems;
    }

    // Letters that remain without common words; "Password12345!" has none.
    private static int LeftOverAfterCommonWords(string password)
    {
        var rest = password.ToLowerInvariant();
        var found = false;
        foreach (var stem in CommonStems)
        {
            var shorter = rest.Replace(stem, "", StringComparison.Ordinal);
            found |= shorter.Length != rest.Length;
            rest = shorter;
        }
        return found ? rest.Count(char.IsLetter) : int.MaxValue;
    }
}
