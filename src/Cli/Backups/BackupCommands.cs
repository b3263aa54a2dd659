using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Modules;
using VisionPlatform.Application.Operations;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Orchestrations.Backups;

namespace VisionPlatform.Cli.Backups;

/// <summary><c>backup run|list|verify|restore|restore-all|prune|drill</c>.</summary>
internal static class BackupCommands
{
    internal sealed record Setting(DataLocations Locations, BackupSettings Backups, IReadOnlyList<string> Databases);

    public static Command Build() => new("backup", "Backs up databases to the bucket BACKUP_BUCKET, and restores them.")
    {
        BuildRun(), BuildList(), BuildVerify(), BuildRestore(), RestoreAllCommand.Build(), BuildPrune(), BuildDrill(),
    };

    private static Command BuildRun()
    {
        var (databases, json) = (DatabasesArgument(), JsonOption());
        var command = new Command("run", "Backs up the databases as they are at one point in time each, and removes backups that are no longer kept.") { databases, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var setting = await ReadAsync(parsed.GetValue(databases)!, cancellation);
            foreach (var database in setting.Databases)
            {
                var taken = await RunAsync<BackupSummary>(nameof(TakeBackup), database, null, setting, parsed, json, cancellation);
                await WriteAsync(parsed, json, taken, $"{database}: backup {taken.Id} with {taken.Tables} tables, {taken.Rows} rows, {OperationDisplay.Size(taken.StoredBytes)}{(taken.IsEncrypted ? ", encrypted" : "")}");
            }
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildList()
    {
        var (databases, json) = (DatabasesArgument(), JsonOption());
        var command = new Command("list", "Lists the backups, newest first. One without a readable manifest is no backup, and is shown as such.") { databases, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var setting = await ReadAsync(parsed.GetValue(databases)!, cancellation);
            using var runs = new BackupRuns(setting.Locations, setting.Backups, new OperationMeter(), TimeProvider.System);
            foreach (var backup in (await Task.WhenAll(setting.Databases.Select(database => runs.Store.ListAsync(database, cancellation)))).SelectMany(list => list))
            {
                if (backup.Manifest is { } manifest)
                    await WriteAsync(parsed, json, BackupRuns.Summary(manifest), string.Create(CultureInfo.InvariantCulture,
                        $"{backup.Database,-10} {backup.Id}  {manifest.Taken:yyyy-MM-dd HH:mm}Z  {manifest.Tables.Count} tables  {manifest.Rows} rows  {OperationDisplay.Size(manifest.StoredBytes)}"));
                else
                    await WriteAsync(parsed, json, new { backup.Database, backup.Id, backup.Problem }, $"{backup.Database,-10} {backup.Id}  no backup: {backup.Problem}");
            }
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildVerify()
    {
        var (database, id, json) = (DatabaseArgument(), IdArgument(), JsonOption());
        var command = new Command("verify", "Reads a whole backup and compares every part and every table with its manifest.") { database, id, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var setting = await ReadAsync([parsed.GetValue(database)!], cancellation);
            var input = new BackupToTake(setting.Databases[0], parsed.GetValue(id)!);
            var found = await RunAsync<BackupSummary>(nameof(VerifyBackup), input, null, setting, parsed, json, cancellation);
            await WriteAsync(parsed, json, found, $"backup {found.Id} of {found.Database} is complete: {found.Tables} tables, {found.Rows} rows");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildRestore()
    {
        var (database, id, json) = (DatabaseArgument(), IdArgument(), JsonOption());
        var into = new Option<string?>("--into") { Description = $"The database to fill, which must be empty: {CommandLocations.DatabaseHelp}. The backed-up one unless given.", HelpName = "TARGET" };
        var replace = new Option<string?>("--replace") { Description = "Removes everything in the target database first, also rows. Takes its name, as a confirmation.", HelpName = "DATABASE" };
        var swap = new Option<bool>("--swap") { Description = "Restores into a new database beside the target and exchanges their names at the end; the former one stays under another name." };
        var resume = new Option<string?>("--resume") { Description = "Goes on with a restore that was interrupted.", HelpName = "ID" };
        var command = new Command("restore", "Fills a database from a backup. Says done only after every hash was compared.") { database, id, into, replace, swap, resume, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var setting = await ReadAsync([parsed.GetValue(database)!], cancellation);
            var name = setting.Databases[0];
            setting.Locations.AddDatabase("target", parsed.GetValue(into) is { } text
                ? CommandLocations.Database(text, await Settings.ReadAsync(cancellation))
                : setting.Locations.Database(name));
            var request = new RestoreRequest(name, parsed.GetValue(id)!, "target", parsed.GetValue(replace), parsed.GetValue(swap));
            var report = await RunAsync<RestoreReport>(nameof(RestoreBackup), request, parsed.GetValue(resume), setting, parsed, json, cancellation);
            await WriteAsync(parsed, json, report, string.Join(Environment.NewLine, report.Warnings.Select(warning => $"warning: {warning}").Append(
                $"restored backup {report.Backup} of {name}: {report.Tables} tables, {report.Rows} rows, all compared{(report.Former is null ? "" : $"; the former database is now {report.Former}")}")));
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildPrune()
    {
        var (databases, json) = (DatabasesArgument(), JsonOption());
        var dryRun = new Option<bool>("--dry-run") { Description = "Only says what would be removed." };
        var command = new Command("prune", "Removes backups that retention does not keep (BACKUP_KEEP_*), and incomplete ones older than two days.") { databases, dryRun, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var setting = await ReadAsync(parsed.GetValue(databases)!, cancellation);
            using var runs = new BackupRuns(setting.Locations, setting.Backups, new OperationMeter(), TimeProvider.System);
            foreach (var database in setting.Databases)
                foreach (var id in await runs.PruneAsync(database, parsed.GetValue(dryRun), cancellation))
                    await WriteAsync(parsed, json, new { database, id }, $"{database}: {(parsed.GetValue(dryRun) ? "would remove" : "removed")} {id}");
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildDrill()
    {
        var (databases, json) = (DatabasesArgument(), JsonOption());
        var command = new Command("drill", "Restores the newest backup of each database into a new one on the same server, compares it, and removes it again.") { databases, json };
        command.SetAction(async (parsed, cancellation) =>
        {
            var setting = await ReadAsync(parsed.GetValue(databases)!, cancellation);
            foreach (var database in setting.Databases)
            {
                var drill = await RunAsync<DrillRecord>(nameof(DrillBackup), database, null, setting, parsed, json, cancellation);
                await WriteAsync(parsed, json, drill, $"{database}: backup {drill.Backup} can be restored: {drill.Tables} tables, {drill.Rows} rows");
            }
            return ExitCode.Success;
        });
        return command;
    }

    internal static async Task<Setting> ReadAsync(IReadOnlyCollection<string> chosen, CancellationToken cancellation)
    {
        var configuration = await Settings.ReadAsync(cancellation);
        var declared = AppModules.All.SelectMany(module => module.Databases).ToList();
        try
        {
            var (databases, backups) = SettingsReader.Read(configuration, reader => (DatabaseSettings.From(reader, declared), BackupSettings.From(reader)));
            var locations = DataLocations.Of(databases, null);
            if (chosen.FirstOrDefault(name => !locations.DatabaseNames.Contains(name)) is { } unknown)
                throw CommandException.Usage($"there is no database '{Failure.OneLine(unknown)}'; known are {string.Join(", ", locations.DatabaseNames.Order(StringComparer.Ordinal))}.");
            if (backups.Bucket is null)
                throw CommandException.Usage("BACKUP_BUCKET is not set: there is nowhere to put backups.");
            return new Setting(locations, backups, chosen.Count > 0 ? [.. chosen] : [.. declared.Select(database => database.Name)]);
        }
        catch (SettingsException wrong)
        {
            throw CommandException.Usage(wrong.Message);
        }
    }

    private static Task<T> RunAsync<T>(
        string operation, object input, string? resume, Setting setting, ParseResult parsed, Option<bool> json, CancellationToken cancellation) =>
        LocalOperation.RunAsync<T>(
            operation, input, resume, services => services.AddSingleton(setting.Backups).AddSingleton<BackupRuns>().AddSingleton<BackupAlerts>(), setting.Locations,
            new OperationDisplay(parsed.InvocationConfiguration.Error, parsed.GetValue(json)), cancellation);

    private static Task WriteAsync(ParseResult parsed, Option<bool> json, object value, string text) =>
        parsed.InvocationConfiguration.Output.WriteLineAsync(parsed.GetValue(json) ? JsonSerializer.Serialize(value, LocalFunctions.Json) : text);

    private static Argument<string[]> DatabasesArgument() => new("databases")
    {
        Description = "Names of databases (users, platform, labeler); all unless given.", Arity = ArgumentArity.ZeroOrMore,
    };

    private static Argument<string> DatabaseArgument() => new("database") { Description = "Name of the database that was backed up." };

    private static Argument<string> IdArgument() => new("id") { Description = "Id of the backup, or latest.", DefaultValueFactory = _ => "latest" };

    private static Option<bool> JsonOption() => new("--json") { Description = "Prints results as JSON, and no progress." };
}
