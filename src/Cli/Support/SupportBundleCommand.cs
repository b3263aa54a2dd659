using System.CommandLine;
using VisionPlatform.Application.Modules;

namespace VisionPlatform.Cli.Support;

/// <summary><c>support-bundle</c>: one file that says how an installation is, for somebody who helps. It holds no secrets and no content of users.</summary>
internal static class SupportBundleCommand
{
    private static readonly Option<FileInfo?> Output = new("--output") { Description = "The file; support-TIME.zip in the current folder unless given.", HelpName = "FILE" };

    private static readonly Option<Uri?> Address = new("--url")
    {
        Description = "Address of the app, whose health is asked for; PUBLIC_URL unless given.",
        HelpName = "URL",
        CustomParser = given => Uri.TryCreate(given.Tokens[0].Value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https"
            ? url
            : throw CommandException.Usage($"'{given.Tokens[0].Value}' is not an http or https address."),
    };

    private static readonly Option<FileInfo[]> Logs = new("--file") { Description = "A log, or another text file, to add without secrets; may be repeated. The last 5 MB are taken.", HelpName = "FILE", DefaultValueFactory = _ => [] };
    private static readonly Option<string> Hub = new("--hub") { Description = "Name of the task hub, as in host.json.", DefaultValueFactory = _ => "platform" };

    public static Command Build()
    {
        var command = new Command("support-bundle", "Writes versions, settings without secrets, state of databases, work and health, and logs into one ZIP. Reads only.") { Output, Address, Logs, Hub };
        command.SetAction(async (parsed, cancellation) =>
        {
            var configuration = await Settings.ReadAsync(cancellation);
            var address = parsed.GetValue(Address) ?? (Uri.TryCreate(configuration["PUBLIC_URL"], UriKind.Absolute, out var known) ? known : null);
            var file = parsed.GetValue(Output) ?? new FileInfo($"support-{TimeProvider.System.GetUtcNow():yyyyMMdd'T'HHmmss'Z'}.zip");
            var bundle = new SupportBundle(configuration, new Redaction(configuration, [.. AppSettings.Declared(), .. SettingsFiles.OtherPrograms.Settings]), TimeProvider.System);
            var problems = await bundle.WriteAsync(file, address, parsed.GetValue(Logs)!, parsed.GetValue(Hub)!, cancellation);
            foreach (var problem in problems)
                await parsed.InvocationConfiguration.Error.WriteLineAsync($"left out: {problem}");
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"written: {file.FullName} (secrets, tokens and e-mail addresses are removed; look through it before you send it)");
            return ExitCode.Success;
        });
        return command;
    }
}
