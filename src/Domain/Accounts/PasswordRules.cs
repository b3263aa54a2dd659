namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// What a new password must be. Length counts, not composition (NIST SP 800-63B 3.1.1.2): pass phrases are welcome,
/// common words and sequences and the account's own name are refused.
/// </summary>
public static class PasswordRules
{
    /// <summary>Characters (Unicode code points) a new password needs at least.</summary>
    public const int MinimumLength = 12;

    /// <summary>Characters a password may have at most; bounds the cost of hashing what a stranger sends.</summary>
    public const int MaximumLength = 256;

    // Twelve characters or more, so shorter entries of the usual lists need no check.
    private static readonly string[] CommonStems =
    [
        "password", "passw0rd", "qwertyuiop", "qwerty", "letmein", "welcome", "iloveyou", "administrator", "admin",
        "changeme", "default", "1234567890", "123456789", "12345678", "123456", "abcdefgh", "abc123", "visionplatform",
    ];

    /// <summary>Why the password is refused, one sentence each; empty when it is good.</summary>
    /// <param name="password">The proposed password.</param>
    /// <param name="email">The account's normalised e-mail, which the password must not repeat.</param>
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

    // Removes common words and trailing digits or signs; "Password12345!" leaves nothing of its own.
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
