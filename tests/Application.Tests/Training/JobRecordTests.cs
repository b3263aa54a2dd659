using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>Logs and metrics of a job, in the database and after they were moved to object storage.</summary>
public sealed class JobRecordTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>, IAsyncLifetime
{
    private static readonly LogQuery All = new(0, null, null, null, null, false);

    private readonly string _bucket = $"test-{Guid.CreateVersion7():n}";
    private ObjectStores _stores = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        _stores = new ObjectStores(settings with { External = settings.External with { Bucket = _bucket }, Internal = settings.Internal with { Bucket = _bucket } }, TimeProvider.System);
        await _stores.Internal.CreateBucketAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        var keys = new List<string>();
        await foreach (var found in _stores.Internal.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        await _stores.Internal.DeleteAsync(keys, CancellationToken.None);
        await _stores.Internal.Client.DeleteBucketAsync(_bucket);
        _stores.Dispose();
    }

    [Fact]
    public async Task Every_page_is_the_same_after_logs_and_metrics_have_left_the_database()
    {
        var jobId = await EndedJobAsync(lines: 12_000);
        LogQuery[] queries =
        [
            All, All with { Last = true }, All with { Levels = ["error"] }, All with { Levels = ["warning", "error"], Last = true }, All with { Search = "LINE 7777" }, All with { Search = "100%" },
            All with { Search = "no line has this" }, All with { Attempt = 2 },
        ];
        var first = (await LogAsync(jobId, All, 1))[0].Id;
        queries = [.. queries, All with { After = first + 5000 }, All with { Before = first + 5001 }, All with { After = first + 20, Before = first + 4000, Levels = ["error"] }];
        var before = new List<List<string>>();
        foreach (var query in queries)
            before.Add(Texts(await LogAsync(jobId, query, 70)));
        var (events, epochs) = (await EventsAsync(jobId), await EpochsAsync(jobId));
        Assert.Equal("line 1", before[0][0]);
        Assert.Equal("line 12000", before[1][^1]);
        Assert.Equal(["line 7777"], before[4]);
        Assert.Equal("line 5001", before[9][^1]);

        Assert.True(await KeepingAsync(TimeSpan.Zero, keeping => keeping.RemoveOldAsync(Cancellation)) >= 1);

        await using (var database = training.Open())
        {
            Assert.False(await database.JobEvents.AnyAsync(entry => entry.JobId == jobId, Cancellation));
            Assert.False(await database.EpochMetrics.AnyAsync(epoch => epoch.JobId == jobId, Cancellation));
        }
        foreach (var (query, texts) in queries.Zip(before))
            Assert.Equal(texts, Texts(await LogAsync(jobId, query, 70)));
        Assert.Equal(events, await EventsAsync(jobId));
        Assert.Equal(epochs, await EpochsAsync(jobId));
    }

    [Fact]
    public async Task Records_stay_in_the_database_for_the_time_of_the_setting_and_what_came_after_they_were_stored_is_not_lost()
    {
        var jobId = await EndedJobAsync(lines: 10);
        await KeepingAsync(TimeSpan.FromDays(30), async keeping =>
        {
            await keeping.StoreAsync(jobId, Cancellation);
            return 0;
        });
        await AppendAsync(jobId, 11, 11);

        await KeepingAsync(TimeSpan.FromDays(30), keeping => keeping.RemoveOldAsync(Cancellation));
        await using (var database = training.Open())
            Assert.True(await database.JobEvents.AnyAsync(entry => entry.JobId == jobId, Cancellation));
        await KeepingAsync(TimeSpan.Zero, keeping => keeping.RemoveOldAsync(Cancellation));

        Assert.Equal("line 11", Texts(await LogAsync(jobId, All, 100))[^1]);
        Assert.Equal(11, (await LogAsync(jobId, All, 100)).Count);
    }

    private async Task<Guid> EndedJobAsync(int lines)
    {
        var (job, attempt) = await training.QueueAsync();
        await training.ReportAsync(
            attempt.Id, EventIngestTests.Event(1, "started"),
            EventIngestTests.Event(2, "metrics") with { Epoch = 1, Metrics = new() { ["loss"] = 0.5, ["val_loss"] = double.NaN } },
            EventIngestTests.Event(3, "metrics") with { Epoch = 2, Metrics = new() { ["loss"] = 0.25 }, EpochSeconds = 1.5 });
        await AppendAsync(job.Id, 1, lines);
        await using var database = training.Open();
        await database.Database.ExecuteSqlAsync($"UPDATE training_jobs SET state = 'completed', completed_at = now() - interval '1 hour' WHERE id = {job.Id}");
        return job.Id;
    }

    private async Task AppendAsync(Guid jobId, int from, int to)
    {
        await using var database = training.Open();
        await database.Database.ExecuteSqlAsync(
            $$"""
            INSERT INTO job_events (job_id, type, data, time)
            SELECT {{jobId}}, 'log', jsonb_build_object('attempt', CASE WHEN i > 9000 THEN 2 ELSE 1 END, 'source', 'trainer', 'time', now(),
                'level', CASE WHEN i % 1000 = 7 THEN 'error' WHEN i % 100 = 3 THEN 'warning' ELSE 'info' END, 'message', CASE WHEN i % 2000 = 9 THEN 'done: 100% of ' ELSE 'line ' END || i), now()
            FROM generate_series({{from}}, {{to}}) i
            """);
    }

    private async Task<List<JobEvent>> LogAsync(Guid jobId, LogQuery query, int limit)
    {
        await using var database = training.Open();
        return await new JobRecords(database, _stores).LogAsync(jobId, query, limit, Cancellation);
    }

    private async Task<List<string>> EventsAsync(Guid jobId)
    {
        await using var database = training.Open();
        return (await new JobRecords(database, _stores).EventsAsync(jobId, 0, 100_000, Cancellation)).ConvertAll(entry => $"{entry.Id} {entry.Type} {entry.Time:O} {JsonSerializer.Serialize(entry.Data)}");
    }

    private async Task<List<string>> EpochsAsync(Guid jobId)
    {
        await using var database = training.Open();
        return (await new JobRecords(database, _stores).EpochsAsync(jobId, Cancellation)).ConvertAll(epoch => JsonSerializer.Serialize(epoch));
    }

    private async Task<int> KeepingAsync(TimeSpan inDatabase, Func<JobRecordKeeping, Task<int>> run)
    {
        await using var database = training.Open();
        var settings = new TrainerSettings(new Dictionary<string, Uri>(), null, new Uri("http://127.0.0.1:1/"), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), 1, TimeSpan.Zero, 150) { RecordsInDatabase = inDatabase };
        return await run(new JobRecordKeeping(database, _stores, settings, TimeProvider.System));
    }

    private static List<string> Texts(List<JobEvent> lines) => lines.ConvertAll(line => line.Data.GetProperty("message").GetString()!);
}
