using System.Globalization;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Infrastructure.Settings;

/// <summary>
/// Reads settings and records each one: reading a setting declares it, so the documentation cannot differ from the code. For a wrong value it
/// records a problem and returns a harmless value, so that all problems are found at once. <see cref="Read{T}"/> throws them together. An empty value
/// counts as not set.
/// </summary>
public sealed class SettingsReader(IConfiguration configuration)
{
    private const string PlainText = "text";

    private readonly Dictionary<string, Setting> _declared = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];
    private string _section = "";

    /// <summary>Every setting that was read, in order.</summary>
    public IReadOnlyCollection<Setting> Declared => _declared.Values;

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Reads settings and throws if there are problems.</summary>
    /// <exception cref="SettingsException">Names every problem.</exception>
    public static T Read<T>(IConfiguration configuration, Func<SettingsReader, T> read)
    {
        var reader = new SettingsReader(configuration);
        var settings = read(reader);
        return reader.Problems.Count == 0 ? settings : throw new SettingsException(reader.Problems);
    }

    /// <summary>Reads a section. Its settings are documented under this heading.</summary>
    public T Section<T>(string title, Func<SettingsReader, T> read)
    {
        _section = title;
        return read(this);
    }

    /// <summary>Records a problem, once: a setting may be read for two sections. Never put the value of a secret into it.</summary>
    public void Problem(string text)
    {
        if (!_problems.Contains(text))
            _problems.Add(text);
    }

    /// <summary>A text; null when it is not set.</summary>
    public string? Text(string name, string purpose, string? fallback = null, bool secret = false, string? example = null, string type = PlainText, params string[] aliases) =>
        Value(new Setting(_section, name, type, fallback, purpose) { IsSecret = secret, Example = example, Aliases = aliases }) ?? fallback;

    /// <summary>A required text. If it is not set, records a problem and returns an empty text.</summary>
    public string Needed(string name, string purpose, bool secret = false, string? example = null, string type = PlainText, params string[] aliases)
    {
        var value = Value(new Setting(_section, name, type, null, purpose) { IsNeeded = true, IsSecret = secret, Example = example, Aliases = aliases });
        if (value is null)
            Problem($"{name} is not set: {purpose}");
        return value ?? "";
    }

    /// <summary>A text that defaults to the value of another setting.</summary>
    public string? Inherited(string name, string from, string? inherited, string purpose, bool secret = false, string type = PlainText, params string[] aliases) =>
        Value(new Setting(_section, name, type, $"`{from}`", purpose) { IsSecret = secret, Aliases = aliases }) ?? inherited;

    /// <summary>An absolute http or https address.</summary>
    public Uri? Url(string name, string purpose, string? fallback = null, bool needed = false, string? example = null, params string[] aliases)
    {
        var value = needed ? Needed(name, purpose, example: example, type: "URL", aliases: aliases) : Text(name, purpose, fallback, example: example, type: "URL", aliases: aliases);
        return value is { Length: > 0 } ? AbsoluteUrl(name, value) : null;
    }

    /// <summary>Reads text as an absolute http or https address; records a problem and returns null if it is not.</summary>
    public Uri? AbsoluteUrl(string name, string value)
    {
        if (Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            return url;
        Problem($"{name} must be an http or https URL, not '{value}'.");
        return null;
    }

    /// <summary>A whole number within bounds.</summary>
    public int Whole(string name, int fallback, string purpose, int minimum = 1, int maximum = int.MaxValue, string? example = null) =>
        (int)Number(new Setting(_section, name, "whole number", fallback.ToString(CultureInfo.InvariantCulture), purpose) { Example = example }, fallback, minimum, maximum, whole: true);

    /// <summary>A number that is at least <paramref name="minimum"/>; above 0 when none is given.</summary>
    public double Number(string name, double fallback, string purpose, double minimum = double.Epsilon, double maximum = double.MaxValue, string? example = null) =>
        Number(new Setting(_section, name, "number", fallback.ToString(CultureInfo.InvariantCulture), purpose) { Example = example }, fallback, minimum, maximum, whole: false);

    /// <summary><c>true</c> or <c>false</c>.</summary>
    public bool Flag(string name, bool fallback, string purpose)
    {
        var value = Value(new Setting(_section, name, "true or false", fallback ? "true" : "false", purpose));
        if (value is null)
            return fallback;
        if (bool.TryParse(value, out var flag))
            return flag;
        Problem($"{name} must be true or false, not '{value}'.");
        return fallback;
    }

    /// <summary>One of the names of an enum, ignoring case.</summary>
    public T Choice<T>(string name, T fallback, string purpose)
        where T : struct, Enum
    {
        var words = Enum.GetNames<T>().Select(word => word.ToLowerInvariant()).ToList();
        var value = Value(new Setting(_section, name, string.Join(" or ", words), fallback.ToString().ToLowerInvariant(), purpose));
        if (value is null)
            return fallback;
        if (words.Contains(value.ToLowerInvariant()))
            return Enum.Parse<T>(value, ignoreCase: true);
        Problem($"{name} must be {string.Join(" or ", words)}, not '{value}'.");
        return fallback;
    }

    /// <summary>Texts separated by commas.</summary>
    public IReadOnlyList<string> List(string name, string purpose, string? example = null) =>
        Text(name, purpose, example: example, type: "list")?.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>Settings whose names match a pattern, such as <c>TRAINER_&lt;FRAMEWORK&gt;_URL</c>. Returns the values by the text in place of the placeholder.</summary>
    /// <param name="pattern">Name with a placeholder in angle brackets.</param>
    public IReadOnlyDictionary<string, string> Family(string pattern, string purpose, string type = PlainText, string? exampleName = null, string? example = null, bool secret = false)
    {
        string before = pattern[..pattern.IndexOf('<', StringComparison.Ordinal)], after = pattern[(pattern.IndexOf('>', StringComparison.Ordinal) + 1)..];
        Declare(new Setting(_section, pattern, type, null, purpose) { IsSecret = secret });
        if (exampleName is not null)
            Declare(new Setting(_section, before + exampleName + after, type, null, "") { Example = example });
        return configuration.AsEnumerable()
            .Where(pair => pair.Key.Length > before.Length + after.Length && !string.IsNullOrWhiteSpace(pair.Value)
                && pair.Key.StartsWith(before, StringComparison.OrdinalIgnoreCase) && pair.Key.EndsWith(after, StringComparison.OrdinalIgnoreCase))
            .ToDictionary(pair => pair.Key[before.Length..^after.Length], pair => pair.Value!.Trim(), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>
    /// Records a problem for every secret that is easy to guess: the one of the example file, a short one, or a common word. Does nothing if the
    /// installation can be reached only from this machine.
    /// </summary>
    /// <param name="isLocal">Whether the installation can be reached only from this machine.</param>
    /// <param name="issuedElsewhere">Names of secrets that other systems issue. Of these, only example values and common words are refused.</param>
    public void RefuseWeakSecrets(bool isLocal, params string[] issuedElsewhere)
    {
        if (isLocal)
            return;
        foreach (var setting in _declared.Values.Where(setting => setting is { IsSecret: true, Type: PlainText }))
        {
            if (Find(setting) is not { } secret)
                continue;
            var weakness = !issuedElsewhere.Contains(setting.Name) ? SecretRules.Problem(secret) : SecretRules.IsExample(secret) ? "is an example or a common word" : null;
            if (secret == setting.Example)
                Problem($"{setting.Name} is still the one of local.settings.example.json, which everybody knows.");
            else if (weakness is not null)
                Problem($"{setting.Name} {weakness}. A good one comes from: openssl rand -base64 48");
        }
    }

    private double Number(Setting setting, double fallback, double minimum, double maximum, bool whole)
    {
        var value = Value(setting);
        if (value is null)
            return fallback;
        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && number >= minimum && number <= maximum && (!whole || number == Math.Truncate(number)))
            return number;
        var from = minimum == double.Epsilon ? "above 0" : string.Create(CultureInfo.InvariantCulture, $"of at least {minimum}");
        var to = maximum is double.MaxValue or int.MaxValue ? "" : string.Create(CultureInfo.InvariantCulture, $" and at most {maximum}");
        Problem($"{setting.Name} must be a {setting.Type} {from}{to}, not '{value}'.");
        return fallback;
    }

    private string? Value(Setting setting)
    {
        Declare(setting);
        return Find(setting);
    }

    /// <summary>Azure passes a reference on as it stands when the vault does not give the secret.</summary>
    private string? Find(Setting setting)
    {
        var value = Given(setting);
        if (value?.StartsWith("@Microsoft.KeyVault(", StringComparison.Ordinal) != true)
            return value;
        Problem($"{setting.Name} is a reference to a key vault that was not resolved: put the secret into the vault, or give the app's identity the role Key Vault Secrets User");
        return null;
    }

    private string? Given(Setting setting) => new[] { setting.Name }.Concat(setting.Aliases)
        .Select(name => configuration[name.Replace("__", ":", StringComparison.Ordinal)]?.Trim()).FirstOrDefault(value => !string.IsNullOrEmpty(value));

    // A setting that is read twice is documented in the section that reads it first.
    private void Declare(Setting setting) => _declared.TryAdd(setting.Name, setting);
}
