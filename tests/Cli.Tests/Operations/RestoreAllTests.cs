using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Tests.Operations;

/// <summary><c>backup restore-all</c> makes one installation from the backups of another.</summary>
public sealed class RestoreAllTests(PostgresServer postgres) : IAsyncLifetime
{
    private static readonly string[] Settings = ["USER_DATABASE_URL", "DATABASE_URL", "LABELER_DATABASE_URL"];

    private readonly CliProgram _cli = new();
    private readonly Dictionary<string, string> _production = [];
    private readonly Dictionary<string, string> _laptop = [];
    private readonly string _bucket = $"test-restore-all-{Guid.CreateVersion7():n}";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var setting in Settings)
            (_production[setting], _laptop[setting]) = (await postgres.NewDatabaseAsync(), await postgres.NewDatabaseAsync());
        (_cli.Environment["BACKUP_BUCKET"], _cli.Environment["BACKUP_ENCRYPTION_KEY"]) = (_bucket, Convert.ToBase64String(new byte[32]));
    }

    public async ValueTask DisposeAsync()
    {
        using var store = new ObjectStore(StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()).External with { Bucket = _bucket }, TimeProvider.System);
        await store.CreateBucketAsync(CancellationToken.None);
        var keys = new List<string>();
        await foreach (var stored in store.ListAsync("", CancellationToken.None))
            keys.Add(stored.Key);
        await store.DeleteAsync(keys, CancellationToken.None);
        await store.DeleteBucketAsync(CancellationToken.None);
        _cli.Dispose();
    }

    [Fact]
    public async Task An_empty_installation_gets_everything_but_what_was_under_way_and_one_with_data_is_refused()
    {
        Use(_production);
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
        await ExecuteAsync(_production["USER_DATABASE_URL"], "INSERT INTO organizations (id, name, created_at, updated_at) VALUES (gen_random_uuid(), 'Cold mill', now(), now())");
        await ExecuteAsync(_production["USER_DATABASE_URL"], "INSERT INTO queued_mails (id, content, created_at, expires_at, next_attempt_at, attempts, deliver) VALUES (gen_random_uuid(), '', now(), now(), now(), 0, true)");
        await ExecuteAsync(_production["DATABASE_URL"], "CREATE SCHEMA durable; CREATE TABLE durable.instances (id int); INSERT INTO durable.instances VALUES (1)");
        var backup = await _cli.RunAsync("backup", "run");
        Assert.True(backup.ExitCode == ExitCode.Success, backup.All);

        Use(_laptop);
        var first = await _cli.RunAsync("backup", "restore-all");
        Assert.True(first.ExitCode == ExitCode.Success, first.All);
        Assert.Equal("Cold mill", await ScalarAsync("USER_DATABASE_URL", "SELECT name FROM organizations"));
        Assert.Equal(0L, await ScalarAsync("USER_DATABASE_URL", "SELECT count(*) FROM queued_mails"));
        Assert.Equal(0L, await ScalarAsync("DATABASE_URL", "SELECT count(*) FROM pg_namespace WHERE nspname = 'durable'"));
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "status")).ExitCode);

        await ExecuteAsync(_laptop["USER_DATABASE_URL"], "UPDATE organizations SET name = 'mine'");
        var refused = await _cli.RunAsync("backup", "restore-all");
        var misspelt = await _cli.RunAsync("backup", "restore-all", "--replace", "elsewhere:1");
        Assert.Equal((ExitCode.Failed, ExitCode.Usage), (refused.ExitCode, misspelt.ExitCode));
        Assert.Contains("rows", refused.Error);
        Assert.Equal("mine", await ScalarAsync("USER_DATABASE_URL", "SELECT name FROM organizations"));

        var server = new Uri(_laptop["USER_DATABASE_URL"]);
        var replaced = await _cli.RunAsync("backup", "restore-all", "--replace", $"{server.Host}:{server.Port}");
        Assert.True(replaced.ExitCode == ExitCode.Success, replaced.All);
        Assert.Equal("Cold mill", await ScalarAsync("USER_DATABASE_URL", "SELECT name FROM organizations"));
    }

    [Fact]
    public async Task A_wrong_key_leaves_the_installation_empty()
    {
        Use(_production);
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("database", "migrate")).ExitCode);
        Assert.Equal(ExitCode.Success, (await _cli.RunAsync("backup", "run")).ExitCode);
        Use(_laptop);
        _cli.Environment["BACKUP_ENCRYPTION_KEY"] = Convert.ToBase64String(Enumerable.Repeat((byte)1, 32).ToArray());

        var refused = await _cli.RunAsync("backup", "restore-all");

        Assert.Equal(ExitCode.Failed, refused.ExitCode);
        Assert.Contains("that can be read with this key", refused.Error);
        Assert.Equal(0L, await ScalarAsync("USER_DATABASE_URL", "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    private void Use(Dictionary<string, string> databases)
    {
        foreach (var (setting, url) in databases)
            _cli.Environment[setting] = url;
    }

    private async Task<object?> ScalarAsync(string setting, string sql)
    {
        await using var connection = await OpenAsync(_laptop[setting]);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private static async Task ExecuteAsync(string url, string sql)
    {
        await using var connection = await OpenAsync(url);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private static async Task<NpgsqlConnection> OpenAsync(string url)
    {
        var connection = new NpgsqlConnection(DatabaseSettings.Parse(url)!.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Cancellation);
        return connection;
    }
}
