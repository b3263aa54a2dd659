using System.Diagnostics;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Hosts;

/// <summary><c>./platform</c> as people call it.</summary>
internal static class EntryScript
{
    public static Task<Ended> RunAsync(params string[] arguments) => RunAsync(new Dictionary<string, string?>(), arguments);

    /// <param name="environment">Added to the environment of the tests; null removes.</param>
    public static Task<Ended> RunAsync(IReadOnlyDictionary<string, string?> environment, params string[] arguments) =>
        RunAsync(environment, new ProcessStartInfo(Path.Combine(Repository.Root, "platform"), arguments));

    /// <summary>Runs lines of a shell in the root of the repository until one fails.</summary>
    /// <param name="environment">Added to the environment of the tests; null removes.</param>
    public static Task<Ended> RunTextAsync(IReadOnlyDictionary<string, string?> environment, string commands) =>
        RunAsync(environment, new ProcessStartInfo("bash", ["-euc", commands]) { WorkingDirectory = Repository.Root });

    private static async Task<Ended> RunAsync(IReadOnlyDictionary<string, string?> environment, ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Ended(process.ExitCode, await output, await error);
    }

    internal sealed record Ended(int Code, string Output, string Error)
    {
        public Ended Expect(int code)
        {
            Assert.True(Code == code, $"It ended with {Code}:\n{Output}\n{Error}");
            return this;
        }
    }
}
