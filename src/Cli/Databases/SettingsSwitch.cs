using System.Text.Json;

namespace VisionPlatform.Cli.Databases;

/// <summary>
/// One value of a settings file (lines of <c>NAME=VALUE</c>) that is exchanged and can be put back. The previous values are kept in a file beside it,
/// readable by its owner only, as they hold passwords.
/// </summary>
internal sealed class SettingsSwitch(string path)
{
    /// <summary>What was exchanged, the last exchange at the end.</summary>
    private sealed record Entry(string Name, string? Previous, DateTimeOffset At);

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private string SwitchPath => path + ".switch";

    /// <summary>The value of a setting in the file; null when it is not there.</summary>
    public string? Find(string name) => Lines().Where(line => NameOf(line) == name).Select(line => line[(line.IndexOf('=') + 1)..]).LastOrDefault();

    /// <summary>Writes a new value and remembers the one before.</summary>
    public void Set(string name, string value, DateTimeOffset now)
    {
        if (value.Contains('\n', StringComparison.Ordinal))
            throw CommandException.Usage("a value of a settings file has one line.");
        // First the way back, then the change.
        Write(SwitchPath, JsonSerializer.Serialize(Entries().Append(new Entry(name, Find(name), now))));
        Replace(name, value);
    }

    /// <summary>Puts back what the last <see cref="Set"/> of a setting replaced.</summary>
    /// <returns>Whether there was something to put back.</returns>
    public bool Undo(string name)
    {
        var entries = Entries();
        if (entries.FindLastIndex(entry => entry.Name == name) is not (>= 0 and var last))
            return false;
        Replace(name, entries[last].Previous);
        entries.RemoveAt(last);
        if (entries.Count == 0)
            File.Delete(SwitchPath);
        else
            Write(SwitchPath, JsonSerializer.Serialize(entries));
        return true;
    }

    private void Replace(string name, string? value)
    {
        var (lines, written) = (new List<string>(), false);
        foreach (var line in Lines())
        {
            if (NameOf(line) != name)
                lines.Add(line);
            else if (value is not null && !written)
                written = Add(lines, name, value);
        }
        if (value is not null && !written)
            Add(lines, name, value);
        Write(path, string.Join('\n', lines) + "\n");
    }

    private static bool Add(List<string> lines, string name, string value)
    {
        lines.Add($"{name}={value}");
        return true;
    }

    private string[] Lines()
    {
        if (!File.Exists(path))
            throw CommandException.Usage($"the settings file {path} does not exist.");
        return File.ReadAllText(path).TrimEnd('\n').Split('\n');
    }

    private static string? NameOf(string line) =>
        line.IndexOf('=') is > 0 and var end && !line.TrimStart().StartsWith('#') ? line[..end].Replace("export ", "", StringComparison.Ordinal).Trim() : null;

    private List<Entry> Entries() => File.Exists(SwitchPath) ? JsonSerializer.Deserialize<List<Entry>>(File.ReadAllText(SwitchPath)) ?? [] : [];

    /// <summary>A crash leaves the old file or the new one, never half of one.</summary>
    private static void Write(string path, string text)
    {
        var mode = File.Exists(path) && !OperatingSystem.IsWindows() ? File.GetUnixFileMode(path) : OwnerOnly;
        var temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(text));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }
}
