using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli.SettingsFiles;

/// <summary>docs/settings.md and local.settings.example.json, made from the settings the app declares.</summary>
internal static class SettingsFiles
{
    public const string DocumentPath = "docs/settings.md";
    public const string ExamplePath = "local.settings.example.json";

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const string Introduction =
        """
        # Settings

        <!-- Written by `./platform settings` from the code that reads them (src/Infrastructure/Settings). -->

        Environment variables. The app and `platform-cli` also read them from `Values` in `local.settings.json` (`cp local.settings.example.json local.settings.json`); the environment wins, then that file, then the key vault. `./platform up` writes those it uses to `.platform/env`: `set -a; . .platform/env`.

        The app reads and checks all of them when it starts. If some are wrong it lists every problem, never the value of a secret, and ends with exit code 2; `platform-cli settings check` does only that. Empty means not set.
        """;

    public static string Document()
    {
        var text = new StringBuilder(Introduction).Append('\n');
        foreach (var section in AppSettings.Declared().Concat(OtherPrograms.Settings).GroupBy(setting => setting.Section))
        {
            text.Append('\n').Append("## ").Append(section.Key).Append("\n\n| setting | type | default | secret | what |\n|---|---|---|---|---|\n");
            foreach (var setting in section.Where(setting => setting.Purpose.Length > 0))
                text.Append("| ").AppendJoin(" | ", Names(setting), setting.Type, Default(setting), setting.IsSecret ? "secret" : "", setting.Purpose).Append(" |\n");
        }
        return text.Append('\n').Append(
            """
            `host.json` holds what belongs to the host and not to an installation: route prefix, the durable hub's name and limits, timeouts, log levels. An environment variable `AzureFunctionsJobHost__…` overrides a value of it.
            """).Append('\n').ToString();
    }

    /// <summary>What a developer copies to local.settings.json; its secrets are refused by an app that is reached from elsewhere.</summary>
    public static string Example()
    {
        var values = new JsonObject();
        foreach (var setting in AppSettings.Declared().Where(setting => setting.Example is not null))
            values[setting.Name] = setting.Example;
        return new JsonObject { ["IsEncrypted"] = false, ["Values"] = values }.ToJsonString(Json) + "\n";
    }

    private static string Names(Setting setting) =>
        setting.Aliases.Count == 0 ? $"`{setting.Name}`" : $"`{setting.Name}` (or {string.Join(", ", setting.Aliases.Select(name => $"`{name}`"))})";

    private static string Default(Setting setting) => setting switch
    {
        { IsNeeded: true } => "**needed**",
        { Default: null } => "none",
        { Default: ['`', ..] } => setting.Default,
        _ => $"`{setting.Default}`",
    };
}
