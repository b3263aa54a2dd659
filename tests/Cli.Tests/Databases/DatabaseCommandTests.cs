using System.Diagnostics;
using System.Text.Json;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Tests;

namespace VisionPlatform.Cli.Tests.Databases;

/// <summary>The program itself, as a deployment calls it: its exit code decides whether the deployment goes on.</summary>
public sealed class DatabaseCommandTests(PostgresServer postgres)
{
    /// <summary>The program in its own output folder: the one of the tests lacks assemblies that only a program needs.</summary>
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory.Replace(Path.Combine("tests", "Cli.Tests"), Path.Combine("src", "Cli"), StringComparison.Ordinal), "platform-cli.dll");

    [Fact]
    public async Task Migrate_and_status_end_with_0_when_the_schema_is_complete_and_status_with_1_before()
    {
        var settings = await NewSettingsAsync();

        Assert.Equal(ExitCode.Failed, (await RunAsync(settings, "database", "status")).ExitCode);
        Assert.Equal((ExitCode.Success, ""), await RunAsync(settings, "database", "migrate"));
        Assert.Equal((ExitCode.Success, ""), await RunAsync(settings, "database", "status"));
    }

    [Fact]
    public async Task Init_makes_schema_and_first_administrator_once_and_status_says_what_is_there()
    {
        using var cli = new CliProgram();
        foreach (var (name, value) in await NewSettingsAsync())
            cli.Environment[name] = value;
        var unnamed = await cli.RunAsync("database", "init");
        (cli.Environment["BOOTSTRAP_ADMIN_EMAIL"], cli.Environment["BOOTSTRAP_ADMIN_PASSWORD"]) = ("ann@example.com", "look at the green field");

        var first = await cli.RunAsync("database", "init");
        var second = await cli.RunAsync("database", "init");
        var status = await cli.RunAsync("database", "status");

        Assert.Equal((ExitCode.Usage, ExitCode.Success, ExitCode.Success), (unnamed.ExitCode, first.ExitCode, second.ExitCode));
        Assert.EndsWith("administrator ann@example.com: created; the password is good for one sign-in\n", first.Output);
        Assert.EndsWith("administrator: there are accounts already\n", second.Output);
        Assert.DoesNotContain("green field", first.All + second.All);
        Assert.Matches("users: about 1 rows|[1-9][0-9]* tables, [1-9][0-9]* indexes", status.Output);
    }

    [Fact]
    public async Task Cost_is_an_estimate_from_what_the_buckets_hold()
    {
        using var cli = new CliProgram();
        cli.Environment["EXTERNAL_BUCKET_DATASETS"] = cli.Environment["INTERNAL_BUCKET_CHECKPOINTS"] = $"test-none-{Guid.NewGuid():n}";

        var run = await cli.RunAsync("cost", "--json", "--applications", "1");

        Assert.True(run.ExitCode == ExitCode.Success, run.All);
        Assert.Equal(35, JsonDocument.Parse(run.Output).RootElement.GetProperty("dollars").GetDecimal());
    }

    [Fact]
    public async Task Migrate_ends_with_3_when_a_server_is_away_and_with_1_when_it_refuses()
    {
        var settings = await NewSettingsAsync();
        var refused = new UriBuilder(settings["DATABASE_URL"]) { Password = "wrong" }.Uri.ToString();

        var (away, awayText) = await RunAsync(With(settings, $"postgresql://app@127.0.0.1:{LoopbackPort.Free()}/platform"), "database", "migrate", "--timeout", "0");
        var (wrong, wrongText) = await RunAsync(With(settings, refused), "database", "migrate");

        Assert.Equal((ExitCode.Unavailable, ExitCode.Failed), (away, wrong));
        Assert.Single(awayText.TrimEnd().Split('\n'));
        Assert.Contains("28P01", wrongText);
    }

    private async Task<Dictionary<string, string>> NewSettingsAsync() => new()
    {
        ["DATABASE_URL"] = await postgres.NewDatabaseAsync(), ["USER_DATABASE_URL"] = await postgres.NewDatabaseAsync(), ["LABELER_DATABASE_URL"] = await postgres.NewDatabaseAsync(),
    };

    private static Dictionary<string, string> With(Dictionary<string, string> settings, string url) => new(settings) { ["DATABASE_URL"] = url };

    private static async Task<(int ExitCode, string Error)> RunAsync(Dictionary<string, string> settings, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Program, .. arguments])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Path.GetTempPath(),
        };
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        await output;
        return (process.ExitCode, await error);
    }
}
