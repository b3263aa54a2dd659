using System.Text.Json;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Secrets;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli;

/// <summary>Settings of the commands: the environment, then local.settings.json of the current folder, then the key vault. Empty counts as absent.</summary>
internal static class Settings
{
    private const string LocalFile = "local.settings.json";

    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <exception cref="CommandException">local.settings.json cannot be read, or the key vault does not answer.</exception>
    public static async Task<IConfiguration> ReadAsync(CancellationToken cancellation)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(LocalValues()).AddEnvironmentVariables();
        try
        {
            await VaultSecrets.AddToAsync(configuration, configuration, AppSettings.Declared, cancellation);
        }
        catch (SettingsException wrong)
        {
            throw new CommandException(wrong.Message, wrong.InnerException is null ? ExitCode.Usage : ExitCode.Unavailable, wrong);
        }
        return configuration;
    }

    public static string? Optional(string name) =>
        Environment.GetEnvironmentVariable(name) is { } value && !string.IsNullOrWhiteSpace(value) ? value : null;

    private static List<KeyValuePair<string, string?>> LocalValues()
    {
        if (!File.Exists(LocalFile))
            return [];
        try
        {
            using var file = JsonDocument.Parse(File.ReadAllText(LocalFile), Lenient);
            return file.RootElement.TryGetProperty("Values", out var values)
                ? [.. values.EnumerateObject().Select(value => KeyValuePair.Create(value.Name.Replace("__", ":", StringComparison.Ordinal), (string?)value.Value.ToString()))]
                : [];
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw CommandException.Usage($"{Path.GetFullPath(LocalFile)} cannot be read: {e.Message}");
        }
    }
}
