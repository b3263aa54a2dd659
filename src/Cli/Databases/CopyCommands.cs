using System.CommandLine;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Operations;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Infrastructure.DatabaseCopy;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Cli.Databases;

/// <summary><c>database copy</c> and <c>database verify</c>.</summary>
internal static class CopyCommands
{
    public static Command BuildCopy()
    {
        var source = new Argument<string>("source") { Description = $"The database to copy: {CommandLocations.DatabaseHelp}. It is only read." };
        var target = new Argument<string>("target") { Description = "The database that receives the copy, named in the same way." };
        var replace = new Option<string?>("--replace") { Description = "Removes everything in the target database first, also rows. Takes its name, as a confirmation.", HelpName = "DATABASE" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Compares both sides and says what would be moved and what would not survive, and changes nothing." };
        var tables = TablesOption("Copies only rows of these tables; the others are made without rows.");
        var cut = new Option<bool>("--without-foreign-keys") { Description = "With --tables: does not make foreign keys to tables whose rows are not copied. Otherwise they prevent the copy." };
        var (parallel, resume, json) = (ParallelOption(), ResumeOption(), JsonOption());
        var command = new Command("copy", "Copies a database with its schema into another, as it is at one point in time, and compares the rows. An interrupted copy goes on with --resume.")
        {
            source, target, tables, cut, replace, dryRun, parallel, resume, json,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (output, error, isJson) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, parsed.GetValue(json));
            var locations = await LocationsAsync(("source", parsed.GetValue(source)!), ("target", parsed.GetValue(target)!), cancellation);
            var request = new DatabaseCopyRequest(
                "source", "target", parsed.GetValue(replace), parsed.GetValue(parallel), Chosen(parsed, tables), Chosen(parsed, tables) is not null && parsed.GetValue(cut));
            if (parsed.GetValue(dryRun))
                return await ShowPreflightAsync(locations, request, isJson, output, cancellation);
            var report = await LocalOperation.RunAsync<DatabaseCopyReport>(
                nameof(CopyDatabase), request, parsed.GetValue(resume), AddServices, locations, new OperationDisplay(error, isJson), cancellation);
            await output.WriteLineAsync(isJson
                ? JsonSerializer.Serialize(report, LocalFunctions.Json)
                : string.Join(Environment.NewLine, report.Warnings.Select(warning => $"warning: {warning}").Append(
                    $"copied {report.Tables} tables with {report.Rows} rows ({OperationDisplay.Size(report.Bytes)}) as of {report.Position}; both sides have the same rows")));
            return ExitCode.Success;
        });
        return command;
    }

    public static Command BuildVerify()
    {
        var first = new Argument<string>("first") { Description = $"A database: {CommandLocations.DatabaseHelp}." };
        var second = new Argument<string>("second") { Description = "The database to compare it with, named in the same way." };
        var tables = TablesOption("Compares only these tables.");
        var (parallel, json) = (ParallelOption(), JsonOption());
        var command = new Command("verify", "Compares the rows of two databases, table by table; exit code 1 when they differ. Changes nothing.") { first, second, tables, parallel, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (output, error, isJson) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error, parsed.GetValue(json));
            var locations = await LocationsAsync(("first", parsed.GetValue(first)!), ("second", parsed.GetValue(second)!), cancellation);
            var request = new DatabaseComparisonRequest("first", "second", parsed.GetValue(parallel), Chosen(parsed, tables));
            var found = await LocalOperation.RunAsync<DatabaseComparison>(
                nameof(VerifyDatabases), request, null, AddServices, locations, new OperationDisplay(error, isJson), cancellation);
            if (isJson)
                await output.WriteLineAsync(JsonSerializer.Serialize(found, LocalFunctions.Json));
            else
                foreach (var line in found.Differences.DefaultIfEmpty($"the same {found.Rows} rows in {found.Tables} tables"))
                    await output.WriteLineAsync(line);
            return found.Differences.Count == 0 ? ExitCode.Success : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<int> ShowPreflightAsync(DataLocations locations, DatabaseCopyRequest request, bool isJson, TextWriter output, CancellationToken cancellation)
    {
        PreflightReport report;
        try
        {
            report = await new DatabaseCopies(locations, new OperationMeter()).PreflightAsync("", request, cancellation);
        }
        catch (Domain.Operations.OperationException refused)
        {
            throw new CommandException(refused.Message, inner: refused);
        }
        if (isJson)
        {
            await output.WriteLineAsync(JsonSerializer.Serialize(report, LocalFunctions.Json));
            return report.IsBlocked ? ExitCode.Failed : ExitCode.Success;
        }
        await output.WriteLineAsync($"{report.Tables} tables with {OperationDisplay.Size(report.Bytes)} and {report.LargeObjects} large objects; the target needs {OperationDisplay.Size(report.DatabaseBytes)} of space");
        foreach (var finding in report.Findings)
            await output.WriteLineAsync($"{(finding.IsBlocking ? "error" : "warning")}: {finding.Message}");
        await output.WriteLineAsync(report.IsBlocked ? "the copy would be refused" : "the copy can begin");
        return report.IsBlocked ? ExitCode.Failed : ExitCode.Success;
    }

    private static void AddServices(IServiceCollection services) => services.AddSingleton<DatabaseCopies>();

    private static async Task<DataLocations> LocationsAsync((string Name, string Text) first, (string Name, string Text) second, CancellationToken cancellation)
    {
        var configuration = await Settings.ReadAsync(cancellation);
        var locations = new DataLocations();
        foreach (var (name, text) in new[] { first, second })
            locations.AddDatabase(name, CommandLocations.Database(text, configuration));
        return locations;
    }

    private static Option<string[]?> TablesOption(string description) => new("--tables")
    {
        Description = $"{description} Names with schema, commas between them, or 'critical' for those that must never be lost.", HelpName = "LIST",
        CustomParser = result =>
        {
            string[] names = result.Tokens is [var token] ? token.Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) : [];
            if (names.Length == 0)
                result.AddError("--tables is 'critical' or a list of tables with their schema: public.users,public.projects.");
            return names;
        },
    };

    /// <summary>The tables; null without the option, whose value is then an empty list.</summary>
    private static string[]? Chosen(ParseResult parsed, Option<string[]?> tables) => parsed.GetResult(tables) is { Implicit: false } ? parsed.GetValue(tables) : null;

    private static Option<int> ParallelOption() => NumberOption.Build("--parallel", "Connections to each side.", 4, 1, 64, "N");

    private static Option<string?> ResumeOption() => new("--resume") { Description = "Goes on with an operation that was interrupted.", HelpName = "ID" };

    private static Option<bool> JsonOption() => new("--json") { Description = "Prints the result as JSON, and no progress." };
}
