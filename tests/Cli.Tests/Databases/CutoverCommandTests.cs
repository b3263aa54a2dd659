using System.Net;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Tests;

namespace VisionPlatform.Cli.Tests.Databases;

/// <summary>A settings file, a database to go to, and an app whose health depends on what the file says.</summary>
public sealed class CutoverCommandTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly CliProgram _cli = new();
    private readonly HttpListener _app = new();
    private string _health = "";
    private string _old = "";
    private string _new = "";
    private Func<string, bool> _isHealthy = _ => true;

    private string SettingsFile => Path.Combine(_cli.Folder, "platform.env");

    public async ValueTask InitializeAsync()
    {
        (_old, _new) = (await postgres.NewDatabaseAsync(), await postgres.NewDatabaseAsync());
        await File.WriteAllTextAsync(SettingsFile, $"# the platform\nPORT=7071\nDATABASE_URL={_old}\nMODULES=platform\n");
        _cli.Environment["NEW_URL"] = _new;
        _cli.Environment["DATABASE_URL"] = _new;
        _cli.Environment["USER_DATABASE_URL"] = await postgres.NewDatabaseAsync();
        _cli.Environment["LABELER_DATABASE_URL"] = await postgres.NewDatabaseAsync();
        var port = LoopbackPort.Free();
        _health = $"http://127.0.0.1:{port}/health/ready";
        _app.Prefixes.Add($"http://127.0.0.1:{port}/");
        _app.Start();
        _ = AnswerAsync();
    }

    public ValueTask DisposeAsync()
    {
        _app.Close();
        _cli.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_cutover_changes_one_line_restarts_the_app_and_can_be_rolled_back()
    {
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
        var before = await File.ReadAllTextAsync(SettingsFile);

        var cutover = await _cli.RunAsync("database", "cutover", "platform", "env:NEW_URL", "--settings", "platform.env", "--restart", "echo restarted >> restarts", "--health", _health);

        Assert.True(cutover.ExitCode == ExitCode.Success, cutover.All);
        Assert.Equal(before.Replace(_old, _new, StringComparison.Ordinal), await File.ReadAllTextAsync(SettingsFile));
        Assert.Equal("restarted\n", await File.ReadAllTextAsync(Path.Combine(_cli.Folder, "restarts")));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(SettingsFile + ".switch"));
        Assert.DoesNotContain(new Uri(_new).UserInfo.Split(':')[1], cutover.All);

        var rollback = await _cli.RunAsync("database", "rollback", "platform", "--settings", "platform.env");
        var nothing = await _cli.RunAsync("database", "rollback", "platform", "--settings", "platform.env");

        Assert.Equal((ExitCode.Success, ExitCode.Usage), (rollback.ExitCode, nothing.ExitCode));
        Assert.Equal(before, await File.ReadAllTextAsync(SettingsFile));
        Assert.False(File.Exists(SettingsFile + ".switch"));
    }

    [Fact]
    public async Task An_app_that_is_not_healthy_with_the_new_database_goes_back_by_itself()
    {
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
        var before = await File.ReadAllTextAsync(SettingsFile);
        _isHealthy = settings => settings.Contains(_old, StringComparison.Ordinal);

        var run = await _cli.RunAsync("database", "cutover", "platform", "env:NEW_URL", "--settings", "platform.env", "--health", _health, "--timeout", "1");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains($"{_health} was not healthy within 1 s (it answered 503); DATABASE_URL is back to what it was, and the app is healthy with it", run.Error);
        Assert.Equal(before, await File.ReadAllTextAsync(SettingsFile));
    }

    [Fact]
    public async Task A_database_without_the_schema_is_not_switched_to()
    {
        var before = await File.ReadAllTextAsync(SettingsFile);

        var run = await _cli.RunAsync("database", "cutover", "platform", "env:NEW_URL", "--settings", "platform.env");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("does not have the schema of this release; nothing was changed", run.Error);
        Assert.Equal(before, await File.ReadAllTextAsync(SettingsFile));
    }

    private async Task AnswerAsync()
    {
        try
        {
            while (true)
            {
                var call = await _app.GetContextAsync();
                call.Response.StatusCode = _isHealthy(await File.ReadAllTextAsync(SettingsFile)) ? 200 : 503;
                call.Response.Close();
            }
        }
        catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
        {
        }
    }
}
