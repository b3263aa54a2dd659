using System.Diagnostics;
using VisionPlatform.Functions.Host.Tests.Hosts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Publishing;

/// <summary><c>./platform publish cli</c>: a folder that runs where there is no dotnet.</summary>
public sealed class PublishedCliTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("publish-cli-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task The_published_command_line_runs_without_dotnet()
    {
        var output = Path.Combine(_folder.FullName, "cli");
        var settings = new Dictionary<string, string?> { ["PLATFORM_DIR"] = Path.Combine(_folder.FullName, "data") };
        Assert.Equal(output, (await EntryScript.RunAsync(settings, "publish", "cli", "--output", output)).Expect(0).Output.Trim());
        Assert.Contains("platform-cli is published for", (await EntryScript.RunAsync(settings, "publish", "cli", "amiga")).Expect(2).Error);

        var help = await RunAsync(output, "--help");
        var status = await RunAsync(output, "database", "status", "--timeout", "1");

        Assert.Equal((0, true), (help.ExitCode, help.Output.Contains("Operates the vision platform", StringComparison.Ordinal)));
        // There is no server at that address; the program got as far as asking it.
        Assert.Equal((3, true), (status.ExitCode, status.Error.Contains("127.0.0.1:1", StringComparison.Ordinal)));
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(folder, "platform-cli"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        start.Environment.Clear();
        (start.Environment["PATH"], start.Environment["DOTNET_ROOT"]) = ("/nowhere", "/nowhere");
        start.Environment["DATABASE_URL"] = start.Environment["USER_DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/nothing";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
