using System.CommandLine;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Cli.SettingsFiles;

/// <summary><c>settings check</c> and <c>settings write</c>.</summary>
internal static class SettingsCommands
{
    public static Command Build()
    {
        var check = new Command("check", "Says everything that is wrong with the settings; exit code 2 when something is.");
        check.SetAction(async (parsed, cancel) =>
        {
            // The one failure that takes more than a line: all problems at once is what it is for.
            var reader = new SettingsReader(await Settings.ReadAsync(cancel));
            AppSettings.From(reader);
            foreach (var problem in reader.Problems)
                parsed.InvocationConfiguration.Error.WriteLine(problem);
            if (reader.Problems.Count > 0)
                return ExitCode.Usage;
            parsed.InvocationConfiguration.Output.WriteLine($"{reader.Declared.Count} settings, nothing wrong");
            return ExitCode.Success;
        });

        var root = new Option<DirectoryInfo>("--root") { Description = "The folder of the repository.", DefaultValueFactory = _ => new DirectoryInfo(".") };
        var write = new Command("write", $"Writes {SettingsFiles.DocumentPath} and {SettingsFiles.ExamplePath} anew.") { root };
        write.SetAction(async (parsed, cancel) =>
        {
            foreach (var (path, text) in new[] { (SettingsFiles.DocumentPath, SettingsFiles.Document()), (SettingsFiles.ExamplePath, SettingsFiles.Example()) })
            {
                await File.WriteAllTextAsync(Path.Combine(parsed.GetValue(root)!.FullName, path), text, cancel);
                await parsed.InvocationConfiguration.Output.WriteLineAsync($"written: {path}");
            }
            return ExitCode.Success;
        });
        return new Command("settings", "Checks the settings, and writes the files that list them.") { check, write };
    }
}
