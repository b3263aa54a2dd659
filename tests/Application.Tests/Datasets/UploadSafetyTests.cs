using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.Tests.Images;

namespace VisionPlatform.Application.Tests.Datasets;

/// <summary>What somebody with an upload URL tries to get bytes into a dataset that nobody checked, counted or hashed.</summary>
public sealed class UploadSafetyTests(DatasetFixture fixture) : IClassFixture<DatasetFixture>
{
    private static readonly byte[] Small = TestImages.Png(9, 9, (_, _, _) => 0);
    private static readonly byte[] Large = TestImages.Png(90, 90, (x, y, _) => x * y % 251 / 255.0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_hashed_is_what_is_kept_while_the_sender_writes_to_every_url_there_is()
    {
        var work = await fixture.NewDatasetAsync();
        for (var round = 0; round < 20; round++)
        {
            var path = $"a/{round}.png";
            var first = await AnnounceAsync(work, path, Large);
            Assert.Equal(200, await DatasetWorkbench.PutAsync(first, Large));

            var completing = work.CompleteAsync(first.UploadId);
            var second = AnnounceOrNullAsync(work, path, Small);
            await Task.WhenAll(completing, second, DatasetWorkbench.PutAsync(first, Damaged(Large)));
            if (await second is { } other)
                await Task.WhenAll(DatasetWorkbench.PutAsync(other, Small), DatasetWorkbench.PutAsync(first, Damaged(Large)), work.CompleteAsync(other.UploadId));

            await AssertKeptAsync(work);
        }
    }

    [Fact]
    public async Task What_a_store_lets_a_url_write_after_the_completion_never_becomes_the_image()
    {
        var work = await fixture.NewDatasetAsync();
        var ticket = await AnnounceAsync(work, "a/1.png", Small);
        await DatasetWorkbench.PutAsync(ticket, Small);
        var image = Assert.Single((await work.CompleteAsync(ticket.UploadId)).Completed);
        await fixture.Stores.External.PutAsync(StagingKeys.Of(ticket.UploadId), Damaged(Small), "text/html", Cancellation);

        var again = Assert.Single((await work.CompleteAsync(ticket.UploadId)).Completed);

        Assert.Equal((image.Id, image.Key), (again.Id, again.Key));
        await AssertKeptAsync(work);
    }

    [Fact]
    public async Task A_url_writes_nothing_after_the_completion_or_the_refusal_of_its_file()
    {
        var work = await fixture.NewDatasetAsync();
        var (good, junk) = (await AnnounceAsync(work, "a/good.png", Small), await AnnounceAsync(work, "a/junk.png", Small));
        await DatasetWorkbench.PutAsync(good, Small);
        await DatasetWorkbench.PutAsync(junk, new byte[Small.Length]);
        Assert.Equal(ErrorCodes.NotAnImage, Assert.Single((await work.CompleteAsync(good.UploadId, junk.UploadId)).Failed).Error);

        Assert.Equal(412, await DatasetWorkbench.PutAsync(good, Small));
        Assert.Equal(412, await DatasetWorkbench.PutAsync(junk, Small));
        while (await work.MakeDueThumbnailsAsync() > 0)
        {
        }
        Assert.Equal(0, (await fixture.Stores.External.HeadAsync(StagingKeys.Of(good.UploadId), Cancellation))!.Size);
        Assert.Equal(412, await DatasetWorkbench.PutAsync(good, Small));

        Assert.Equal(ErrorCodes.UploadNotFound, Assert.Single((await work.CompleteAsync(junk.UploadId)).Failed).Error);
        // The next upload of the path is one of its own.
        Assert.Equal("a/junk.png", Assert.Single(await work.UploadAsync(("a/junk.png", Large))).Path);
    }

    [Fact]
    public async Task The_bytes_of_one_person_are_never_completed_as_those_of_another()
    {
        var work = await fixture.NewDatasetAsync();
        var stranger = Guid.CreateVersion7();
        var poison = Assert.Single((await work.AnnounceAsync([File("a/1.png", Small)], by: stranger)).Uploads);
        var other = Small.ToArray();
        other[^1] ^= 1;
        Assert.Equal(200, await DatasetWorkbench.PutAsync(poison, other));

        var own = await AnnounceAsync(work, "a/1.png", Small);

        Assert.NotEqual(poison.UploadId, own.UploadId);
        Assert.Equal(200, await DatasetWorkbench.PutAsync(own, Small));
        var image = Assert.Single((await work.CompleteAsync(own.UploadId)).Completed);
        Assert.Equal(Hash(Small), image.Sha256);
        Assert.NotEmpty((await work.CompleteAsync(poison.UploadId)).Failed);
        await AssertKeptAsync(work);
    }

    [Fact]
    public async Task The_second_of_two_people_who_complete_a_path_is_told_and_leaves_nothing()
    {
        var work = await fixture.NewDatasetAsync();
        var stranger = Guid.CreateVersion7();
        var theirs = Assert.Single((await work.AnnounceAsync([File("a/1.png", Large)], by: stranger)).Uploads);
        var own = await AnnounceAsync(work, "a/1.png", Small);
        await DatasetWorkbench.PutAsync(theirs, Large);
        await DatasetWorkbench.PutAsync(own, Small);
        await work.CompleteAsync(own.UploadId);

        var failed = Assert.Single((await work.CompleteAsync(theirs.UploadId)).Failed);

        Assert.Equal(ErrorCodes.DuplicateImage, failed.Error);
        Assert.Single(await work.KeysAsync());
        await AssertKeptAsync(work);
    }

    [Fact]
    public async Task What_the_sender_stores_beside_the_bytes_stays_behind()
    {
        var work = await fixture.NewDatasetAsync();
        var ticket = await AnnounceAsync(work, "a/1.jpg", Small, "image/jpeg");
        var more = new Dictionary<string, string>(ticket.Request.Headers)
        {
            ["Cache-Control"] = "max-age=31536000", ["Content-Disposition"] = "attachment; filename=\"a.exe\"", ["Content-Encoding"] = "gzip", ["x-amz-meta-owner"] = "somebody",
        };
        Assert.Equal(200, await DatasetWorkbench.PutAsync(ticket with { Request = ticket.Request with { Headers = more } }, Small));

        var image = Assert.Single((await work.CompleteAsync(ticket.UploadId)).Completed);

        using var http = new HttpClient();
        using var answer = await http.GetAsync(fixture.Stores.External.PresignGet(image.Key, TimeSpan.FromMinutes(1)).Url, Cancellation);
        Assert.Equal(("image/png", "image/png"), (image.ContentType, answer.Content.Headers.ContentType!.MediaType));
        Assert.Null(answer.Headers.CacheControl);
        Assert.Null(answer.Content.Headers.ContentDisposition);
        Assert.Empty(answer.Content.Headers.ContentEncoding);
        Assert.DoesNotContain(answer.Headers, header => header.Key.StartsWith("x-amz-meta", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Objects_without_an_upload_are_removed_when_no_url_can_write_them_any_more()
    {
        var work = await fixture.NewDatasetAsync();
        var tomorrow = new DatasetWorkbench(fixture, work.Dataset) { Time = new UploadTests.ShiftedClock(TimeSpan.FromHours(24.5)) };
        await work.UploadAsync(("a/1.png", Small));
        var stray = StagingKeys.Of(Guid.CreateVersion7());
        await fixture.Stores.External.PutAsync(stray, Large, "image/png", Cancellation);
        await fixture.Stores.External.PutAsync(StagingKeys.Prefix + "no id", Large, "image/png", Cancellation);
        var late = Assert.Single((await tomorrow.AnnounceAsync([File("a/late.png", Small)])).Uploads);
        await fixture.Stores.External.PutAsync(StagingKeys.Of(late.UploadId), Small, "image/png", Cancellation);

        await work.RemoveLeftAsync();
        Assert.Contains(stray, await work.KeysAsync(StagingKeys.Prefix));
        await tomorrow.RemoveLeftAsync();

        // Other tests may have left uploads that are awaited, too.
        var staged = await work.KeysAsync(StagingKeys.Prefix);
        Assert.Contains(StagingKeys.Of(late.UploadId), staged);
        Assert.DoesNotContain(stray, staged);
        Assert.DoesNotContain(StagingKeys.Prefix + "no id", staged);
        Assert.Equal(2, (await work.KeysAsync()).Count);
    }

    [Fact]
    public async Task An_upload_that_an_earlier_release_announced_is_completed()
    {
        var work = await fixture.NewDatasetAsync();
        var old = new DatasetUpload
        {
            DatasetId = work.Dataset.Id, Path = "a/1.png", Key = $"datasets/{work.Dataset.Id}/images/a/1.png", Class = "a", ContentType = "image/png", Size = Small.Length,
            CreatedBy = work.Dataset.CreatedBy, CreatedAt = DateTimeOffset.UtcNow, ExpiresAt = DateTimeOffset.UtcNow.AddHours(1),
        };
        await using (var database = fixture.Database())
        {
            database.Add(old);
            await database.SaveChangesAsync(Cancellation);
        }
        await fixture.Stores.External.PutAsync(old.Key, Small, "image/png", Cancellation);

        var image = Assert.Single((await work.CompleteAsync(old.Id)).Completed);

        Assert.Null(await fixture.Stores.External.HeadAsync(old.Key, Cancellation));
        Assert.Equal(Small, (await fixture.Stores.External.GetBytesAsync(image.Key, 10_000, Cancellation))!.Bytes);
    }

    [Theory]
    [InlineData("a/k.png", "a/\u212A.png")]
    [InlineData("a/straße.png", "a/STRASSE.png")]
    [InlineData("a/caf\u00E9.png", "A/CAFE\u0301.png")]
    [InlineData("a/ſ.png", "a/S.png")]
    [InlineData("a/İ.png", "a/i\u0307.png")]
    public async Task A_path_in_another_spelling_is_refused_or_skipped_before_and_after_its_completion(string path, string other)
    {
        var work = await fixture.NewDatasetAsync();
        var ticket = await AnnounceAsync(work, path, Small);

        var pending = await Assert.ThrowsAsync<ProblemException>(() => work.AnnounceAsync([File("a/free.png", Small), File(other, Large)]));
        var skipped = await work.AnnounceAsync([File(other, Large)], skip: true);
        await DatasetWorkbench.PutAsync(ticket, Small);
        Assert.Single((await work.CompleteAsync(ticket.UploadId)).Completed);
        var present = await Assert.ThrowsAsync<ProblemException>(() => work.AnnounceAsync([File(other, Large)]));

        Assert.All([pending, present], problem => Assert.Equal(ErrorCodes.DuplicateImage, problem.Error));
        Assert.Equal(["files[1].path"], pending.Errors.Keys);
        Assert.Equal([other], skipped.Skipped);
        await using var database = fixture.Database();
        Assert.False(await database.DatasetUploads.AnyAsync(upload => upload.DatasetId == work.Dataset.Id, Cancellation));
    }

    [Fact]
    public async Task Of_two_spellings_announced_at_once_one_is_announced()
    {
        var work = await fixture.NewDatasetAsync();
        for (var round = 0; round < 20; round++)
        {
            var both = await Task.WhenAll(AnnounceOrNullAsync(work, $"a/{round}k.png", Small), AnnounceOrNullAsync(work, $"a/{round}\u212A.png", Small));
            Assert.Single(both, ticket => ticket is not null);
        }
    }

    [Fact]
    public async Task Announcing_the_same_files_at_once_in_another_order_succeeds()
    {
        var work = await fixture.NewDatasetAsync();
        AnnouncedFile[] files = [.. Enumerable.Range(0, 200).Select(i => File($"a/{i}.png", Small))];

        var both = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => work.AnnounceAsync(i % 2 == 0 ? files : [.. files.Reverse()])));

        Assert.All(both, tickets => Assert.Equal(200, tickets.Uploads.Count));
    }

    private static AnnouncedFile File(string path, byte[] content, string contentType = "image/png") => new(path, content.Length, contentType, "a");

    private static async Task<UploadTicket> AnnounceAsync(DatasetWorkbench work, string path, byte[] content, string contentType = "image/png") =>
        Assert.Single((await work.AnnounceAsync([File(path, content, contentType)])).Uploads);

    private static async Task<UploadTicket?> AnnounceOrNullAsync(DatasetWorkbench work, string path, byte[] content)
    {
        try
        {
            return await AnnounceAsync(work, path, content);
        }
        catch (ProblemException refused) when (refused.Error == ErrorCodes.DuplicateImage)
        {
            return null;
        }
    }

    private async Task AssertKeptAsync(DatasetWorkbench work)
    {
        await using var database = fixture.Database();
        foreach (var image in await database.DatasetImages.AsNoTracking().Where(image => image.DatasetId == work.Dataset.Id).ToListAsync(Cancellation))
            Assert.Equal(image.Sha256, Hash((await fixture.Stores.External.GetBytesAsync(image.Key, 1_000_000, Cancellation))!.Bytes!));
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Other bytes of the same length.</summary>
    private static byte[] Damaged(byte[] content) => [.. content.Select(value => (byte)~value)];
}
