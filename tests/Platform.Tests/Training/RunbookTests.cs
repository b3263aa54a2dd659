using System.Diagnostics;
using VisionPlatform.Platform.Tests.Hosting;
using VisionPlatform.Tests;

namespace VisionPlatform.Platform.Tests.Training;

/// <summary>The faults of docs/operations/runbook.md, made for real, seen and mended by the commands of the page.</summary>
[Collection(nameof(TrainingLab))]
public sealed class RunbookTests(TrainingLab lab)
{
    private const string Page = "docs/operations/runbook.md";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stuck_job_is_explained_cancelled_and_restarted()
    {
        var id = await lab.NewJobAsync(epochs: 1);
        await lab.Trainer.KillAsync();
        (await lab.Admin.PostAsync($"training/jobs/{id}/start")).Expect(202);
        await Waiting.UntilAsync(async () => TrainingLab.AttemptsOf(await lab.ReadJobAsync(id)).Count == 1, "the attempt waits");

        var seen = await RunAsync("A job is stuck", 0, ("JOB", id.ToString()));
        var gone = await RunAsync("A trainer is gone", 0);
        var mended = await RunAsync("A job is stuck", 1, ("JOB", id.ToString()));

        Assert.Contains("\"state\": \"queued\"", seen);
        Assert.Contains("\"state\": \"waiting\"", seen);
        Assert.Contains("It waits for", seen);
        Assert.Equal("torchvision: offline\n", gone);
        await lab.Trainer.StartAsync();
        await lab.WaitForStateAsync(id, "cancelled");
        var restarted = Guid.Parse(mended.TrimEnd().Split('\n')[^1]);
        (await lab.Admin.PostAsync($"training/jobs/{restarted}/start")).Expect(202);
        await lab.WaitForStateAsync(restarted, "completed");
        Assert.Equal("torchvision: online\n", await RunAsync("A trainer is gone", 0));
    }

    [Fact]
    public async Task A_job_goes_on_after_the_app_did_not_answer()
    {
        var id = await lab.StartJobAsync(epochs: 12);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() >= 1, "it trains");
        await lab.App.KillAsync();

        var seen = await RunAsync("The app does not answer", 0, isExpectedToFail: true);
        await lab.App.StartAsync();
        var after = await RunAsync("The app does not answer", 1);

        Assert.Equal("000\nno answer\n", seen);
        Assert.Matches("^(ok|degraded)\n[0-9]+ orchestrations in flight, 0 cannot go on with this build, 0 activities are missing\n$", after);
        await lab.WaitForStateAsync(id, "completed");
    }

    [Fact]
    public async Task A_job_on_a_node_that_does_not_respond_goes_on_when_its_trainer_is_started_again()
    {
        var id = await lab.StartJobAsync(epochs: 25);
        await lab.WaitForJobAsync(id, job => job.GetProperty("currentEpoch").GetInt32() >= 2, "it trains");
        await lab.Trainer.FreezeAsync();
        await lab.WaitForJobAsync(id, job => TrainingLab.AttemptsOf(job).Count == 2, "its attempt is given up");

        var seen = await RunAsync("A GPU node does not respond", 0, ("JOB", id.ToString()));
        await lab.Trainer.KillAsync();
        await lab.Trainer.StartAsync();

        Assert.StartsWith("1 failed TRAINER_SILENT\n2 waiting -\n", seen);
        var job = await lab.WaitForStateAsync(id, "completed");
        Assert.True(TrainingLab.AttemptsOf(job)[1].GetProperty("resumedFromEpoch").GetInt32() >= 1);
    }

    [Fact]
    public async Task A_database_that_is_away_and_a_store_that_refuses_are_named()
    {
        var healthy = await RunAsync("A database is full or away", 0);
        var away = await RunAsync("A database is full or away", 0, isExpectedToFail: true, settings: [("DATABASE_URL", $"postgresql://app@127.0.0.1:{LoopbackPort.Free()}/platform")]);
        var refused = await RunAsync("Object storage is away or refuses", 0, isExpectedToFail: true, settings: [("EXTERNAL_STORAGE_SECRET_KEY", "wrong")]);

        Assert.Contains("platform (", healthy);
        Assert.Matches("[1-9][0-9]* tables, [1-9][0-9]* indexes", healthy);
        Assert.Contains("platform", away);
        Assert.Matches("error: the object store refuses the keys or the request: .*403", refused);
        Assert.Contains("0 cannot go on with this build", await RunAsync("Orchestrations fail after a deployment", 0));
    }

    private Task<string> RunAsync(string heading, int number, params (string Name, string Value)[] settings) => RunAsync(heading, number, isExpectedToFail: false, settings);

    /// <summary>Runs a block of the page as an administrator of the lab's app. Returns what it wrote.</summary>
    private async Task<string> RunAsync(string heading, int number, bool isExpectedToFail, params (string Name, string Value)[] settings)
    {
        var program = Path.Combine(Repository.Root, "src/Cli/bin/Debug/net10.0/platform-cli.dll");
        // The page's first lines, without the example values.
        var start = new ProcessStartInfo("bash", ["-e", "-o", "pipefail", "-c", string.Join('\n',
            [$"platform-cli() {{ dotnet '{program}' \"$@\"; }}", .. DocPage.Commands(Page, "Runbook").Where(line => !line.StartsWith("export ", StringComparison.Ordinal)), .. DocPage.Commands(Page, heading, number)])])
        {
            RedirectStandardOutput = true, RedirectStandardError = true,
        };
        foreach (var (name, value) in lab.App.Databases.Settings)
            start.Environment[name] = value;
        (start.Environment["PLATFORM_URL"], start.Environment["TOKEN"]) = (lab.App.Address.ToString().TrimEnd('/'), lab.Admin.AccessToken);
        foreach (var (name, value) in settings)
            start.Environment[name] = value;
        using var script = Process.Start(start)!;
        var errors = script.StandardError.ReadToEndAsync(Cancellation);
        var output = await script.StandardOutput.ReadToEndAsync(Cancellation);
        await script.WaitForExitAsync(Cancellation);
        Assert.True(script.ExitCode == 0 != isExpectedToFail, $"It ended with {script.ExitCode}:\n{output}{await errors}");
        return isExpectedToFail ? output + await errors : output;
    }
}
