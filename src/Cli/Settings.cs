namespace VisionPlatform.Cli;

/// <summary>Settings of the commands: environment variables, empty counts as absent.</summary>
internal static class Settings
{
    public static string? Optional(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;

    public static string Required(string name) =>
        Optional(name) ?? throw CommandException.Usage($"{name} is not set. Set it in the environment (docs/settings.md).");
}
