using System.Diagnostics;
using System.Text;

namespace VisionPlatform.Cli.Tests;

/// <summary>The program itself, as people and scripts call it, with settings of its own.</summary>
internal sealed class CliProgram : IDisposable
{
    /// <summary>The program in its own output folder: the one of the tests lacks assemblies that only a program needs.</summary>
    private static readonly string Program = Path.Combine(
        AppContext.BaseDirectory.Replace(Path.Combine("tests", typeof(CliProgram).Assembly.GetName().Name!), Path.Combine("src", "Cli"), StringComparison.Ordinal), "platform-cli.dll");

    /// <summary>The environment of every call, added to that of the tests. Null removes.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    /// <summary>The current folder of every call.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("cli-").FullName;

    public CliProgram() => Environment["OPERATIONS_DIR"] = Path.Combine(Folder, "operations");

    public Task<CliRun> RunAsync(params string[] arguments) => EndOfAsync(Start("dotnet", [Program, .. arguments]));

    /// <summary>Runs commands of a page: <c>platform-cli</c> in them is this program.</summary>
    public Task<CliRun> ShellAsync(string script) => EndOfAsync(Start("bash", ["-euo", "pipefail", "-c", $"platform-cli() {{ dotnet '{Program}' \"$@\"; }}\n{script}"]));

    /// <summary>Starts the program and kills it at once when it writes a line with this text to standard error. Returns what it had written.</summary>
    public async Task<string> KillAtAsync(string text, params string[] arguments)
    {
        using var process = Start("dotnet", [Program, .. arguments]);
        var written = new StringBuilder();
        while (await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            written.AppendLine(line);
            if (line.Contains(text, StringComparison.Ordinal))
                break;
        }
        process.Kill();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return written.ToString();
    }

    /// <summary>Starts the program and kills it, as <c>kill -9</c> does, after some time. Returns its exit code if it had ended by then, null if it was killed.</summary>
    /// <param name="error">What it wrote to standard error until then.</param>
    public async Task<int?> KillAfterAsync(TimeSpan time, StringBuilder error, params string[] arguments)
    {
        using var process = Start("dotnet", [Program, .. arguments]);
        process.ErrorDataReceived += (_, line) => error.AppendLine(line.Data);
        process.BeginErrorReadLine();
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(time);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            await output;
            return process.ExitCode;
        }
        catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return null;
        }
    }

    /// <summary>Starts the program and follows the most memory that it ever had, in bytes, until it ends.</summary>
    public async Task<(CliRun Run, long PeakBytes)> MeasureAsync(params string[] arguments)
    {
        using var process = Start("dotnet", [Program, .. arguments]);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var (peak, ended) = (0L, process.WaitForExitAsync(TestContext.Current.CancellationToken));
        while (await Task.WhenAny(ended, Task.Delay(100, TestContext.Current.CancellationToken)) != ended)
        {
            process.Refresh();
            if (!process.HasExited)
                peak = Math.Max(peak, process.PeakWorkingSet64);
        }
        return (new CliRun(process.ExitCode, await output, await error), peak);
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private Process Start(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        foreach (var (name, value) in Environment)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static async Task<CliRun> EndOfAsync(Process process)
    {
        using (process)
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            return new CliRun(process.ExitCode, await output, await error);
        }
    }
}

internal sealed record CliRun(int ExitCode, string Output, string Error)
{
    public string All => Output + Error;
}
