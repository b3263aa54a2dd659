namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// Finds secrets of an installation that can be guessed: short ones, ones with few different characters, and words from
/// examples, tutorials and default settings.
/// </summary>
public static class SecretRules
{
    /// <summary>Least number of characters. Secrets that sign tokens need more.</summary>
    public const int MinimumLength = 16;

    private const int MinimumDifferent = 8;

    // Compared without digits and signs and in lower case: "Change_Me-123" is "changeme".
    private static readonly string[] Examples =
    [
        "changeme", "changethis", "replaceme", "yoursecret", "yourjwtsecret", "yoursecretkey", "yourkey", "secretkey", "supersecret", "mysecret", "jwtsecret",
        "example", "placeholder", "password", "passwort", "letmein", "minioadmin", "admin", "default", "development", "insecure", "notsecure", "todo", "dummy",
        "forthismachineonly", "keepitsecret", "topsecret", "devsecret", "testsecret",
    ];

    /// <summary>Why the secret is refused, without repeating it; null for a good secret.</summary>
    public static string? Problem(string secret)
    {
        if (secret.Length < MinimumLength)
            return $"is shorter than {MinimumLength} characters";
        if (secret.Distinct().Count() < MinimumDifferent)
            return $"has fewer than {MinimumDifferent} different characters";
        return IsExample(secret) ? "is an example or a common word" : null;
    }

    /// <summary>Whether more than half of the letters belong to words of examples. A long random text may contain a short word by chance.</summary>
    public static bool IsExample(string secret)
    {
        var letters = string.Concat(secret.Where(char.IsAsciiLetter)).ToLowerInvariant();
        var rest = Examples.OrderByDescending(word => word.Length).Aggregate(letters, (text, word) => text.Replace(word, "", StringComparison.Ordinal));
        return letters.Length > 0 && rest.Length * 2 < letters.Length;
    }
}
