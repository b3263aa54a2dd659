using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Tests.Training;

/// <summary>What trainers leave in the internal bucket.</summary>
public sealed class AttemptFilesTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>, IAsyncLifetime
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private readonly string _bucket = $"test-{Guid.CreateVersion7():n}";

    private ObjectStores _stores = null!;

    public async ValueTask InitializeAsync()
    {
        var settings = StorageSettings.From(new ConfigurationBuilder().AddEnvironmentVariables().Build());
        _stores = new ObjectStores(settings with { External = settings.External with { Bucket = _bucket }, Internal = settings.Internal with { Bucket = _bucket } }, TimeProvider.System);
        await _stores.Internal.CreateBucketAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await _stores.Internal.DeleteAsync(await KeysAsync(), CancellationToken.None);
        await _stores.Internal.Client.DeleteBucketAsync(_bucket);
        _stores.Dispose();
    }

    [Fact]
    public async Task Files_that_an_ended_attempt_never_reported_are_removed_when_its_urls_have_expired()
    {
        var (_, attempt) = await training.QueueAsync();
        var (reported, stray) = ($"{attempt.ArtifactPrefix}1/best.pt", $"{attempt.ArtifactPrefix}2/best.pt");
        foreach (var key in (string[])[reported, stray])
            await _stores.Internal.PutAsync(key, "weights"u8.ToArray(), "application/octet-stream", Cancellation);
        await training.ReportAsync(
            attempt.Id, new AttemptEvent { Seq = 1, Time = DateTimeOffset.UtcNow, Type = "started" },
            new AttemptEvent { Seq = 2, Time = DateTimeOffset.UtcNow, Type = "checkpoint", Epoch = 1, Name = "best.pt", Key = reported, Size = 7, Sha256 = "ab" },
            new AttemptEvent { Seq = 3, Time = DateTimeOffset.UtcNow, Type = "failed", Code = "OUT_OF_MEMORY", Message = "no" });

        await RemoveAsync(TimeSpan.FromHours(5));
        Assert.Equal([reported, stray], await KeysAsync());
        await RemoveAsync(TimeSpan.FromHours(6.5));

        Assert.Equal([reported], await KeysAsync());
        await using var database = training.Open();
        Assert.NotNull((await database.Attempts.SingleAsync(row => row.Id == attempt.Id, Cancellation)).FilesSweptAt);
    }

    [Fact]
    public async Task The_file_and_the_package_of_an_export_stay()
    {
        var attempt = await training.QueueExportAsync("torchvision");
        string[] keys = [$"{attempt.ArtifactPrefix}1/package.zip", $"{attempt.ArtifactPrefix}2/model.onnx", $"{attempt.ArtifactPrefix}3/model.onnx"];
        foreach (var key in keys)
            await _stores.Internal.PutAsync(key, "model"u8.ToArray(), "application/octet-stream", Cancellation);
        await training.ReportAsync(
            attempt.Id, new AttemptEvent { Seq = 1, Time = DateTimeOffset.UtcNow, Type = "started" },
            new AttemptEvent { Seq = 2, Time = DateTimeOffset.UtcNow, Type = "artifact", Kind = "package", Name = "package.zip", Key = keys[0], Size = 5, Sha256 = "ab" },
            new AttemptEvent { Seq = 3, Time = DateTimeOffset.UtcNow, Type = "artifact", Kind = "model", Name = "model.onnx", Key = keys[1], Size = 5, Sha256 = "ab" },
            new AttemptEvent { Seq = 4, Time = DateTimeOffset.UtcNow, Type = "failed", Code = "OUT_OF_MEMORY", Message = "no" });

        await RemoveAsync(TimeSpan.FromHours(6.5));

        Assert.Equal(keys[..2], await KeysAsync());
    }

    [Fact]
    public async Task Copies_that_nobody_took_are_removed_when_what_they_were_made_for_has_ended()
    {
        var ((ended, first), (_, second)) = (await training.QueueAsync(), await training.QueueAsync());
        var export = await training.QueueExportAsync("torchvision");
        string Copy(Attempt attempt, int number) => $"{Attempt.KeptPrefix(attempt.Kind, attempt.SubjectId)}{number}/file";
        foreach (var key in (string[])[Copy(first, 1), Copy(second, 1), Copy(export, 1), Copy(export, 2)])
            await _stores.Internal.PutAsync(key, "weights"u8.ToArray(), "application/octet-stream", Cancellation);
        foreach (var attempt in (Attempt[])[first, second, export])
            await training.ReportAsync(
                attempt.Id, new AttemptEvent { Seq = 1, Time = DateTimeOffset.UtcNow, Type = "started" },
                new AttemptEvent { Seq = 2, Time = DateTimeOffset.UtcNow, Type = "failed", Code = "OUT_OF_MEMORY", Message = "no" });
        await using var database = training.Open();
        await database.TrainingJobs.Where(job => job.Id == ended.Id).ExecuteUpdateAsync(set => set.SetProperty(job => job.CompletedAt, training.Now), Cancellation);
        await database.Exports.Where(row => row.Id == export.SubjectId)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.CompletedAt, training.Now).SetProperty(row => row.Key, Copy(export, 2)), Cancellation);

        await RemoveAsync(TimeSpan.FromHours(6.5));

        Assert.Equal(new[] { Copy(second, 1), Copy(export, 2) }.Order(StringComparer.Ordinal), (await KeysAsync()).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_files_of_an_attempt_that_runs_stay()
    {
        var (_, attempt) = await training.QueueAsync();
        await _stores.Internal.PutAsync(attempt.ArtifactPrefix + "1/best.pt", "weights"u8.ToArray(), "application/octet-stream", Cancellation);

        await RemoveAsync(TimeSpan.FromDays(2));

        Assert.Single(await KeysAsync());
    }

    [Fact]
    public async Task An_upload_in_parts_that_died_is_aborted_and_one_under_way_is_not()
    {
        var upload = await _stores.Internal.CreateMultipartAsync("checkpoints/a/1/b/best.pt", "application/octet-stream", Cancellation);
        var foreign = await _stores.Internal.CreateMultipartAsync("of another program", "application/octet-stream", Cancellation);

        Assert.Equal(0, await Files(TimeSpan.FromHours(23)).AbortUnfinishedAsync(Cancellation));
        Assert.Equal(1, await Files(TimeSpan.FromHours(25)).AbortUnfinishedAsync(Cancellation));

        var left = new List<string>();
        await foreach (var found in _stores.Internal.ListMultipartsAsync("", Cancellation))
            left.Add(found.UploadId);
        Assert.Equal([foreign], left);
        Assert.NotEqual(upload, foreign);
        await _stores.Internal.AbortMultipartAsync("of another program", foreign, Cancellation);
    }

    [Fact]
    public async Task Manifests_of_jobs_and_exports_go_when_these_have_ended()
    {
        var (ended, attempt) = await training.QueueAsync();
        var (waiting, _) = await training.QueueAsync();
        await training.ReportAsync(
            attempt.Id, new AttemptEvent { Seq = 1, Time = DateTimeOffset.UtcNow, Type = "started" },
            new AttemptEvent { Seq = 2, Time = DateTimeOffset.UtcNow, Type = "failed", Code = "OUT_OF_MEMORY", Message = "no" });
        await using var database = training.Open();
        await database.TrainingJobs.Where(job => job.Id == ended.Id).ExecuteUpdateAsync(set => set.SetProperty(job => job.State, JobState.Failed), Cancellation);
        var (running, done) = (await training.AddExportAsync(ended), await training.AddExportAsync(waiting));
        await database.Exports.Where(export => export.Id == done).ExecuteUpdateAsync(set => set.SetProperty(export => export.State, ExportState.Cancelled), Cancellation);
        string[] kept = [$"jobs/{waiting.Id}/manifest-ab.jsonl.gz", $"jobs/{running}/manifest-ab.jsonl.gz", $"jobs/{ended.Id}/of another program", "jobs/manifest-of another program"];
        foreach (var key in kept.Concat([$"jobs/{ended.Id}/manifest-ab.jsonl.gz", $"jobs/{ended.Id}/2/manifest-ab.jsonl.gz", $"jobs/{done}/manifest-ab.jsonl.gz"]))
            await _stores.Internal.PutAsync(key, "lines"u8.ToArray(), "application/gzip", Cancellation);

        var removed = await Files(TimeSpan.Zero).RemoveManifestsAsync(Cancellation);

        Assert.Equal(3, removed);
        Assert.Equal(kept.Order(StringComparer.Ordinal), (await KeysAsync()).Order(StringComparer.Ordinal));
    }

    private async Task RemoveAsync(TimeSpan later) => await Files(later).RemoveUnreportedAsync(Cancellation);

    private AttemptFiles Files(TimeSpan later) => new(training.Open(), _stores, new Later(later));

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var found in _stores.Internal.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }

    private sealed class Later(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
