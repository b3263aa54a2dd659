using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Settings;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Tests.Training;

public sealed class CheckpointRemovalTests(TrainingDatabase training) : IClassFixture<TrainingDatabase>, IAsyncLifetime
{
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
        await _stores.Internal.DeleteAsync(await KeysAsync(), CancellationToken.None);
        await _stores.Internal.Client.DeleteBucketAsync(_bucket);
        _stores.Dispose();
    }

    [Fact]
    public async Task Old_checkpoints_leave_the_store_and_the_database_except_those_that_other_jobs_go_on_from()
    {
        var (job, attempt) = await training.QueueAsync();
        await using (var database = training.Open())
        {
            for (var epoch = 1; epoch <= 4; epoch++)
            {
                var key = $"{attempt.ArtifactPrefix}epoch-{epoch}.pt";
                await _stores.Internal.PutAsync(key, "weights"u8.ToArray(), "application/octet-stream", Cancellation);
                database.Checkpoints.Add(new Checkpoint
                {
                    JobId = job.Id, Attempt = 1, Epoch = epoch, Name = $"epoch-{epoch}.pt", Key = key, Size = 7, Sha256 = "ab", Best = epoch == 2, Metrics = [], CreatedAt = DateTimeOffset.UtcNow - TimeSpan.FromDays(8),
                });
            }
            database.TrainingJobs.Add(new TrainingJob
            {
                ProjectId = job.ProjectId, DatasetVersionId = job.DatasetVersionId, Name = "clone", Framework = job.Framework, Model = job.Model, TaskType = job.TaskType, Config = [], CreatedBy = job.CreatedBy,
                ClonedFrom = job.Id, StartFrom = new StartCheckpoint(job.Id, 1, 1, $"{attempt.ArtifactPrefix}epoch-1.pt", "ab"), CreatedAt = DateTimeOffset.UtcNow,
            });
            await database.SaveChangesAsync(Cancellation);
        }

        Assert.Equal(1, await RemoveAsync(new CheckpointRetention(TimeSpan.FromDays(90), TimeSpan.FromDays(30), TimeSpan.FromDays(7), 0)));

        Assert.Equal(["epoch-1.pt", "epoch-2.pt", "epoch-4.pt"], (await KeysAsync()).Select(key => Path.GetFileName(key)));
        await using (var database = training.Open())
            Assert.Equal([1, 2, 4], await database.Checkpoints.Where(checkpoint => checkpoint.JobId == job.Id).OrderBy(checkpoint => checkpoint.Epoch).Select(checkpoint => checkpoint.Epoch).ToListAsync(Cancellation));
        Assert.Equal(0, await RemoveAsync(new CheckpointRetention(TimeSpan.FromDays(90), TimeSpan.FromDays(30), TimeSpan.FromDays(7), 0)));
    }

    private async Task<int> RemoveAsync(CheckpointRetention policy)
    {
        await using var database = training.Open();
        var settings = new TrainerSettings(new Dictionary<string, Uri>(), null, new Uri("http://127.0.0.1:1/"), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1), 1, TimeSpan.Zero, 150) { Checkpoints = policy };
        return await new CheckpointRemoval(database, _stores, settings, TimeProvider.System).RemoveOldAsync(Cancellation);
    }

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var found in _stores.Internal.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }
}
