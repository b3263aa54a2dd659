using System.Text.Json;
using System.Text.RegularExpressions;
using Npgsql;
using VisionPlatform.Functions.Embedded.Tests;

namespace VisionPlatform.Cli.Tests.Databases;

public sealed partial class CopyCommandTests(PostgresServer postgres) : IAsyncLifetime
{
    private readonly CliProgram _cli = new();
    private string _source = "";
    private string _target = "";

    public async ValueTask InitializeAsync()
    {
        (_source, _target) = (await postgres.NewDatabaseAsync(), await postgres.NewDatabaseAsync());
        (_cli.Environment["OLD_URL"], _cli.Environment["NEW_URL"]) = (_source, _target);
        await ExecuteAsync(_source, """
            CREATE TABLE images (id int PRIMARY KEY, name text); CREATE TABLE labels (id int PRIMARY KEY, image int REFERENCES images);
            INSERT INTO images SELECT n, md5(n::text) FROM generate_series(1, 50000) n; INSERT INTO labels SELECT n, n FROM generate_series(1, 50000) n;
            """);
    }

    public ValueTask DisposeAsync()
    {
        _cli.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_dry_run_says_what_would_be_copied_and_changes_nothing()
    {
        var run = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NEW_URL", "--dry-run");

        Assert.Equal(ExitCode.Success, run.ExitCode);
        Assert.Contains("2 tables with", run.Output);
        Assert.EndsWith("the copy can begin\n", run.Output);
        Assert.Equal(0L, await ScalarAsync(_target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    public async Task A_copy_is_reported_and_both_sides_compare_equal_until_one_changes()
    {
        var copied = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NEW_URL", "--json");

        Assert.Equal(ExitCode.Success, copied.ExitCode);
        Assert.Equal(100_000, JsonDocument.Parse(copied.Output).RootElement.GetProperty("rows").GetInt64());
        var same = await _cli.RunAsync("database", "verify", "env:OLD_URL", "env:NEW_URL");
        Assert.Equal((ExitCode.Success, "the same 100000 rows in 2 tables\n"), (same.ExitCode, same.Output));

        await ExecuteAsync(_target, "UPDATE images SET name = 'x' WHERE id = 7; DELETE FROM labels WHERE id = 7");
        var other = await _cli.RunAsync("database", "verify", "env:OLD_URL", "env:NEW_URL");
        Assert.Equal(
            (ExitCode.Failed, "public.images has 50000 rows on both sides, but their content differs\npublic.labels has 50000 rows in the first and 49999 in the second\n"),
            (other.ExitCode, other.Output));
    }

    [Theory]
    [InlineData("compare source and target")]
    [InlineData("make 2 tables")]
    [InlineData("copy rows")]
    [InlineData("make indexes")]
    [InlineData("compare the rows")]
    public async Task A_copy_that_was_killed_goes_on_with_its_id(string phase)
    {
        var killed = await _cli.KillAtAsync(phase, "database", "copy", "env:OLD_URL", "env:NEW_URL", "--parallel", "1");
        var id = Id().Match(killed).Value;

        var resumed = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NEW_URL", "--parallel", "1", "--resume", id);

        Assert.True(resumed.ExitCode == ExitCode.Success, resumed.All);
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "verify", "env:OLD_URL", "env:NEW_URL")).ExitCode);
        Assert.Equal(50_000L, await ScalarAsync(_target, "SELECT count(*) FROM labels JOIN images ON images.id = labels.image"));
        Assert.Empty(Directory.GetFiles(Path.Combine(_cli.Folder, "operations")));
    }

    [Fact]
    public async Task A_copy_is_resumed_only_as_it_was_started_and_by_an_id_that_exists()
    {
        var killed = await _cli.KillAtAsync("copy rows", "database", "copy", "env:OLD_URL", "env:NEW_URL");
        var id = Id().Match(killed).Value;

        var other = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NEW_URL", "--replace", "x", "--resume", id);
        var none = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NEW_URL", "--resume", "../../etc/passwd");
        var anew = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NEW_URL");

        Assert.Equal((ExitCode.Usage, ExitCode.Usage, ExitCode.Failed), (other.ExitCode, none.ExitCode, anew.ExitCode));
        Assert.Contains("was started with other arguments", other.Error);
        Assert.Contains($"the target holds the unfinished copy {id}", anew.Error);
    }

    [Fact]
    public async Task Critical_tables_are_those_that_the_modules_declare_and_verify_looks_only_at_them()
    {
        foreach (var name in new[] { "USER_DATABASE_URL", "DATABASE_URL", "LABELER_DATABASE_URL" })
            _cli.Environment[name] = await postgres.NewDatabaseAsync();
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
        await ExecuteAsync(_cli.Environment["USER_DATABASE_URL"]!, """
            INSERT INTO organizations (id, name, created_at, updated_at) VALUES (gen_random_uuid(), 'kept', now(), now());
            INSERT INTO sign_in_failures (key_hash, count, last_at) VALUES ('left', 1, now());
            """);

        var copied = await _cli.RunAsync("database", "copy", "users", "env:NEW_URL", "--tables", "critical");
        var same = await _cli.RunAsync("database", "verify", "users", "env:NEW_URL", "--tables", "critical");
        var all = await _cli.RunAsync("database", "verify", "users", "env:NEW_URL");
        var other = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NEW_URL", "--tables", "critical", "--dry-run");

        Assert.True(copied.ExitCode == ExitCode.Success, copied.All);
        Assert.Contains("8 tables are made without their rows: public.idempotent_answers", copied.Output);
        Assert.Equal((1L, 0L), (await ScalarAsync(_target, "SELECT count(*) FROM organizations"), await ScalarAsync(_target, "SELECT count(*) FROM sign_in_failures")));
        Assert.Equal(ExitCode.Success, same.ExitCode);
        Assert.Equal((ExitCode.Failed, "public.sign_in_failures has 1 rows in the first and 0 in the second\n"), (all.ExitCode, all.Output));
        Assert.Contains("'critical' means tables of this product", other.Error);
    }

    [Fact]
    public async Task Nothing_that_is_printed_holds_a_password()
    {
        _cli.Environment["NEW_URL"] = new UriBuilder(_target) { Password = "hunter2-wrong" }.Uri.ToString();

        var wrong = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NEW_URL");
        var noUrl = await _cli.RunAsync("database", "copy", "env:OLD_URL", "postgresql://hunter2@");
        var unset = await _cli.RunAsync("database", "copy", "env:OLD_URL", "env:NOT_SET");

        Assert.Equal((ExitCode.Failed, ExitCode.Usage, ExitCode.Usage), (wrong.ExitCode, noUrl.ExitCode, unset.ExitCode));
        Assert.Contains("the target refuses the connection", wrong.Error);
        Assert.DoesNotContain("hunter2", wrong.All + noUrl.All);
        Assert.DoesNotContain("hunter2", string.Concat(Directory.GetFiles(Path.Combine(_cli.Folder, "operations")).Select(File.ReadAllText)));
    }

    [GeneratedRegex("copydatabase-[0-9a-f]+")]
    private static partial Regex Id();

    private static async Task ExecuteAsync(string url, string sql) => await ScalarAsync(url, sql);

    private static async Task<object?> ScalarAsync(string url, string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.KeyValue(url));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
    }
}
