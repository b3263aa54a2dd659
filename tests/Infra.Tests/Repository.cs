using System.Diagnostics;
using System.Reflection;

namespace VisionPlatform.Infra.Tests;

/// <summary>The files that the tests read, and programs that they start.</summary>
internal static class Repository
{
    public static string Root { get; } = Metadata("Root");

    /// <summary>The Bicep compiler, from its package. NuGet restores it without the right to run it.</summary>
    public static string Bicep { get; } = Runnable(Metadata("Bicep"));

    public static string Text(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>Folders of <c>trainers/</c> that are trainers, with the values of their trainer.conf.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Trainers { get; } = Directory.GetFiles(Path.Combine(Root, "trainers"), "trainer.conf", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetFileName(Path.GetDirectoryName(file))!, file => (IReadOnlyDictionary<string, string>)File.ReadLines(file)
            .Where(line => !line.StartsWith('#')).Select(line => line.Split('=', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1]));

    /// <summary>Whether a trainer has an image without GPU, of packages of Debian.</summary>
    public static bool RunsWithoutGpu(string trainer) => File.Exists(Path.Combine(Root, "trainers", trainer, "cpu.Dockerfile"));

    public static async Task<Ended> RunAsync(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder ?? Root };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return new Ended(process.ExitCode, await output, await error);
    }

    private static string Runnable(string program)
    {
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, File.GetUnixFileMode(program) | UnixFileMode.UserExecute);
        return program;
    }

    private static string Metadata(string key) =>
        typeof(Repository).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(metadata => metadata.Key == key).Value!;

    internal sealed record Ended(int Code, string Output, string Error)
    {
        public string All => Output + Error;
    }
}
