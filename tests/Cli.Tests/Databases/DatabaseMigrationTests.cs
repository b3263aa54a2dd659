using Microsoft.Extensions.Configuration;
using VisionPlatform.Cli.Databases;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Tests;

namespace VisionPlatform.Cli.Tests.Databases;

public sealed class DatabaseMigrationTests(PostgresServer postgres)
{
    private readonly StringWriter _output = new() { NewLine = "\n" };

    [Fact]
    public async Task Migrations_are_applied_once_with_a_line_for_each_and_a_second_run_changes_nothing()
    {
        var target = Platform(await postgres.NewDatabaseAsync());

        await MigrateAsync(target, _output);
        var second = new StringWriter();
        await MigrateAsync(target, second);

        Assert.All(Lines(_output), line => Assert.Contains(": applied ", line));
        Assert.NotEmpty(Lines(_output));
        Assert.Contains("up to date", Assert.Single(Lines(second)));
        Assert.True(await new DatabaseMigration(target, TimeProvider.System).ShowStatusAsync(TimeSpan.Zero, _output, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Two_runs_at_the_same_time_create_and_migrate_a_missing_database_once()
    {
        var existing = new Uri(await postgres.NewDatabaseAsync());
        var target = Platform(new UriBuilder(existing) { Path = "absent_" + Guid.NewGuid().ToString("N") }.Uri.ToString());
        using StringWriter first = new(), second = new();

        await Task.WhenAll(MigrateAsync(target, first), MigrateAsync(target, second));

        string[] lines = [.. Lines(first), .. Lines(second)];
        Assert.Single(lines, line => line.Contains(": created the database"));
        Assert.Single(lines, line => line.Contains("up to date"));
        Assert.Equal(lines.Length, lines.Distinct().Count());
    }

    [Fact]
    public async Task Status_lists_the_missing_migrations_and_says_when_the_database_does_not_exist()
    {
        var url = await postgres.NewDatabaseAsync();

        Assert.False(await new DatabaseMigration(Platform(url), TimeProvider.System).ShowStatusAsync(TimeSpan.Zero, _output, TestContext.Current.CancellationToken));
        Assert.False(await new DatabaseMigration(Platform(url + "_none"), TimeProvider.System).ShowStatusAsync(TimeSpan.Zero, _output, TestContext.Current.CancellationToken));

        Assert.Contains(Lines(_output), line => line.StartsWith("  missing  ", StringComparison.Ordinal));
        Assert.Contains("does not exist", Lines(_output)[^1]);
    }

    [Fact]
    public async Task A_server_that_does_not_answer_in_time_is_reported_without_its_password()
    {
        var target = Platform($"postgresql://app:secret-word@127.0.0.1:{LoopbackPort.Free()}/platform");

        var failure = await Assert.ThrowsAsync<CommandException>(() => MigrateAsync(target, _output, TimeSpan.Zero));

        Assert.Equal(ExitCode.Unavailable, failure.ExitCode);
        Assert.Contains("no PostgreSQL server answers at 127.0.0.1", failure.Message);
        Assert.DoesNotContain("secret-word", failure.Message);
    }

    [Fact]
    public async Task A_wrong_password_fails_at_once_without_waiting()
    {
        var url = new Uri(await postgres.NewDatabaseAsync());

        var failure = await Assert.ThrowsAsync<CommandException>(
            () => MigrateAsync(Platform(new UriBuilder(url) { Password = "wrong" }.Uri.ToString()), _output, TimeSpan.FromMinutes(10)));

        Assert.Equal(ExitCode.Failed, failure.ExitCode);
        Assert.Contains("28P01", failure.Message);
    }

    private static MigrationTarget Platform(string url) => MigrationTarget.Of(
        VisionPlatform.Infrastructure.Persistence.Databases.OfPlatform,
        DatabaseSettings.ConnectionString(new ConfigurationBuilder().AddInMemoryCollection([new("URL", url)]).Build(), "URL"));

    private static Task MigrateAsync(MigrationTarget target, TextWriter output, TimeSpan? timeout = null) =>
        new DatabaseMigration(target, TimeProvider.System).MigrateAsync(timeout ?? TimeSpan.FromMinutes(5), output, TestContext.Current.CancellationToken);

    private static string[] Lines(StringWriter output) => output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
