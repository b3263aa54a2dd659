using System.CommandLine;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Application.Accounts;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Accounts;

namespace VisionPlatform.Cli.Databases;

/// <summary>The commands of databases. <c>migrate</c> and <c>status</c> go over the databases of all modules.</summary>
internal static class DatabaseCommands
{
    public static Command Build() => new("database", "Migrates, copies and compares databases and shows their state.")
    {
        BuildInit(),
        BuildMigrate(),
        BuildStatus(),
        CopyCommands.BuildCopy(),
        CopyCommands.BuildVerify(),
        CutoverCommands.BuildCutover(),
        CutoverCommands.BuildRollback(),
    };

    private static Command BuildInit()
    {
        var timeout = TimeoutOption(60);
        var command = new Command("init", "Makes an installation's databases from empty: databases, schema, and the first administrator from BOOTSTRAP_ADMIN_EMAIL and _PASSWORD. Safe to run twice.") { timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            var output = parsed.InvocationConfiguration.Output;
            var configuration = await Settings.ReadAsync(cancellation);
            foreach (var target in MigrationTarget.All(configuration))
                await new DatabaseMigration(target, TimeProvider.System).MigrateAsync(TimeSpan.FromSeconds(parsed.GetValue(timeout)), output, cancellation);
            return await EnsureAdministratorAsync(configuration, output, cancellation);
        });
        return command;
    }

    private static async Task<int> EnsureAdministratorAsync(IConfiguration configuration, TextWriter output, CancellationToken cancellation)
    {
        var (email, password) = (configuration["BOOTSTRAP_ADMIN_EMAIL"], configuration["BOOTSTRAP_ADMIN_PASSWORD"]);
        if (password is not null && PasswordRules.Check(password, email?.ToLowerInvariant() ?? "") is [var problem, ..])
            throw CommandException.Usage($"BOOTSTRAP_ADMIN_PASSWORD: {problem}");
        await using var connection = new NpgsqlConnection(MigrationTarget.All(configuration).Single(target => target.Name == Infrastructure.Persistence.Databases.Users).ConnectionString);
        await using var database = Infrastructure.Persistence.Databases.OfUsers.Open(connection);
        using var passwords = new PasswordHashing();
        switch (await new FirstAdministrator(database, passwords, TimeProvider.System).EnsureAsync(email, password, cancellation))
        {
            case FirstAdministratorOutcome.Created:
                await output.WriteLineAsync($"administrator {email}: created; the password is good for one sign-in");
                return ExitCode.Success;
            case FirstAdministratorOutcome.AccountsExist:
                await output.WriteLineAsync("administrator: there are accounts already");
                return ExitCode.Success;
            default:
                throw CommandException.Usage("there is no account yet: set BOOTSTRAP_ADMIN_EMAIL to an e-mail address and BOOTSTRAP_ADMIN_PASSWORD, and run this again.");
        }
    }

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
        var command = new Command("status", "Lists applied and missing migrations, and what the tables hold; exit code 1 when a migration is missing.") { timeout };
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
