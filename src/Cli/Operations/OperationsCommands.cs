using System.CommandLine;
using System.Globalization;
using System.Text.Json;

namespace VisionPlatform.Cli.Operations;

/// <summary><c>operations list|show|watch|cancel|start</c>: operations that run in an app, over its API.</summary>
internal static class OperationsCommands
{
    private static readonly string[] Kinds =
        ["database-copies", "database-comparisons", "storage-syncs", "storage-comparisons", "backups", "backup-verifications", "restores", "drills"];

    public static Command Build()
    {
        var remote = new RemoteOptions();
        var command = new Command("operations", "Starts, lists, watches and cancels operations in a running app. Needs the token of an administrator.")
        {
            BuildList(remote), BuildShow(remote), BuildWatch(remote), BuildCancel(remote), BuildStart(remote),
        };
        foreach (var option in new Option[] { remote.Api, remote.Token, remote.Json })
            command.Add(option);
        return command;
    }

    private static Command BuildList(RemoteOptions remote)
    {
        var kind = new Option<string?>("--kind") { Description = "Only operations of this kind: database_copy, storage_sync, backup, …", HelpName = "KIND" };
        var state = new Option<string?>("--state") { Description = "Only operations in this state: pending, running, completed, failed, cancelled.", HelpName = "STATE" };
        var most = NumberOption.Build("--limit", "Operations to show.", 20, 1, 200);
        var command = new Command("list", "Lists the operations of the app, newest first.") { kind, state, most };
        command.SetAction((parsed, cancellation) => remote.RunAsync(parsed, async (operations, output, isJson) =>
        {
            foreach (var operation in await operations.ListAsync(parsed.GetValue(kind), parsed.GetValue(state), parsed.GetValue(most), cancellation))
                await output.WriteLineAsync(isJson ? Json(operation) : Line(operation));
            return ExitCode.Success;
        }));
        return command;
    }

    private static Command BuildShow(RemoteOptions remote)
    {
        var id = IdArgument();
        var command = new Command("show", "Shows an operation with its report.") { id };
        command.SetAction((parsed, cancellation) => remote.RunAsync(parsed, async (operations, output, isJson) =>
        {
            await WriteAsync(await operations.GetAsync(parsed.GetValue(id), cancellation), output, isJson);
            return ExitCode.Success;
        }));
        return command;
    }

    private static Command BuildWatch(RemoteOptions remote)
    {
        var id = IdArgument();
        var command = new Command("watch", "Shows the progress of an operation until its end; exit code 1 if it did not complete. Ctrl-C ends only the watching.") { id };
        command.SetAction((parsed, cancellation) => remote.RunAsync(parsed, (operations, output, isJson) => WatchAsync(operations, parsed.GetValue(id), parsed, output, isJson, cancellation)));
        return command;
    }

    private static Command BuildCancel(RemoteOptions remote)
    {
        var id = IdArgument();
        var command = new Command("cancel", "Ends an operation. What it has done stays.") { id };
        command.SetAction((parsed, cancellation) => remote.RunAsync(parsed, async (operations, output, isJson) =>
        {
            await WriteAsync(await operations.CancelAsync(parsed.GetValue(id), cancellation), output, isJson);
            return ExitCode.Success;
        }));
        return command;
    }

    private static Command BuildStart(RemoteOptions remote)
    {
        var kind = new Argument<string>("kind") { Description = $"What to start: {string.Join(", ", Kinds)}." };
        var fields = new Argument<string[]>("fields") { Description = "Fields of the request, as the API describes them: source=platform target=archive replace=true confirm=archive." };
        kind.AcceptOnlyFromAmong(Kinds);
        var detach = new Option<bool>("--detach") { Description = "Does not watch it." };
        var command = new Command("start", "Starts an operation in the app and watches it.") { kind, fields, detach };
        command.SetAction((parsed, cancellation) => remote.RunAsync(parsed, async (operations, output, isJson) =>
        {
            var started = await operations.StartAsync(parsed.GetValue(kind)!, Body(parsed.GetValue(fields)!), cancellation);
            if (!parsed.GetValue(detach))
                return await WatchAsync(operations, started.Id, parsed, output, isJson, cancellation);
            await WriteAsync(started, output, isJson);
            return ExitCode.Success;
        }));
        return command;
    }

    private static async Task<int> WatchAsync(RemoteOperations operations, Guid id, ParseResult parsed, TextWriter output, bool isJson, CancellationToken cancellation)
    {
        var display = new OperationDisplay(parsed.InvocationConfiguration.Error, isJson);
        display.Begin($"{id}", 0);
        try
        {
            var ended = await display.WhileAsync(() => operations.WatchAsync(id, display, cancellation));
            await WriteAsync(ended, output, isJson);
            return ended.State == "completed" ? ExitCode.Success : ExitCode.Failed;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw new CommandException($"the operation goes on in the app; watch it again with: operations watch {id}", ExitCode.Interrupted);
        }
    }

    /// <summary><c>true</c>, <c>false</c> and numbers are what they look like; everything else is text.</summary>
    private static Dictionary<string, object> Body(string[] fields)
    {
        var body = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            if (field.Split('=', 2) is not [{ Length: > 0 } name, var value])
                throw CommandException.Usage($"'{Failure.OneLine(field)}' is no field: write NAME=VALUE.");
            body[name] = value is "true" or "false" ? value == "true"
                : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number
                : value;
        }
        return body;
    }

    private static async Task WriteAsync(RemoteOperation operation, TextWriter output, bool isJson)
    {
        if (isJson)
        {
            await output.WriteLineAsync(Json(operation));
            return;
        }
        await output.WriteLineAsync(Line(operation));
        if (operation.Error is { } error)
            await output.WriteLineAsync($"error: {Failure.OneLine(error)}");
        if (operation.Report is { } report)
            await output.WriteLineAsync(JsonSerializer.Serialize(report, Indented));
    }

    private static readonly JsonSerializerOptions Indented = new(LocalFunctions.Json) { WriteIndented = true };

    private static string Line(RemoteOperation operation)
    {
        var progress = operation.HasEnded ? "" : $"  {OperationDisplay.Line(operation.Progress)}";
        return string.Create(CultureInfo.InvariantCulture,
            $"{operation.Id}  {operation.CreatedAt.UtcDateTime:yyyy-MM-dd HH:mm}Z  {operation.State,-9}  {operation.Kind}{(operation.DryRun ? " (dry run)" : "")}{(operation.StartedBy == "schedule" ? " (schedule)" : "")}  {operation.Subject}{progress}");
    }

    private static string Json(RemoteOperation operation) => JsonSerializer.Serialize(operation, LocalFunctions.Json);

    private static Argument<Guid> IdArgument() => new("id") { Description = "Id of the operation." };

    /// <summary>Where the app is, and who asks.</summary>
    private sealed class RemoteOptions
    {
        public Option<string?> Api { get; } = new("--api") { Description = "Address of the app; the environment variable PLATFORM_API_URL unless given.", HelpName = "URL", Recursive = true };

        public Option<string?> Token { get; } = new("--token")
        {
            Description = "Access token or personal token of an administrator; other programs of this machine see it here, so rather set the environment variable PLATFORM_TOKEN.", HelpName = "TOKEN", Recursive = true,
        };

        public Option<bool> Json { get; } = new("--json") { Description = "Prints JSON, and no progress.", Recursive = true };

        public async Task<int> RunAsync(ParseResult parsed, Func<RemoteOperations, TextWriter, bool, Task<int>> run)
        {
            var api = parsed.GetValue(Api) ?? Settings.Optional("PLATFORM_API_URL") ?? throw CommandException.Usage("Where is the app? Give --api URL or set PLATFORM_API_URL.");
            var token = parsed.GetValue(Token) ?? Settings.Optional("PLATFORM_TOKEN") ?? throw CommandException.Usage("Who are you? Set PLATFORM_TOKEN or give --token TOKEN.");
            using var operations = new RemoteOperations(api, token, text => parsed.InvocationConfiguration.Error.WriteLine(text));
            return await run(operations, parsed.InvocationConfiguration.Output, parsed.GetValue(Json));
        }
    }
}
