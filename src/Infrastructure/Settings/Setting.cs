namespace VisionPlatform.Infrastructure.Settings;

/// <summary>One setting, declared by the code that reads it. docs/settings.md and local.settings.example.json are generated from these.</summary>
/// <param name="Section">Heading in docs/settings.md.</param>
/// <param name="Name">Name of the environment variable.</param>
/// <param name="Type">Type in words: <c>text</c>, <c>whole number</c>, <c>URL</c>, …</param>
/// <param name="Default">Value that is used when it is not set; null if there is none.</param>
/// <param name="Purpose">What it is for, in one line.</param>
public sealed record Setting(string Section, string Name, string Type, string? Default, string Purpose)
{
    /// <summary>The app does not start without it.</summary>
    public bool IsNeeded { get; init; }

    /// <summary>Its value is never shown. It may come from the key vault.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Other names, tried in this order when its own name is not set.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Its value in local.settings.example.json; null if it is not in that file.</summary>
    public string? Example { get; init; }
}

/// <summary>All problems of the settings, one line each, without the values of secrets.</summary>
public sealed class SettingsException(IReadOnlyList<string> problems, Exception? inner = null)
    : InvalidOperationException(Text(problems), inner)
{
    public IReadOnlyList<string> Problems { get; } = problems;

    private static string Text(IReadOnlyList<string> problems) =>
        problems is [var only] ? only : $"{problems.Count} settings are wrong:\n  {string.Join("\n  ", problems)}";
}
