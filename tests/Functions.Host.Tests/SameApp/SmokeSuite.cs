using System.Text.Json;
using VisionPlatform.Cli;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Platform.Tests.Training;

namespace VisionPlatform.Functions.Host.Tests.SameApp;

/// <summary><c>platform-cli smoke</c> on a running app with a trainer.</summary>
public abstract class SmokeSuite(TrainingLab lab) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("smoke-").FullName;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_app_that_works_passes_every_check_and_keeps_nothing_of_them()
    {
        var before = (await lab.Admin.GetAsync("projects?limit=200")).Expect(200).Items.Count;

        var (code, output, error) = await SmokeAsync(ApiClient.Password, "--json");

        Assert.True(code == ExitCode.Success, output + error);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal(
            ["health", "docs", "closed", "streaming", "sign-in", "project", "upload", "publish", "training", "clean-up"],
            report.GetProperty("checks").EnumerateArray().Where(check => check.GetProperty("status").GetString() == "passed").Select(check => check.GetProperty("name").GetString()));
        Assert.Contains("events arrive when they happen", output);
        Assert.Equal(before, (await lab.Admin.GetAsync("projects?limit=200")).Expect(200).Items.Count);
    }

    [Fact]
    public async Task A_check_that_fails_skips_those_that_need_it_and_the_command_fails()
    {
        var (code, output, _) = await SmokeAsync("not the password", "--training-minutes", "0");

        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("failed  sign-in", output);
        Assert.Contains("skipped upload", output);
        Assert.EndsWith("4 passed, 1 failed, 4 skipped", output.TrimEnd(), StringComparison.Ordinal);
    }

    private async Task<(int Code, string Output, string Error)> SmokeAsync(string password, params string[] options)
    {
        var file = Path.Combine(_folder, "account.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { email = PlatformHost.AdminEmail, password }));
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(["smoke", lab.App.Address.ToString(), "--credentials", file, .. options], output, error, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
