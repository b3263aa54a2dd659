using System.CommandLine;
using System.Diagnostics;
using Npgsql;
using VisionPlatform.Application.Modules;
using VisionPlatform.Cli.Operations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Cli.Databases;

/// <summary>
/// <c>database cutover</c> points an installation to another database and goes back by itself when the app is not healthy there;
/// <c>database rollback</c> goes back by hand.
/// </summary>
internal static class CutoverCommands
{
    private static readonly TimeSpan HealthPause = TimeSpan.FromMilliseconds(500);

    /// <param name="Switch">The settings file of the app.</param>
    /// <param name="Restart">Command of the shell that restarts the app; null: it reads the file by itself.</param>
    /// <param name="Health">Answers 200 when the app is healthy; null: it is not looked at.</param>
    private sealed record Installation(SettingsSwitch Switch, string? Restart, Uri? Health, TimeSpan Timeout, TextWriter Output);

    public static Command BuildCutover()
    {
        var name = NameArgument();
        var target = new Argument<string>("target") { Description = $"The database to use from now on: {CommandLocations.DatabaseHelp}." };
        var (settings, restart, health, timeout) = Options();
        var command = new Command("cutover", "Points an installation to another database, restarts it, and goes back by itself if it is not healthy then.")
        {
            name, target, settings, restart, health, timeout,
        };
        command.SetAction(async (parsed, cancellation) =>
        {
            var database = Known(parsed.GetValue(name)!);
            var installation = Read(parsed, settings, restart, health, timeout);
            var configuration = await Settings.ReadAsync(cancellation);
            var connection = CommandLocations.Database(parsed.GetValue(target)!, configuration);
            await EnsureUsableAsync(database, connection, installation.Output, cancellation);
            installation.Switch.Set(database.Setting, UrlOf(connection), DateTimeOffset.UtcNow);
            await installation.Output.WriteLineAsync($"{database.Setting} now names {Described(connection)}");
            if (await IsHealthyAsync(installation, cancellation) is not { } problem)
                return ExitCode.Success;
            installation.Switch.Undo(database.Setting);
            var again = await IsHealthyAsync(installation, cancellation);
            throw new CommandException($"{problem}; {database.Setting} is back to what it was{(again is null ? ", and the app is healthy with it" : $", but {again}")}");
        });
        return command;
    }

    public static Command BuildRollback()
    {
        var name = NameArgument();
        var (settings, restart, health, timeout) = Options();
        var command = new Command("rollback", "Points an installation back to the database that it used before the last cutover.") { name, settings, restart, health, timeout };
        command.SetAction(async (parsed, cancellation) =>
        {
            var database = Known(parsed.GetValue(name)!);
            var installation = Read(parsed, settings, restart, health, timeout);
            if (!installation.Switch.Undo(database.Setting))
                throw CommandException.Usage($"there was no cutover of {database.Name} to undo.");
            await installation.Output.WriteLineAsync($"{database.Setting} is back to what it was");
            return await IsHealthyAsync(installation, cancellation) is { } problem ? throw new CommandException(problem) : ExitCode.Success;
        });
        return command;
    }

    /// <summary>The database answers and has the newest schema.</summary>
    private static async Task EnsureUsableAsync(ModuleDatabase database, string connection, TextWriter output, CancellationToken cancellation)
    {
        using var status = new StringWriter();
        var migration = new DatabaseMigration(MigrationTarget.Of(database, connection), TimeProvider.System);
        if (!await migration.ShowStatusAsync(TimeSpan.FromSeconds(10), status, cancellation))
            throw new CommandException($"{Described(connection)} does not have the schema of this release; nothing was changed. {status.ToString().Split('\n')[0].Trim()}");
        await output.WriteLineAsync($"{Described(connection)} answers and has the newest schema");
    }

    /// <summary>Restarts the app and waits until it is healthy. Null, or what is wrong.</summary>
    private static async Task<string?> IsHealthyAsync(Installation installation, CancellationToken cancellation)
    {
        if (installation.Restart is { } command)
        {
            using var restart = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]))!;
            await restart.WaitForExitAsync(cancellation);
            if (restart.ExitCode != 0)
                return $"the restart command ended with {restart.ExitCode}";
        }
        if (installation.Health is not { } health)
            return null;
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        var started = Stopwatch.GetTimestamp();
        for (var last = "it did not answer"; ; await Task.Delay(HealthPause, cancellation))
        {
            try
            {
                using var answer = await http.GetAsync(health, cancellation);
                if (answer.IsSuccessStatusCode)
                {
                    await installation.Output.WriteLineAsync($"{health} answers {(int)answer.StatusCode}");
                    return null;
                }
                last = $"it answered {(int)answer.StatusCode}";
            }
            catch (Exception away) when (away is HttpRequestException or TaskCanceledException && !cancellation.IsCancellationRequested)
            {
                last = "it did not answer";
            }
            if (Stopwatch.GetElapsedTime(started) >= installation.Timeout)
                return $"{health} was not healthy within {installation.Timeout.TotalSeconds:0} s ({last})";
        }
    }

    private static ModuleDatabase Known(string name) =>
        AppModules.All.SelectMany(module => module.Databases).SingleOrDefault(database => database.Name == name)
        ?? throw CommandException.Usage($"there is no database '{Failure.OneLine(name)}'; known are {string.Join(", ", AppModules.All.SelectMany(module => module.Databases).Select(database => database.Name))}.");

    private static string UrlOf(string connection)
    {
        var builder = new NpgsqlConnectionStringBuilder(connection);
        var password = builder.Password is { Length: > 0 } secret ? $":{Uri.EscapeDataString(secret)}" : "";
        var tls = builder.ShouldSerialize("SSL Mode") ? $"?sslmode={builder.SslMode.ToString().ToLowerInvariant()}" : "";
        return $"postgresql://{Uri.EscapeDataString(builder.Username ?? "")}{password}@{builder.Host}:{builder.Port}/{Uri.EscapeDataString(builder.Database ?? "")}{tls}";
    }

    private static string Described(string connection) => new NpgsqlConnectionStringBuilder(connection) is var builder ? $"{builder.Database} on {builder.Host}:{builder.Port}" : "";

    private static Installation Read(ParseResult parsed, Option<string> settings, Option<string?> restart, Option<string?> health, Option<double> timeout)
    {
        var address = parsed.GetValue(health);
        if (address is not null && (!Uri.TryCreate(address, UriKind.Absolute, out var parsedAddress) || parsedAddress.Scheme is not ("http" or "https")))
            throw CommandException.Usage("--health is not an http or https address.");
        return new Installation(
            new SettingsSwitch(parsed.GetValue(settings)!), parsed.GetValue(restart), address is null ? null : new Uri(address), TimeSpan.FromSeconds(parsed.GetValue(timeout)),
            parsed.InvocationConfiguration.Output);
    }

    private static Argument<string> NameArgument() => new("database") { Description = "Name of the database: users, platform or labeler." };

    private static (Option<string> Settings, Option<string?> Restart, Option<string?> Health, Option<double> Timeout) Options() => (
        new("--settings") { Description = "The settings file of the app: lines of NAME=VALUE. The previous value is kept beside it, in FILE.switch.", HelpName = "FILE", Required = true },
        new("--restart") { Description = "Restarts the app after the change; run by the shell.", HelpName = "COMMAND" },
        new("--health") { Description = "Has to answer 200 after the change, such as https://platform.example.com/health/ready.", HelpName = "URL" },
        NumberOption.Build("--timeout", "How long to wait for that.", 120.0, 0, 3600, "SECONDS"));
}
