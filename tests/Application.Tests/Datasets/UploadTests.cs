using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Images;
using VisionPlatform.Infrastructure.Tests.Images;

namespace VisionPlatform.Application.Tests.Datasets;

public sealed class UploadTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_put_to_its_url_becomes_an_image_with_thumbnail_and_size()
    {
        var work = await fixture.NewDatasetAsync();
        var png = TestImages.Png(40, 30, (_, _, _) => 0.5);

        var image = Assert.Single(await work.UploadAsync(("cat/ü 1+%.png", png)));

        Assert.Equal(("cat/ü 1+%.png", "cat", 40, 30, "image/png", (long)png.Length), (image.Path, image.Class, image.Width, image.Height, image.ContentType, image.Size));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(png)), image.Sha256);
        Assert.Equal($"datasets/{work.Dataset.Id}/images/{image.Id}/{image.Sha256}", image.Key);
        Assert.Equal($"datasets/{work.Dataset.Id}/thumbnails/{image.Id}/{image.Sha256}.jpg", image.ThumbnailKey);
        Assert.Equal(png, (await fixture.Stores.External.GetBytesAsync(image.Key, 10_000, Cancellation))!.Bytes);
        Assert.NotNull(await fixture.Stores.External.HeadAsync(image.ThumbnailKey!, Cancellation));
        await using var database = fixture.Database();
        Assert.False(await database.DatasetUploads.AnyAsync(upload => upload.DatasetId == work.Dataset.Id, Cancellation));
    }

    [Fact]
    public async Task Bad_files_are_removed_and_reported_and_good_ones_stay()
    {
        var work = await fixture.NewDatasetAsync();
        var png = TestImages.Png(300, 300, (x, y, _) => (x * y) % 251 / 255.0);
        var files = new (string Path, byte[] Content, long Announced, ErrorCode? Expected)[]
        {
            ("a/good.png", png, png.Length, null),
            ("a/text.png", "not an image"u8.ToArray(), 12, ErrorCodes.NotAnImage),
            ("a/cut.png", png[..(png.Length / 2)], png.Length / 2, ErrorCodes.ImageTruncated),
            ("a/huge.png", TestImages.PngOf(60000, 60000, 8, 2, [0x78, 0x9C, 3, 0, 0, 0, 0, 1]), 0, ErrorCodes.ImageTooLarge),
            ("a/longer.png", png, png.Length - 1, ErrorCodes.SizeMismatch),
            ("a/shorter.png", png, png.Length + 1, ErrorCodes.SizeMismatch),
            ("a/never.png", png, png.Length, ErrorCodes.UploadNotFound),
            ("b/jpeg named.png", TestImages.Converted(png, ".jpg"), 0, null),
        };
        files = [.. files.Select(file => file.Announced == 0 ? file with { Announced = file.Content.Length } : file)];
        var tickets = await work.AnnounceAsync([.. files.Select(file => new AnnouncedFile(file.Path, file.Announced, "image/png", "a"))]);
        foreach (var (ticket, file) in tickets.Uploads.Zip(files).Where(pair => pair.Second.Expected != ErrorCodes.UploadNotFound))
            if (file.Announced == file.Content.Length)
                Assert.Equal(200, await DatasetWorkbench.PutAsync(ticket, file.Content));
            else
                // The URL takes only the announced size; a store that does not check may take another.
                await fixture.Stores.External.PutAsync(StagingKeys.Of(ticket.UploadId), file.Content, "image/png", Cancellation);
        var stranger = Guid.CreateVersion7();

        var done = await work.CompleteAsync([.. tickets.Uploads.Select(ticket => ticket.UploadId), stranger]);

        Assert.Equal(["a/good.png", "b/jpeg named.png"], done.Completed.Select(image => image.Path));
        Assert.Equal("image/jpeg", done.Completed[1].ContentType);
        Assert.Equal(
            files.Where(file => file.Expected is not null).Select(file => ((string?)file.Path, file.Expected!)).Append((null, ErrorCodes.UploadNotFound)),
            done.Failed.Select(failure => (failure.Path, failure.Error)));
        Assert.Equal(2, (await work.KeysAsync()).Count);
        while (await work.MakeDueThumbnailsAsync() > 0)
        {
        }
        foreach (var ticket in tickets.Uploads.Where(ticket => ticket.Path != "a/never.png"))
            Assert.Equal(0, (await fixture.Stores.External.HeadAsync(StagingKeys.Of(ticket.UploadId), Cancellation))!.Size);
        await using var database = fixture.Database();
        // What was never put may still come.
        Assert.Equal(["a/never.png"], await database.DatasetUploads.Where(upload => upload.DatasetId == work.Dataset.Id).Select(upload => upload.Path).ToListAsync(Cancellation));
    }

    [Fact]
    public async Task Completing_again_answers_the_same()
    {
        var work = await fixture.NewDatasetAsync();
        var first = await work.UploadAsync(("a/1.png", TestImages.Png(9, 9, (_, _, _) => 0)), ("b/2.png", TestImages.Png(9, 9, (_, _, _) => 1)));

        var again = await work.CompleteAsync([.. first.Select(image => image.Id)]);

        Assert.Equal(first.Select(image => image.Id), again.Completed.Select(image => image.Id));
        Assert.Empty(again.Failed);
    }

    [Fact]
    public async Task Two_parallel_completions_create_each_image_once()
    {
        var work = await fixture.NewDatasetAsync();
        var png = TestImages.Png(9, 9, (_, _, _) => 0);
        var tickets = await work.AnnounceAsync([.. Enumerable.Range(0, 30).Select(i => new AnnouncedFile($"a/{i}.png", png.Length, "image/png", "a"))]);
        foreach (var ticket in tickets.Uploads)
            await DatasetWorkbench.PutAsync(ticket, png);
        var ids = tickets.Uploads.Select(ticket => ticket.UploadId).ToArray();

        var both = await Task.WhenAll(work.CompleteAsync(ids), work.CompleteAsync(ids));

        Assert.All(both, done => Assert.Equal((30, 0), (done.Completed.Count, done.Failed.Count)));
        await using var database = fixture.Database();
        Assert.Equal(30, await database.DatasetImages.CountAsync(image => image.DatasetId == work.Dataset.Id, Cancellation));
    }

    [Fact]
    public async Task An_existing_path_is_refused_or_skipped_regardless_of_case()
    {
        var work = await fixture.NewDatasetAsync();
        await work.UploadAsync(("a/One.png", TestImages.Png(9, 9, (_, _, _) => 0)));
        AnnouncedFile[] files = [new("a/two.png", 10, "image/png", "a"), new("A/one.PNG", 10, "image/png", "a")];

        var refused = await Assert.ThrowsAsync<ProblemException>(() => work.AnnounceAsync(files));
        var skipped = await work.AnnounceAsync(files, skip: true);

        Assert.Equal(ErrorCodes.DuplicateImage, refused.Error);
        Assert.Equal(["files[1].path"], refused.Errors.Keys);
        Assert.Equal(["a/two.png"], skipped.Uploads.Select(ticket => ticket.Path));
        Assert.Equal(["A/one.PNG"], skipped.Skipped);
    }

    [Fact]
    public async Task Announcing_again_continues_the_upload()
    {
        var work = await fixture.NewDatasetAsync();
        var png = TestImages.Png(9, 9, (_, _, _) => 0);
        var first = Assert.Single((await work.AnnounceAsync([new("a/1.png", png.Length, "image/png", "a")])).Uploads);
        Assert.Equal(200, await DatasetWorkbench.PutAsync(first, png));

        var second = Assert.Single((await work.AnnounceAsync([new("a/1.png", png.Length, "image/png", "a")])).Uploads);

        Assert.Equal(first.UploadId, second.UploadId);
        Assert.Equal(412, await DatasetWorkbench.PutAsync(second, png));
        Assert.Single((await work.CompleteAsync(second.UploadId)).Completed);
    }

    [Fact]
    public async Task Announcing_again_with_another_size_discards_the_stored_file()
    {
        var work = await fixture.NewDatasetAsync();
        var (small, large) = (TestImages.Png(9, 9, (_, _, _) => 0), TestImages.Png(90, 90, (x, _, _) => x / 90.0));
        var first = Assert.Single((await work.AnnounceAsync([new("a/1.png", small.Length, "image/png", "a")])).Uploads);
        Assert.Equal(200, await DatasetWorkbench.PutAsync(first, small));

        var second = Assert.Single((await work.AnnounceAsync([new("a/1.png", large.Length, "image/png", "a")])).Uploads);

        Assert.NotEqual(first.UploadId, second.UploadId);
        Assert.Equal(412, await DatasetWorkbench.PutAsync(first, small));
        Assert.Equal(0, (await fixture.Stores.External.HeadAsync(StagingKeys.Of(first.UploadId), Cancellation))!.Size);
        Assert.Equal(ErrorCodes.UploadNotFound, Assert.Single((await work.CompleteAsync(first.UploadId)).Failed).Error);
        Assert.Equal(200, await DatasetWorkbench.PutAsync(second, large));
        Assert.Equal(90, Assert.Single((await work.CompleteAsync(second.UploadId)).Completed).Width);
    }

    [Fact]
    public async Task Expired_uploads_are_removed_with_their_objects()
    {
        var work = await fixture.NewDatasetAsync();
        var png = TestImages.Png(9, 9, (_, _, _) => 0);
        var ticket = Assert.Single((await work.AnnounceAsync([new("a/late.png", png.Length, "image/png", "a")])).Uploads);
        await DatasetWorkbench.PutAsync(ticket, png);
        var tomorrow = new DatasetWorkbench(fixture, work.Dataset) { Time = new ShiftedClock(TimeSpan.FromHours(24.5)) };

        await work.ExpireAsync();
        Assert.NotNull(await fixture.Stores.External.HeadAsync(StagingKeys.Of(ticket.UploadId), Cancellation));
        await tomorrow.ExpireAsync();

        Assert.Null(await fixture.Stores.External.HeadAsync(StagingKeys.Of(ticket.UploadId), Cancellation));
        Assert.Equal(ErrorCodes.UploadNotFound, Assert.Single((await work.CompleteAsync(ticket.UploadId)).Failed).Error);
    }

    internal sealed class ShiftedClock(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
