namespace VisionPlatform.Infrastructure.Settings;

/// <summary>One setting as its concern declares it by reading it; what docs/settings.md and local.settings.example.json are made of.</summary>
/// <param name="Section">The heading it belongs under.</param>
/// <param name="Name">As in the environment.</param>
/// <param name="Type">In words: <c>text</c>, <c>whole number</c>, <c>URL</c>, …</param>
/// <param name="Default">What holds without it; null when nothing does.</param>
/// <param name="Purpose">What it is for, in one line.</param>
public sealed record Setting(string Section, string Name, string Type, string? Default, string Purpose)
{
    /// <summary>The app does not start without it.</summary>
    public bool IsNeeded { get; init; }

    /// <summary>Its value is never shown, and may come from the key vault.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Other names it is read by when its own is not set, in this order.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Its value in local.settings.example.json; null when it is not in there.</summary>
    public string? Example { get; init; }
}

/// <summary>Everything that is wrong with the settings, one line each; values of secrets are not in it.</summary>
public sealed class SettingsException(IReadOnlyList<string> problems, Exception? inner = null)
    : InvalidOperationException(Text(problems), inner)
{
    public IReadOnlyList<string> Problems { get; } = problems;

    private static string Text(IReadOnlyList<string> problems) =>
        problems is [var only] ? only : $"{problems.Count} settings are wrong:\n  {string.Join("\n  ", problems)}";
}
