using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using VisionPlatform.Application.Backups;
using VisionPlatform.Application.Operations;
using VisionPlatform.Cli.Databases;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Backups;
using VisionPlatform.Orchestrations.Backups;

namespace VisionPlatform.Cli.Backups;

/// <summary><c>backup restore-all</c>: makes an installation from the backups of another one.</summary>
internal static class RestoreAllCommand
{
    private static readonly TimeSpan ServerTimeout = TimeSpan.FromSeconds(60);

    public static Command Build()
    {
        var replace = new Option<string?>("--replace") { Description = "Removes what the databases hold first. Takes HOST:PORT of their server, as a confirmation.", HelpName = "HOST:PORT" };
        var command = new Command(
            "restore-all", "Fills the empty databases of this installation from the newest backups of another one, applies missing migrations, and ends what was under way there. The app must not run.") { replace };
        command.SetAction(async (parsed, cancellation) =>
        {
            var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
            var setting = await BackupCommands.ReadAsync([], cancellation);
            var targets = MigrationTarget.All(await Settings.ReadAsync(cancellation));
            if (parsed.GetValue(replace) is { } confirmed && targets.FirstOrDefault(target => target.Server != confirmed) is { } other)
                throw CommandException.Usage($"database {other.Name} is on {other.Server}, not on {Failure.OneLine(confirmed)}: give that as --replace if everything in it may go.");
            var backups = await FindAsync(setting, targets, parsed.GetValue(replace) is not null, cancellation);
            foreach (var target in targets)
            {
                if (!backups.TryGetValue(target.Name, out var backup))
                {
                    await output.WriteLineAsync($"{target.Name}: there is no backup of it, so it starts empty");
                    continue;
                }
                var request = new RestoreRequest(target.Name, backup, target.Name, parsed.GetValue(replace) is null ? null : target.Database, Swap: false);
                var report = await LocalOperation.RunAsync<RestoreReport>(
                    nameof(RestoreBackup), request, null, services => services.AddSingleton(setting.Backups).AddSingleton<BackupRuns>().AddSingleton<BackupAlerts>(), setting.Locations,
                    new OperationDisplay(error, isQuiet: false), cancellation);
                foreach (var warning in report.Warnings)
                    await output.WriteLineAsync($"{target.Name}: warning: {warning}");
                await output.WriteLineAsync($"{target.Name}: restored backup {report.Backup}: {report.Tables} tables, {report.Rows} rows, all compared");
            }
            foreach (var target in targets)
                await new DatabaseMigration(target, TimeProvider.System).MigrateAsync(ServerTimeout, output, cancellation);
            await QuietAsync(targets, cancellation);
            await output.WriteLineAsync("jobs, exports, deployments and mails that were under way are ended here");
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>The newest backup of each database. Nothing is changed before all targets are known to take theirs.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> FindAsync(
        BackupCommands.Setting setting, IReadOnlyList<MigrationTarget> targets, bool replaces, CancellationToken cancellation)
    {
        using var runs = new BackupRuns(setting.Locations, setting.Backups, new OperationMeter(), TimeProvider.System);
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        try
        {
            foreach (var target in targets)
                if ((await runs.Store.NewestAsync(target.Name, cancellation))?.Id is { } id)
                    found.Add(target.Name, id);
            if (!found.ContainsKey(Infrastructure.Persistence.Databases.Users))
                throw new CommandException($"there is no complete backup of the users in {setting.Backups.Bucket!.Endpoint}{setting.Backups.Bucket.Bucket} that can be read{(setting.Backups.Key is null ? " without a key" : " with this key")}");
            foreach (var target in targets.Where(target => found.ContainsKey(target.Name)))
            {
                await SideDatabases.CreateAsync(setting.Locations.Database(target.Name), target.Database, cancellation);
                await runs.PlanRestoreAsync(new RestoreRequest(target.Name, found[target.Name], target.Name, replaces ? target.Database : null, Swap: false), "", cancellation);
            }
            return found;
        }
        catch (OperationException refused)
        {
            throw new CommandException(refused.Message, inner: refused);
        }
    }

    private static async Task QuietAsync(IReadOnlyList<MigrationTarget> targets, CancellationToken cancellation)
    {
        foreach (var target in targets)
        {
            await using var connection = new NpgsqlConnection(target.ConnectionString);
            await using var context = target.OpenContext(connection);
            await (context switch
            {
                Infrastructure.Persistence.PlatformDatabase platform => CopiedInstallation.QuietAsync(platform, cancellation),
                Infrastructure.Persistence.UserDatabase users => CopiedInstallation.QuietAsync(users, cancellation),
                _ => Task.CompletedTask,
            });
        }
    }
}
