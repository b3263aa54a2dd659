namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// Whether a secret of an installation is one that anybody could guess: short, of few different characters, or a word that stands in
/// examples, tutorials and default settings.
/// </summary>
public static class SecretRules
{
    /// <summary>Characters a secret needs at least; those that sign tokens need more.</summary>
    public const int MinimumLength = 16;

    private const int MinimumDifferent = 8;

    // Without digits and signs, in lower case: "Change_Me-123" is "changeme".
    private static readonly string[] Examples =
    [
        "changeme", "changethis", "replaceme", "yoursecret", "yourjwtsecret", "yoursecretkey", "yourkey", "secretkey", "supersecret", "mysecret", "jwtsecret",
        "example", "placeholder", "password", "passwort", "letmein", "minioadmin", "admin", "default", "development", "insecure", "notsecure", "todo", "dummy",
        "forthismachineonly", "keepitsecret", "topsecret", "devsecret", "testsecret",
    ];

    /// <summary>Why the secret will not do, in words that do not repeat it; null when it will.</summary>
    public static string? Problem(string secret)
    {
        if (secret.Length < MinimumLength)
            return $"is shorter than {MinimumLength} characters";
        if (secret.Distinct().Count() < MinimumDifferent)
            return $"has fewer than {MinimumDifferent} different characters";
        return IsExample(secret) ? "is an example or a common word" : null;
    }

    /// <summary>Whether it is mostly made of the words of examples. A long random text may hold a short one by chance.</summary>
    public static bool IsExample(string secret)
    {
        var letters = string.Concat(secret.Where(char.IsAsciiLetter)).ToLowerInvariant();
        var rest = Examples.OrderByDescending(word => word.Length).Aggregate(letters, (text, word) => text.Replace(word, "", StringComparison.Ordinal));
        return letters.Length > 0 && rest.Length * 2 < letters.Length;
    }
}
