using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Tests.Images;

namespace VisionPlatform.Application.Tests.Datasets;

public sealed class DatasetRemovalTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_objects_of_a_deleted_dataset_go_and_free_its_quota()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(Files(6));
        await WriteAsync((await work.PublishAsync()).Version);
        Assert.Equal((14, Files(6).Sum(file => file.Content.Length)), ((await work.KeysAsync()).Count, await work.UsageAsync()));

        await work.DeleteAsync();

        Assert.Equal((0, 0), ((await work.KeysAsync()).Count, await work.UsageAsync()));
        await using var database = fixture.Database();
        Assert.NotNull((await database.Datasets.SingleAsync(dataset => dataset.Id == work.Dataset.Id, Cancellation)).EmptiedAt);
        Assert.Equal(DatasetVersionState.Failed, (await database.DatasetVersions.SingleAsync(version => version.DatasetId == work.Dataset.Id, Cancellation)).State);
        Assert.DoesNotContain(work.Dataset.Id, await DueAsync());
    }

    [Fact]
    public async Task A_dataset_that_is_not_deleted_loses_nothing()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(Files(2));

        await using (var database = fixture.Database())
            await new DatasetRemoval(database, fixture.Stores, TimeProvider.System).EmptyAsync(work.Dataset.Id, Cancellation);

        Assert.Equal(4, (await work.KeysAsync()).Count);
        Assert.DoesNotContain(work.Dataset.Id, await DueAsync());
    }

    [Theory]
    [InlineData(JobState.Running, false)]
    [InlineData(JobState.Completed, true)]
    public async Task A_version_that_a_job_or_a_model_needs_is_kept_with_its_files_until_it_is_not_needed(JobState state, bool hasModel)
    {
        var work = await fixture.NewDatasetAsync();
        var images = await work.UploadAsync(Files(4));
        var version = (await work.PublishAsync()).Version;
        await WriteAsync(version);
        await work.UploadAsync(("a/later.png", TestImages.Png(50, 50, (_, _, _) => 0.1)));
        var job = await AddJobAsync(work.Dataset, version.Id, state, hasModel);

        await work.DeleteAsync();

        string[] kept =
            [.. images.Select(image => image.Key), $"datasets/{work.Dataset.Id}/versions/1/annotations.json", $"datasets/{work.Dataset.Id}/versions/1/manifest.jsonl.gz"];
        Assert.Equal(kept.Order(StringComparer.Ordinal), (await work.KeysAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(images.Sum(image => image.Size), await work.UsageAsync());
        Assert.Equal(0, await ReopenAsync());

        await using (var database = fixture.Database())
            if (hasModel)
                await database.Projects.Where(project => project.Id == work.Dataset.ProjectId).ExecuteUpdateAsync(set => set.SetProperty(project => project.DeletedAt, DateTimeOffset.UtcNow), Cancellation);
            else
                await database.TrainingJobs.Where(row => row.Id == job).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, JobState.Failed), Cancellation);
        Assert.Equal(1, await ReopenAsync());
        Assert.Contains(work.Dataset.Id, await DueAsync());
        await work.DeleteAsync();

        Assert.Empty(await work.KeysAsync());
        Assert.Equal(0, await work.UsageAsync());
    }

    [Fact]
    public async Task An_image_that_only_a_version_keeps_counts_in_the_quota_of_its_sender_until_it_is_gone()
    {
        var work = await fixture.NewDatasetAsync();
        var images = await work.UploadAsync(Files(4));
        await WriteAsync((await work.PublishAsync()).Version);
        var later = Assert.Single(await work.UploadAsync(("a/later.png", TestImages.Png(50, 50, (_, _, _) => 0.1))));
        var pinned = images.Sum(image => image.Size);

        await work.RemoveAsync(images[0].Id);
        Assert.Equal(pinned + later.Size, await work.UsageAsync());
        await work.RemoveAsync(later.Id);
        Assert.Equal(pinned, await work.UsageAsync());
        foreach (var image in images.Skip(1))
            await work.RemoveAsync(image.Id);
        Assert.Equal(pinned, await work.UsageAsync());
        await work.DeleteAsync();

        Assert.Equal(0, await work.UsageAsync());
        Assert.Empty(await work.KeysAsync());
    }

    [Fact]
    public async Task The_datasets_of_a_deleted_project_are_emptied_too()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(Files(2));
        await using var database = fixture.Database();
        await database.Projects.Where(project => project.Id == work.Dataset.ProjectId).ExecuteUpdateAsync(set => set.SetProperty(project => project.DeletedAt, DateTimeOffset.UtcNow), Cancellation);
        Assert.Contains(work.Dataset.Id, await DueAsync());

        await new DatasetRemoval(database, fixture.Stores, TimeProvider.System).EmptyAsync(work.Dataset.Id, Cancellation);

        Assert.Empty(await work.KeysAsync());
        Assert.DoesNotContain(work.Dataset.Id, await DueAsync());
    }

    [Fact]
    public async Task A_completion_that_meets_the_deletion_leaves_no_objects()
    {
        var work = await fixture.NewDatasetAsync();
        var png = TestImages.Png(9, 9, (_, _, _) => 0);
        for (var round = 0; round < 5; round++)
        {
            var tickets = await work.AnnounceAsync([.. Enumerable.Range(0, 10).Select(i => new AnnouncedFile($"a/{round}-{i}.png", png.Length, "image/png", "a"))]);
            foreach (var ticket in tickets.Uploads)
                await DatasetWorkbench.PutAsync(ticket, png);
            var completing = Record.ExceptionAsync(() => work.CompleteAsync([.. tickets.Uploads.Select(ticket => ticket.UploadId)]));
            await work.DeleteAsync();
            await completing;
            // What the completion committed before the deletion is found by the next run.
            await work.DeleteAsync();

            Assert.Empty(await work.KeysAsync());
            await using var database = fixture.Database();
            await database.Datasets.Where(dataset => dataset.Id == work.Dataset.Id)
                .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.DeletedAt, (DateTimeOffset?)null).SetProperty(dataset => dataset.EmptiedAt, (DateTimeOffset?)null), Cancellation);
        }
    }

    private async Task<List<Guid>> DueAsync()
    {
        await using var database = fixture.Database();
        await using var services = new Services(database);
        return await DatasetWork.Empty.FindAsync(services, DateTimeOffset.UtcNow.AddSeconds(1), 1000, Cancellation);
    }

    private async Task<int> ReopenAsync()
    {
        await using var database = fixture.Database();
        return await new DatasetRemoval(database, fixture.Stores, TimeProvider.System).ReopenAsync(Cancellation);
    }

    private async Task WriteAsync(DatasetVersion version)
    {
        await using var database = fixture.Database();
        await new VersionCompletion(database, new VersionFiles(database, fixture.Stores), TimeProvider.System).WriteAsync(version.Id, Cancellation);
    }

    private async Task<Guid> AddJobAsync(Dataset dataset, Guid version, JobState state, bool hasModel)
    {
        await using var database = fixture.Database();
        var job = new TrainingJob
        {
            ProjectId = dataset.ProjectId, DatasetVersionId = version, Name = "job", Framework = "torchvision", Model = "small_cnn", TaskType = dataset.TaskType, Config = [],
            CreatedBy = dataset.CreatedBy, CreatedAt = DateTimeOffset.UtcNow, ModelVersionId = hasModel ? Guid.CreateVersion7() : null,
        };
        database.Add(job);
        await database.SaveChangesAsync(Cancellation);
        await database.TrainingJobs.Where(row => row.Id == job.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.State, state), Cancellation);
        return job.Id;
    }

    private static (string Path, byte[] Content)[] Files(int count) =>
        [.. Enumerable.Range(0, count).Select(i => ($"{(i % 2 == 0 ? "a" : "b")}/{i:000}.png", TestImages.Png(10 + i, 10, (_, _, _) => 0.5)))];

    private sealed class Services(PlatformDatabase database) : IServiceProvider, IAsyncDisposable
    {
        public object? GetService(Type serviceType) => serviceType == typeof(PlatformDatabase) ? database : null;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
