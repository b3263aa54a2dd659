using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.EnvironmentVariables;
using Microsoft.Extensions.Configuration.Memory;

namespace VisionPlatform.Functions.Embedded;

/// <summary>Adds host.json and local.settings.json to the configuration, as the official host and its tools do.</summary>
internal static class HostFiles
{
    private static readonly JsonDocumentOptions s_lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    /// <summary>
    /// Adds host.json below all other sources (under <c>AzureFunctionsJobHost</c>, its log levels also under <c>Logging</c>) and the <c>Values</c> of
    /// local.settings.json just below the environment. Looks for each file in <paramref name="contentRoot"/>, then beside the app.
    /// </summary>
    /// <exception cref="InvalidOperationException">A file is not valid JSON; the message names file, line and column.</exception>
    public static void AddTo(ConfigurationManager configuration, string contentRoot)
    {
        var settings = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
        {
            ["Logging:LogLevel:Microsoft.AspNetCore"] = "Warning",
        };
        if (Read("host.json", contentRoot) is { } host)
        {
            Flatten(host, HostSettings.Section, settings);
            string levels = HostSettings.Section + ":logging:logLevel:";
            foreach ((string key, string? level) in settings.Where(s => s.Key.StartsWith(levels, StringComparison.OrdinalIgnoreCase)).ToList())
                settings["Logging:LogLevel:" + key[levels.Length..]] = level;
        }

        var local = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        if (Read("local.settings.json", contentRoot) is { } file)
            AddLocal(file, local);

        IList<IConfigurationSource> sources = configuration.Sources;
        sources.Insert(0, new MemoryConfigurationSource { InitialData = settings });
        int environment = sources.IndexOf(sources.Last(s => s is EnvironmentVariablesConfigurationSource { Prefix: null or "" }));
        sources.Insert(environment, new EnvironmentVariablesConfigurationSource { Prefix = "AZURE_FUNCTIONS_" });
        sources.Insert(environment, new MemoryConfigurationSource { InitialData = local });
    }

    private static void AddLocal(JsonElement file, Dictionary<string, string?> local)
    {
        foreach (JsonProperty section in file.EnumerateObject())
        {
            if (section.Value.ValueKind != JsonValueKind.Object)
                continue;
            string? prefix = section.Name.ToUpperInvariant() switch
            {
                "VALUES" => string.Empty,
                "CONNECTIONSTRINGS" => "ConnectionStrings:",
                "HOST" => "Host:",
                _ => null,
            };
            if (prefix is null)
                continue;
            foreach (JsonProperty value in section.Value.EnumerateObject())
                local[prefix + value.Name.Replace("__", ":", StringComparison.Ordinal)] = Text(value.Value);
        }
    }

    private static JsonElement? Read(string name, string contentRoot)
    {
        string? path = new[] { contentRoot, AppContext.BaseDirectory }.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null)
            return null;
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path), s_lenient);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new InvalidOperationException($"{name} ({path}) must hold a JSON object.");
        }
        catch (JsonException e)
        {
            throw new InvalidOperationException(
                $"{name} ({path}) is not valid JSON at line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {e.Message.Split(". LineNumber")[0]}.", e);
        }
    }

    private static void Flatten(JsonElement element, string path, Dictionary<string, string?> into)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (JsonProperty property in element.EnumerateObject())
                    Flatten(property.Value, $"{path}:{property.Name}", into);
                break;
            case JsonValueKind.Array:
                int index = 0;
                foreach (JsonElement item in element.EnumerateArray())
                    Flatten(item, $"{path}:{index++}", into);
                break;
            default:
                into[path] = Text(element);
                break;
        }
    }

    private static string? Text(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Null => null,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => element.GetRawText(),
    };
}
