using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Cli.Tests.Storage;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Tests.Moves;

/// <summary>
/// Copies, restores and syncs that are killed at random moments and resumed: three times, or twenty with LONG_TESTS=1. pg_dump and rclone judge what comes
/// out. MOVES_SEED repeats the moments of a run as far as the machine does.
/// </summary>
[Trait("Category", "Moves")]
public sealed partial class RandomKillTests(PostgresServer postgres, ITestOutputHelper log) : IAsyncLifetime
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("LONG_TESTS") == "1";
    private static readonly int Kills = IsLong ? 20 : 3;

    private readonly CliProgram _cli = new();
    private readonly List<ObjectStore> _stores = [];
    private readonly int _seed = int.TryParse(Environment.GetEnvironmentVariable("MOVES_SEED"), out var seed) ? seed : Random.Shared.Next();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        // rclone refuses it.
        _cli.Environment["AWS_CA_BUNDLE"] = null;
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await foreach (var left in store.ListMultipartsAsync("", CancellationToken.None))
                await store.AbortMultipartAsync(left.Key, left.UploadId, CancellationToken.None);
            var keys = new List<string>();
            await foreach (var found in store.ListAsync("", CancellationToken.None))
                keys.Add(found.Key);
            await store.DeleteAsync(keys, CancellationToken.None);
            await store.DeleteBucketAsync(CancellationToken.None);
            store.Dispose();
        }
        _cli.Dispose();
    }

    [Fact]
    public async Task A_copy_that_is_killed_again_and_again_ends_with_equal_dumps()
    {
        var source = await SourceAsync();
        _cli.Environment["OLD_URL"] = source;

        await KillAndResumeAsync(
            async () => _cli.Environment["NEW_URL"] = await postgres.NewDatabaseAsync(), ["database", "copy", "env:OLD_URL", "env:NEW_URL", "--parallel", "2"],
            async () => Assert.Equal(await DumpAsync(source), await DumpAsync(_cli.Environment["NEW_URL"]!)));
    }

    [Fact]
    public async Task A_restore_that_is_killed_again_and_again_ends_with_equal_dumps()
    {
        var source = await SourceAsync();
        _cli.Environment["DATABASE_URL"] = source;
        foreach (var name in new[] { "USER_DATABASE_URL", "LABELER_DATABASE_URL" })
            _cli.Environment[name] = await postgres.NewDatabaseAsync();
        _cli.Environment["BACKUP_BUCKET"] = (await BucketAsync("test-kills")).Bucket;
        var taken = await _cli.RunAsync("backup", "run", "platform");
        Assert.True(taken.ExitCode == ExitCode.Success, taken.All);

        await KillAndResumeAsync(
            async () => _cli.Environment["EMPTY_URL"] = await postgres.NewDatabaseAsync(), ["backup", "restore", "platform", "latest", "--into", "env:EMPTY_URL"],
            async () => Assert.Equal(await DumpAsync(source), await DumpAsync(_cli.Environment["EMPTY_URL"]!)));
    }

    [Fact]
    public async Task A_sync_that_is_killed_again_and_again_ends_with_equal_buckets()
    {
        var first = Settings();
        var source = await BucketAsync("test-old");
        await Parallel.ForAsync(0, 300, Cancellation, async (n, stop) => await source.PutAsync($"small/{n:d4}", RandomNumberGenerator.GetBytes(1000 + n), "image/png", stop));
        for (var n = 0; n < 3; n++)
            await source.PutAsync($"large/{n}", new MemoryStream(RandomNumberGenerator.GetBytes(20_000_000 + n)), "application/x-weights", Cancellation);
        Name("OLD", first with { Bucket = source.Bucket });
        var target = "";

        await KillAndResumeAsync(
            async () =>
            {
                var second = SecondStore.Of(first) with { Bucket = $"test-new-{Guid.CreateVersion7():n}" };
                var store = new ObjectStore(second, TimeProvider.System);
                await store.CreateBucketAsync(Cancellation);
                _stores.Add(store);
                Name("NEW", second);
                target = second.Bucket;
            },
            ["storage", "sync", "env:OLD", "env:NEW", "--bandwidth", "30M"],
            async () =>
            {
                var check = await _cli.ShellAsync($"rclone check old:{source.Bucket} new:{target} --download");
                Assert.True(check.ExitCode == 0, check.All);
                Assert.Contains("0 differences found", check.Error);
            });
    }

    /// <summary>Kills and resumes one operation until it ends, then another one, until there were enough kills. Each result is judged.</summary>
    private async Task KillAndResumeAsync(Func<Task> prepare, string[] command, Func<Task> judge)
    {
        var random = new Random(_seed);
        log.WriteLine($"MOVES_SEED={_seed}");
        await prepare();
        var clock = Stopwatch.StartNew();
        var whole = await _cli.RunAsync(command);
        Assert.True(whole.ExitCode == ExitCode.Success, whole.All);
        var length = clock.Elapsed;
        await judge();
        for (var kills = 0; kills < Kills;)
        {
            await prepare();
            for (string? id = null; ;)
            {
                var error = new StringBuilder();
                string[] arguments = id is null ? command : [.. command, "--resume", id];
                var exit = kills < Kills ? await _cli.KillAfterAsync(length * (0.2 + (0.8 * random.NextDouble())), error, arguments) : (await EndAsync(arguments, error));
                if (exit is null)
                {
                    kills++;
                    // Killed before it had begun if it has no id yet.
                    id ??= Id().Match(error.ToString()) is { Success: true } found ? found.Value : null;
                    continue;
                }
                // Killed after the work, before it could say so.
                if (exit == ExitCode.Usage && error.ToString().Contains("there is no operation", StringComparison.Ordinal))
                    break;
                Assert.True(exit == ExitCode.Success, error.ToString());
                break;
            }
            await judge();
        }
    }

    private async Task<int?> EndAsync(string[] arguments, StringBuilder error)
    {
        var run = await _cli.RunAsync(arguments);
        error.Append(run.All);
        return run.ExitCode;
    }

    private async Task<string> SourceAsync()
    {
        var url = await postgres.NewDatabaseAsync();
        await using var connection = new NpgsqlConnection(PostgresServer.KeyValue(url));
        await connection.OpenAsync(Cancellation);
        var rows = IsLong ? 200_000 : 30_000;
        await using var command = new NpgsqlCommand($"""
            CREATE TABLE parents (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text UNIQUE, body text);
            INSERT INTO parents (name, body) SELECT n::text, repeat(md5(n::text), 8) FROM generate_series(1, {rows}) n;
            CREATE TABLE children (id int PRIMARY KEY, parent bigint REFERENCES parents, amounts numeric[]); CREATE INDEX ON children (parent);
            INSERT INTO children SELECT n, n, ARRAY[n, n / 7.0] FROM generate_series(1, {rows}) n;
            CREATE TABLE small (id int PRIMARY KEY); INSERT INTO small SELECT generate_series(1, 100); CREATE VIEW both_of AS SELECT p.name, c.id FROM parents p JOIN children c ON c.parent = p.id;
            SELECT lo_from_bytea(0, sha512('large')) FROM generate_series(1, 20);
            """, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(Cancellation);
        return url;
    }

    private async Task<string> DumpAsync(string url)
    {
        var dump = await _cli.ShellAsync($"pg_dump '{url}' | grep -v 'restrict '");
        Assert.True(dump.ExitCode == 0, dump.Error);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dump.Output)));
    }

    private static BucketSettings Settings() => StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()).External;

    private async Task<ObjectStore> BucketAsync(string name)
    {
        var store = new ObjectStore(Settings() with { Bucket = $"{name}-{Guid.CreateVersion7():n}" }, TimeProvider.System);
        await store.CreateBucketAsync(Cancellation);
        _stores.Add(store);
        return store;
    }

    private void Name(string name, BucketSettings settings)
    {
        foreach (var (part, value) in new[] { ("ENDPOINT", settings.Endpoint.ToString()), ("ACCESS_KEY", settings.AccessKey), ("SECRET_KEY", settings.SecretKey), ("BUCKET", settings.Bucket) })
            _cli.Environment[$"{name}_{part}"] = value;
        foreach (var (part, value) in new[] { ("TYPE", "s3"), ("PROVIDER", "Ceph"), ("ENDPOINT", settings.Endpoint.ToString()), ("ACCESS_KEY_ID", settings.AccessKey), ("SECRET_ACCESS_KEY", settings.SecretKey), ("NO_CHECK_BUCKET", "true") })
            _cli.Environment[$"RCLONE_CONFIG_{name}_{part}"] = value;
    }

    [GeneratedRegex("(copydatabase|restorebackup|syncstorage)-[0-9a-f]+")]
    private static partial Regex Id();
}
