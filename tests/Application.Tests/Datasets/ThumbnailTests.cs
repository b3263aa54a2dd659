using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Tests.Images;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>What happens after an upload was answered: thumbnails are made and staged objects emptied, whatever ends or goes meanwhile.</summary>
public sealed class ThumbnailTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Completing_makes_no_thumbnail_and_the_queue_makes_it_and_empties_the_staged_object()
    {
        var work = await fixture.NewDatasetAsync();
        var image = Assert.Single((await work.CompleteFilesAsync(Files(1))).Completed);
        Assert.Null(image.ThumbnailKey);
        Assert.Equal([image.Key], await work.KeysAsync());

        await WorkOffAsync(work);

        var made = Assert.Single(await ImagesAsync(work));
        Assert.Equal(DatasetKeys.Thumbnail(work.Dataset.Id, image.Key), made.ThumbnailKey);
        Assert.Equal([0xFF, 0xD8], (await fixture.Stores.External.GetBytesAsync(made.ThumbnailKey!, 100_000, Cancellation))!.Bytes![..2]);
        Assert.Equal(0, (await fixture.Stores.External.HeadAsync(StagingKeys.Of(image.Id), Cancellation))!.Size);
        Assert.Empty(await DueAsync(work));
    }

    [Fact]
    public async Task What_an_instance_had_taken_when_it_ended_is_made_when_its_lease_is_over_and_the_rest_at_once()
    {
        var work = await fixture.NewDatasetAsync();
        await work.CompleteFilesAsync(Files(40));
        // The instance ends after it has taken a batch and before it makes anything of it.
        var taken = await TakeAsync();

        await WorkOffAsync(work);
        Assert.Equal((40 - taken, taken), ((await ImagesAsync(work)).Count(image => image.ThumbnailKey is not null), (await DueAsync(work)).Count));

        await WorkOffAsync(new DatasetWorkbench(fixture, work.Dataset) { Time = new UploadTests.ShiftedClock(TimeSpan.FromMinutes(6)) });
        Assert.All(await ImagesAsync(work), image => Assert.NotNull(image.ThumbnailKey));
        Assert.Empty(await DueAsync(work));
    }

    [Fact]
    public async Task Several_instances_share_the_queue_and_make_each_thumbnail_once()
    {
        var work = await fixture.NewDatasetAsync();
        await work.CompleteFilesAsync(Files(100));

        var taken = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ =>
        {
            var all = 0;
            while (await work.MakeDueThumbnailsAsync(cancellation: Cancellation) is > 0 and var some)
                all += some;
            return all;
        }));

        Assert.Equal(100, taken.Sum());
        Assert.All(await ImagesAsync(work), image => Assert.NotNull(image.ThumbnailKey));
    }

    [Fact]
    public async Task The_first_view_makes_a_thumbnail_that_still_waits()
    {
        var work = await fixture.NewDatasetAsync();
        var image = Assert.Single((await work.CompleteFilesAsync(Files(1))).Completed);

        var key = await work.ViewThumbnailAsync(image.Id);

        Assert.NotNull(await fixture.Stores.External.HeadAsync(key!, Cancellation));
        Assert.Equal(key, Assert.Single(await ImagesAsync(work)).ThumbnailKey);
        await WorkOffAsync(work);
        Assert.NotNull(await fixture.Stores.External.HeadAsync(key!, Cancellation));
        Assert.Empty(await DueAsync(work));
    }

    [Fact]
    public async Task An_image_or_a_dataset_that_is_removed_while_its_thumbnail_waits_leaves_nothing()
    {
        var (work, other) = (await fixture.NewDatasetAsync(), await fixture.NewDatasetAsync());
        var images = (await work.CompleteFilesAsync(Files(2))).Completed;
        await other.CompleteFilesAsync(Files(2));

        await work.RemoveAsync(images[0].Id);
        await other.DeleteAsync();
        await WorkOffAsync(work);

        Assert.Equal(2, (await work.KeysAsync()).Count);
        Assert.Empty(await other.KeysAsync());
        Assert.Empty((await DueAsync(work)).Concat(await DueAsync(other)));
    }

    [Fact]
    public async Task A_thumbnail_that_was_stored_for_an_image_that_is_gone_is_deleted()
    {
        var work = await fixture.NewDatasetAsync();
        var image = Assert.Single((await work.CompleteFilesAsync(Files(1))).Completed);
        await work.RemoveAsync(image.Id);
        // An instance that made it before, and ended before it looked whether the image is there.
        await fixture.Stores.External.PutAsync(DatasetKeys.Thumbnail(work.Dataset.Id, image.Key), new byte[] { 1 }, "image/jpeg", Cancellation);

        await WorkOffAsync(work);

        Assert.Empty(await work.KeysAsync());
    }

    [Fact]
    public async Task Removing_images_while_their_thumbnails_are_made_leaves_no_thumbnail_without_an_image()
    {
        var work = await fixture.NewDatasetAsync();
        var images = (await work.CompleteFilesAsync(Files(60))).Completed;

        await Task.WhenAll(WorkOffAsync(work), Parallel.ForEachAsync(images.Take(50), Cancellation, async (image, _) => await work.RemoveAsync(image.Id)));
        await WorkOffAsync(work);

        var left = (await ImagesAsync(work)).SelectMany(image => (string?[])[image.Key, image.ThumbnailKey]);
        Assert.Equal(left.Order(StringComparer.Ordinal), (await work.KeysAsync()).Order(StringComparer.Ordinal));
        Assert.Equal(10, (await ImagesAsync(work)).Count);
    }

    [Fact]
    public async Task A_thumbnail_that_cannot_be_made_is_logged_and_does_not_keep_the_others_waiting()
    {
        var work = await fixture.NewDatasetAsync();
        var images = (await work.CompleteFilesAsync(Files(3))).Completed;
        await fixture.Stores.External.PutAsync(images[0].Key, "damaged since"u8.ToArray(), "image/png", Cancellation);
        await fixture.Stores.External.DeleteAsync(images[1].Key, Cancellation);
        var log = new Lines();

        await WorkOffAsync(work, log);

        Assert.Equal(2, log.Written.Count(line => line.Contains("has no thumbnail", StringComparison.Ordinal)));
        Assert.Contains(log.Written, line => line.Contains(images[0].Id.ToString(), StringComparison.Ordinal));
        Assert.Equal([images[2].Id], (await ImagesAsync(work)).Where(image => image.ThumbnailKey is not null).Select(image => image.Id));
        Assert.Empty(await DueAsync(work));
        Assert.Null(await work.ViewThumbnailAsync(images[0].Id));
    }

    [Fact]
    public async Task One_bad_file_among_a_thousand_is_reported_and_the_others_become_images()
    {
        var work = await fixture.NewDatasetAsync();
        var files = Files(1000);
        files[500].Content = [.. files[500].Content[..^20], .. new byte[20]];

        var done = await work.CompleteFilesAsync(files);

        Assert.Equal(999, done.Completed.Count);
        Assert.Equal((files[500].Path, ErrorCodes.ImageTruncated), (Assert.Single(done.Failed).Path, done.Failed[0].Error));
        Assert.Equal(999, (await DueAsync(work)).Count);
        Assert.Equal(0, (await fixture.Stores.External.HeadAsync(StagingKeys.Of(done.Failed[0].UploadId), Cancellation))!.Size);
        await using var database = fixture.Database();
        await database.DueThumbnails.Where(due => due.DatasetId == work.Dataset.Id).ExecuteDeleteAsync(Cancellation);
    }

    private static (string Path, byte[] Content)[] Files(int count) =>
        [.. Enumerable.Range(0, count).Select(i => ($"c{i % 2}/{i:d4}.png", TestImages.Png(12, 12, (x, y, _) => (x + y * 12 + i) % 997 / 997.0)))];

    private static async Task WorkOffAsync(DatasetWorkbench work, ILogger<Thumbnails>? log = null)
    {
        while (await work.MakeDueThumbnailsAsync(log, Cancellation) > 0)
        {
        }
    }

    /// <summary>Takes a batch as an instance does that ends at once. Returns how many rows.</summary>
    private async Task<int> TakeAsync()
    {
        await using var database = fixture.Database();
        return await database.DueThumbnails.OrderBy(due => due.DueAt).Take(32)
            .ExecuteUpdateAsync(set => set.SetProperty(due => due.DueAt, DateTimeOffset.UtcNow.AddMinutes(5)).SetProperty(due => due.Attempts, 1), Cancellation);
    }

    private async Task<List<DatasetImage>> ImagesAsync(DatasetWorkbench work)
    {
        await using var database = fixture.Database();
        return await database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == work.Dataset.Id).ToListAsync(Cancellation);
    }

    private async Task<List<DueThumbnail>> DueAsync(DatasetWorkbench work)
    {
        await using var database = fixture.Database();
        return await database.DueThumbnails.AsNoTracking().Where(due => due.DatasetId == work.Dataset.Id).ToListAsync(Cancellation);
    }

    private sealed class Lines : ILogger<Thumbnails>
    {
        public ConcurrentQueue<string> Written { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Written.Enqueue(formatter(state, exception));
    }
}
