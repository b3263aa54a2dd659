using Microsoft.Extensions.Configuration;
using Npgsql;
using VisionPlatform.Functions.Embedded.Tests;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Cli.Tests.Moves;

/// <summary>Sizes that take minutes; only with LONG_TESTS=1 (<c>./platform test moves</c>).</summary>
[Trait("Category", "Moves")]
public sealed class LongMovesTests(PostgresServer postgres, ITestOutputHelper log)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_million_rows_are_copied_backed_up_and_restored_with_equal_dumps()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("LONG_TESTS") == "1", "takes minutes: LONG_TESTS=1");
        using var cli = new CliProgram();
        var settings = Settings() with { Bucket = $"test-millions-{Guid.CreateVersion7():n}" };
        foreach (var name in new[] { "DATABASE_URL", "USER_DATABASE_URL", "LABELER_DATABASE_URL", "NEW_URL", "EMPTY_URL" })
            cli.Environment[name] = await postgres.NewDatabaseAsync();
        cli.Environment["BACKUP_BUCKET"] = settings.Bucket;
        await ExecuteAsync(cli.Environment["DATABASE_URL"]!, """
            CREATE TABLE millions (id bigint PRIMARY KEY, name text, at timestamptz, body text);
            INSERT INTO millions SELECT n, md5(n::text), '2026-01-01'::timestamptz + n * interval '1 s', repeat(md5(n::text), 10) FROM generate_series(1, 2000000) n; CREATE INDEX ON millions (name);
            """);
        try
        {
            foreach (var command in new[] { "database copy env:DATABASE_URL env:NEW_URL", "backup run platform", "backup restore platform latest --into env:EMPTY_URL" })
            {
                var (run, peak) = await cli.MeasureAsync(command.Split(' '));
                Assert.True(run.ExitCode == ExitCode.Success, run.All);
                log.WriteLine($"{command}: {peak >> 20} MB at most");
            }
            // A large table is loaded in parts side by side, so its rows lie in another order.
            var dumps = await cli.ShellAsync(
                "for url in \"$DATABASE_URL\" \"$NEW_URL\" \"$EMPTY_URL\"; do (pg_dump -s \"$url\"; pg_dump -a \"$url\" | LC_ALL=C sort) | grep -v 'restrict ' | md5sum; done | uniq | wc -l");
            Assert.Equal("1", dumps.Output.Trim());
        }
        finally
        {
            await RemoveAsync(settings);
        }
    }

    [Fact]
    public async Task A_hundred_thousand_keys_under_one_prefix_are_compared_in_200_MB()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("LONG_TESTS") == "1", "takes minutes: LONG_TESTS=1");
        using var cli = new CliProgram();
        var (source, target) = (Settings() with { Bucket = $"test-many-{Guid.CreateVersion7():n}" }, Settings() with { Bucket = $"test-none-{Guid.CreateVersion7():n}" });
        using var store = new ObjectStore(source, TimeProvider.System);
        using var empty = new ObjectStore(target, TimeProvider.System);
        await store.CreateBucketAsync(Cancellation);
        await empty.CreateBucketAsync(Cancellation);
        try
        {
            await Parallel.ForAsync(0, 100_000, new ParallelOptions { MaxDegreeOfParallelism = 32, CancellationToken = Cancellation }, async (n, stop) =>
                await store.PutAsync($"images/{n:d6} with a name as long as people give it.png", new byte[] { 1 }, "image/png", stop));
            foreach (var (name, bucket) in new[] { ("OLD", source), ("NEW", target) })
                foreach (var (part, value) in new[] { ("ENDPOINT", bucket.Endpoint.ToString()), ("ACCESS_KEY", bucket.AccessKey), ("SECRET_KEY", bucket.SecretKey), ("BUCKET", bucket.Bucket) })
                    cli.Environment[$"{name}_{part}"] = value;

            var (run, peak) = await cli.MeasureAsync("storage", "sync", "env:OLD", "env:NEW", "--dry-run");

            Assert.Contains("would copy 100000 objects", run.Output);
            log.WriteLine($"100,000 keys: {peak >> 20} MB at most");
            Assert.InRange(peak >> 20, 1, 200);
        }
        finally
        {
            await RemoveAsync(source);
            await RemoveAsync(target);
        }
    }

    private static BucketSettings Settings() => StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build()).External;

    private static async Task RemoveAsync(BucketSettings settings)
    {
        using var store = new ObjectStore(settings, TimeProvider.System);
        var keys = new List<string>();
        await foreach (var found in store.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        await store.DeleteAsync(keys, CancellationToken.None);
        await store.DeleteBucketAsync(CancellationToken.None);
    }

    private static async Task ExecuteAsync(string url, string sql)
    {
        await using var connection = new NpgsqlConnection(PostgresServer.KeyValue(url));
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
