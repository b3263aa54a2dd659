using System.CommandLine;
using System.Text.Json;
using VisionPlatform.Cli.Demo;
using VisionPlatform.Cli.Demo.Api;

namespace VisionPlatform.Cli.Smoke;

/// <summary><c>smoke URL</c>: whether an installation works after a deployment, as a client of its API. It leaves nothing behind.</summary>
internal static class SmokeCommand
{
    private static readonly Argument<string> _url = new("URL") { Description = "Address of the installation." };

    private static readonly Option<FileInfo?> _credentials = new("--credentials")
    {
        Description = "JSON file with email and password of the account to sign in with; SMOKE_EMAIL and SMOKE_PASSWORD unless given.",
        HelpName = "FILE",
    };

    private static readonly Option<int> _wait = NumberOption.Build("--wait", "Seconds to wait for an installation that does not answer yet.", 60, 0, 3600);
    private static readonly Option<int> _trainingMinutes = NumberOption.Build("--training-minutes", "Minutes that the small training may take; 0: none.", 10, 0, 600);
    private static readonly Option<bool> _json = new("--json") { Description = "Prints one JSON document instead of a line for each check." };

    public static Command Build()
    {
        var command = new Command("smoke", "Checks an installation after a deployment: health, streaming, sign-in, project, upload, publishing, a small training. Removes what it made.") { _url, _credentials, _wait, _trainingMinutes, _json };
        command.SetAction((parsed, cancellation) => RunAsync(
            Address(parsed.GetRequiredValue(_url)), Account(parsed.GetValue(_credentials)), TimeSpan.FromSeconds(parsed.GetValue(_wait)), TimeSpan.FromMinutes(parsed.GetValue(_trainingMinutes)),
            parsed.GetValue(_json), parsed.InvocationConfiguration, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(Uri url, Credentials account, TimeSpan wait, TimeSpan training, bool isJson, InvocationConfiguration streams, CancellationToken cancellation)
    {
        using var platform = new HttpClient { BaseAddress = url, Timeout = TimeSpan.FromMinutes(2) };
        using var storage = new HttpClient { Timeout = TimeSpan.FromMinutes(2) };
        var patience = new Patience(wait, message => streams.Error.WriteLine(message), TimeProvider.System);
        var run = new SmokeRun(new PlatformClient(new PlatformHttp(platform, patience)), platform, storage, account, training, TimeProvider.System);

        await foreach (var check in run.RunAsync(cancellation))
            if (!isJson)
                await streams.Output.WriteLineAsync($"{check.Status,-7} {check.Name,-9} {check.Detail} ({check.Milliseconds} ms)");
        var report = run.Report(url);
        await streams.Output.WriteLineAsync(isJson ? JsonSerializer.Serialize(report, PlatformClient.Json) : $"{report.Passed} passed, {report.Failed} failed, {report.Skipped} skipped");
        cancellation.ThrowIfCancellationRequested();
        return report.Failed == 0 ? ExitCode.Success : run.IsAway ? ExitCode.Unavailable : ExitCode.Failed;
    }

    private static Uri Address(string url) =>
        Uri.TryCreate(url.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address : throw CommandException.Usage($"'{url}' is not an http or https address.");

    private static Credentials Account(FileInfo? file)
    {
        if (file is not null)
            return Credentials.Load(file) ?? throw CommandException.Usage($"{file.FullName} does not exist.");
        return (Settings.Optional("SMOKE_EMAIL"), Settings.Optional("SMOKE_PASSWORD")) is ({ } email, { } password)
            ? new Credentials(email, password)
            : throw CommandException.Usage("no account to sign in with: set SMOKE_EMAIL and SMOKE_PASSWORD, or name a file with --credentials.");
    }
}

/// <summary>One check. <see cref="Status"/> is <c>passed</c>, <c>failed</c> or <c>skipped</c>.</summary>
internal sealed record SmokeCheck(string Name, string Status, string Detail, long Milliseconds);

/// <summary>All checks of a run.</summary>
internal sealed record SmokeReport(Uri Url, int Passed, int Failed, int Skipped, IReadOnlyList<SmokeCheck> Checks);
