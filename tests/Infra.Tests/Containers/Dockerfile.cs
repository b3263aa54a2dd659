using System.Text.Json;
using System.Text.RegularExpressions;

namespace VisionPlatform.Infra.Tests.Containers;

/// <summary>The instructions of a Dockerfile, without comments and with continued lines joined.</summary>
internal sealed partial record Dockerfile(string Path, IReadOnlyList<(string Name, string Text)> Instructions)
{
    public static Dockerfile Read(string path)
    {
        var joined = Continued().Replace(string.Join('\n', Repository.Text(path).Split('\n').Where(line => !line.TrimStart().StartsWith('#'))), " ");
        return new Dockerfile(path, [.. joined.Split('\n').Where(line => line.Trim().Length > 0).Select(line => line.Trim().Split(' ', 2)).Select(parts => (parts[0].ToUpperInvariant(), parts.Length > 1 ? parts[1].Trim() : ""))]);
    }

    public IEnumerable<string> Of(string name) => Instructions.Where(instruction => instruction.Name == name).Select(instruction => instruction.Text);

    /// <summary>The image that each stage begins with, with the default values of the arguments in its name, and the stage's own name.</summary>
    public IEnumerable<(string Image, string? Stage)> Stages
    {
        get
        {
            var arguments = Of("ARG").Select(argument => argument.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair.ElementAtOrDefault(1));
            return Of("FROM").Select(text => Regex.Match(text, @"^(?:--platform=\S+ )?(\S+)(?: AS (\S+))?$", RegexOptions.IgnoreCase))
                .Select(match => (Argument().Replace(match.Groups[1].Value, use => arguments[use.Groups[1].Value] ?? use.Groups[2].Value), match.Groups[2].Success ? match.Groups[2].Value : null));
        }
    }

    /// <summary>What is copied: the stage it comes from, null for the build context, and the paths.</summary>
    public IEnumerable<(string? Stage, string[] Sources, string Target)> Copies => Of("COPY").Select(text =>
    {
        var parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var paths = parts.Where(part => !part.StartsWith("--", StringComparison.Ordinal)).ToArray();
        return (parts.FirstOrDefault(part => part.StartsWith("--from=", StringComparison.Ordinal))?["--from=".Length..], paths[..^1], paths[^1]);
    });

    /// <summary>The arguments of an instruction in its exec form.</summary>
    public string[] Exec(string name) => JsonSerializer.Deserialize<string[]>(Of(name).Last()[Of(name).Last().IndexOf('[', StringComparison.Ordinal)..])!;

    [GeneratedRegex(@"\\\n\s*")]
    private static partial Regex Continued();

    [GeneratedRegex(@"\$\{?([A-Z_]+)(?::-([^}]*))?\}?")]
    private static partial Regex Argument();
}
