using System.CommandLine;

namespace VisionPlatform.Cli.Databases;

/// <summary>The commands of databases. <c>migrate</c> and <c>status</c> go over the databases of all modules.</summary>
internal static class DatabaseCommands
{
    public static Command Build() => new("database", "Migrates, copies and compares databases and shows their state.")
    {
        BuildMigrate(),
        BuildStatus(),
        CopyCommands.BuildCopy(),
        CopyCommands.BuildVerify(),
        CutoverCommands.BuildCutover(),
        CutoverCommands.BuildRollback(),
    };

    private static Command BuildMigrate()
    {
        var timeout = TimeoutOption(60);
        var command = new Command("migrate", "Applies the migrations that are missing; creates the databases where it may. Safe to run twice or in parallel.") { timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            foreach (var target in await TargetsAsync(cancellation))
                await new DatabaseMigration(target, TimeProvider.System).MigrateAsync(TimeSpan.FromSeconds(parsed.GetValue(timeout)), output, cancellation);
            return ExitCode.Success;
        });
        return command;
    }

    private static Command BuildStatus()
    {
        var timeout = TimeoutOption(5);
        var command = new Command("status", "Lists applied and missing migrations; exit code 1 when one is missing.") { timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var complete = true;
            foreach (var target in await TargetsAsync(cancellation))
                complete &= await new DatabaseMigration(target, TimeProvider.System).ShowStatusAsync(TimeSpan.FromSeconds(parsed.GetValue(timeout)), output, cancellation);
            return complete ? ExitCode.Success : ExitCode.Failed;
        });
        return command;
    }

    private static Option<double> TimeoutOption(double seconds) =>
        NumberOption.Build("--timeout", "How long to wait for the database server.", seconds, 0, 86400, "SECONDS");

    private static async Task<IReadOnlyList<MigrationTarget>> TargetsAsync(CancellationToken cancellation) => MigrationTarget.All(await Settings.ReadAsync(cancellation));
}
