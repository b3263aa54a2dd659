using System.Globalization;

namespace VisionPlatform.Domain.Accounts;

/// <summary>Initials on a color, which represent a person where there is no room for the name.</summary>
public static class Avatar
{
    /// <summary>The available colors as #rrggbb. White text on each has a contrast of at least 4.5 (WCAG 2.2 1.4.3).</summary>
    public static IReadOnlyList<string> Colors { get; } =
    [
        "#b91c1c", "#c2410c", "#a16207", "#4d7c0f", "#15803d", "#047857", "#0f766e",
        "#0e7490", "#0369a1", "#1d4ed8", "#6d28d9", "#a21caf", "#be185d",
    ];

    /// <summary>The chosen color, or one that the id determines.</summary>
    public static string ColorOf(Guid userId, string? chosen) => chosen ?? Colors[userId.ToByteArray()[15] % Colors.Count];

    /// <summary>One or two letters: the first letters of the first and the last word of the name, or the first letter of the e-mail address.</summary>
    public static string InitialsOf(string? fullName, string email)
    {
        var words = (fullName ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        var letters = words switch
        {
            [] => FirstOf(email),
            [var only] => FirstOf(only),
            [var first, .., var last] => FirstOf(first) + FirstOf(last),
        };
        return letters.ToUpper(CultureInfo.InvariantCulture);
    }

    // A letter with combining accents is one text element.
    private static string FirstOf(string word) => StringInfo.GetNextTextElement(word);
}
