using System.CommandLine;
using System.CommandLine.Invocation;
using VisionPlatform.Cli.Backups;
using VisionPlatform.Cli.Databases;
using VisionPlatform.Cli.Demo;
using VisionPlatform.Cli.Durable;
using VisionPlatform.Cli.Import;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Cli.SettingsFiles;
using VisionPlatform.Cli.Smoke;
using VisionPlatform.Cli.Storage;
using VisionPlatform.Cli.Support;
using VisionPlatform.Cli.Weights;

namespace VisionPlatform.Cli;

/// <summary>The command table of platform-cli and the one place where failures become an exit code.</summary>
internal static class CommandLine
{
    public static RootCommand Build() => new("Operates the vision platform: databases, object storage, backups, orchestrations, and the demo of the main job.")
    {
        DatabaseCommands.Build(),
        StorageCommands.Build(),
        BackupCommands.Build(),
        DurableCommands.Build(),
        ImportCommands.Build(),
        OperationsCommands.Build(),
        CostCommand.Build(),
        SettingsCommands.Build(),
        WeightsCommands.Build(),
        SmokeCommand.Build(),
        SupportBundleCommand.Build(),
        DemoCommand.Build(),
    };

    /// <summary>Runs one command. Failures are one line on <paramref name="error"/>; see <see cref="ExitCode"/>.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellation = default)
    {
        var parsed = Build().Parse(args);
        if (parsed.Action is ParseErrorAction)
        {
            var reason = parsed.UnmatchedTokens is [var unknown, ..] ? $"'{unknown}' is no command or option here." : parsed.Errors[0].Message;
            await error.WriteLineAsync($"error: {Failure.OneLine(reason)} ('platform-cli {CommandPath(parsed)}--help' lists the options.)");
            return ExitCode.Usage;
        }
        try
        {
            var configuration = new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = TimeSpan.FromSeconds(10),
            };
            return await parsed.InvokeAsync(configuration, cancellation);
        }
        catch (Exception problem)
        {
            var failure = Failure.From(problem);
            await error.WriteLineAsync($"error: {failure.Message}");
            return failure.ExitCode;
        }
    }

    private static string CommandPath(ParseResult parsed)
    {
        var names = new List<string>();
        for (var command = parsed.CommandResult; command.Parent is System.CommandLine.Parsing.CommandResult parent; command = parent)
            names.Insert(0, command.Command.Name);
        return names.Count == 0 ? "" : string.Join(' ', names) + " ";
    }
}
