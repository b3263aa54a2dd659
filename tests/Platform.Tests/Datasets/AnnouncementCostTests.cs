using Npgsql;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Platform.Tests.Datasets;

public sealed class AnnouncementCostTests(PlatformHost host) : PlatformTests(host)
{
    [Fact]
    public async Task Announcing_files_reads_only_indexes_also_after_an_empty_dataset_has_grown()
    {
        const int Batches = 8, BatchSize = 1_000, Single = 20;
        await using var app = await Host.StartAppAsync();
        using var owner = await Host.NewUserAsync(SystemRole.AdvancedEngineer, app);
        var dataset = await owner.NewDatasetAsync();

        // A plan is kept at the sixth time, of tables that are empty then.
        await AnnounceOneByOneAsync("before");
        for (var batch = 0; batch < Batches; batch++)
            (await owner.AnnounceAsync(dataset, Enumerable.Range(0, BatchSize).Select(i => ($"batch/{batch}_{i}.png", new byte[1])))).Expect(200);
        await AnnounceOneByOneAsync("after");

        // What the app's connections did counts when they have ended.
        await app.StopAsync();
        await using var database = new NpgsqlConnection(TestDatabases.ConnectionString(app.Databases.Platform));
        await database.OpenAsync();
        await Waiting.UntilAsync(async () => await ReadAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()") == 1, "the app's connections have ended");
        const string Tables = "FROM pg_stat_user_tables WHERE relname IN ('dataset_uploads', 'dataset_images', 'dataset_version_images')";
        Assert.True(await ReadAsync($"SELECT max(idx_scan) {Tables}") >= Batches * BatchSize);
        Assert.InRange(await ReadAsync($"SELECT max(seq_tup_read) {Tables}"), 0, Batches * BatchSize);

        async Task<long> ReadAsync(string sql)
        {
            await using var read = new NpgsqlCommand(sql, database);
            return (long)(await read.ExecuteScalarAsync())!;
        }

        async Task AnnounceOneByOneAsync(string folder)
        {
            for (var i = 0; i < Single; i++)
                (await owner.AnnounceAsync(dataset, [($"{folder}/{i}.png", new byte[1])])).Expect(200);
        }
    }
}
