using System.Collections.Concurrent;
using System.Security.Cryptography;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

public sealed class LargeObjectTests(StorageFixture storage)
{
    private const int Mega = 1024 * 1024;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_interrupted_copy_goes_on_with_the_parts_that_are_missing(bool isOneService)
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage, isOneService);
        var content = RandomNumberGenerator.GetBytes((27 * Mega) + 5);
        await buckets.PutAsync("large", content, ("content-type", "application/x-weights"), ("x-amz-meta-epoch", "9"));
        using var stop = new CancellationTokenSource();
        var sent = 0;
        LargeUpload? upload = null;
        using (var dying = buckets.Pair(toTarget: new Interception(async request =>
        {
            if (!IsPart(request) || Interlocked.Increment(ref sent) == 1)
                return null;
            // The others never leave: what the store has is then certain.
            while (await buckets.Target.ListPartsAsync("large", upload!.UploadId, Cancellation) is not { Count: 1 })
                await Task.Delay(10, Cancellation);
            await stop.CancelAsync();
            throw new OperationCanceledException(stop.Token);
        })))
        {
            upload = (await dying.BeginLargeAsync("large", Cancellation))!;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dying.ContinueLargeAsync(upload, stop.Token));
        }
        var again = new ConcurrentBag<long>();
        using var pair = buckets.Pair(toTarget: new Interception(request =>
        {
            if (IsPart(request))
                again.Add(request.Content?.Headers.ContentLength ?? 0);
            return Task.FromResult<HttpResponseMessage?>(null);
        }));

        Assert.Equal(LargeResult.Copied, await pair.ContinueLargeAsync(upload, Cancellation));

        Assert.Equal(3, again.Count);
        Assert.Equal(content, await TwoBuckets.ReadAsync(buckets.Target, "large"));
        var facts = (await buckets.Target.HeadAsync("large", Cancellation))!;
        Assert.Equal(("application/x-weights", "9"), (facts.Headers.Value("content-type"), facts.Headers.Value("x-amz-meta-epoch")));
        Assert.Equal(LargeResult.Copied, await pair.ContinueLargeAsync(upload, Cancellation));
        Assert.Equal(1, (await pair.CompareAsync("", KeyRange.All, readsBoth: false, Cancellation)).Equal);
        await NothingIsHalfCopied(buckets);
    }

    [Fact]
    public async Task All_parts_but_the_last_have_one_size_and_the_entity_tag_stays()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        var sizes = new ConcurrentBag<long>();
        await TwoBuckets.PutPartsAsync(buckets.Source, "fives", RandomNumberGenerator.GetBytes(22 * Mega), 5 * Mega);
        using var pair = buckets.Pair(toTarget: new Interception(request =>
        {
            if (IsPart(request))
                sizes.Add(request.Content!.Headers.ContentLength!.Value);
            return Task.FromResult<HttpResponseMessage?>(null);
        }));

        var large = Assert.Single((await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation)).Large);
        Assert.Equal(LargeResult.Copied, await pair.ContinueLargeAsync((await pair.BeginLargeAsync(large.Key, Cancellation))!, Cancellation));

        Assert.Equal([2 * Mega, 5 * Mega, 5 * Mega, 5 * Mega, 5 * Mega], sizes.Order());
        Assert.Equal((await buckets.Source.HeadAsync("fives", Cancellation))!.ETag, (await buckets.Target.HeadAsync("fives", Cancellation))!.ETag);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_changes_during_the_copy_is_copied_anew_and_leaves_no_half_upload(bool isOneService)
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage, isOneService);
        var (first, second) = (RandomNumberGenerator.GetBytes(18 * Mega), RandomNumberGenerator.GetBytes(18 * Mega));
        await buckets.PutAsync("large", first);
        using var pair = buckets.Pair();
        var upload = (await pair.BeginLargeAsync("large", Cancellation))!;
        await buckets.PutAsync("large", second);

        Assert.Equal(LargeResult.BeginAgain, await pair.ContinueLargeAsync(upload, Cancellation));

        await NothingIsHalfCopied(buckets);
        Assert.Equal(LargeResult.Copied, await pair.ContinueLargeAsync((await pair.BeginLargeAsync("large", Cancellation))!, Cancellation));
        Assert.Equal(second, await TwoBuckets.ReadAsync(buckets.Target, "large"));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_source_that_is_deleted_during_the_copy_is_reported_and_leaves_no_half_upload(bool isOneService)
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage, isOneService);
        await buckets.PutAsync("large", new byte[18 * Mega]);
        using var pair = buckets.Pair();
        var upload = (await pair.BeginLargeAsync("large", Cancellation))!;
        await buckets.Source.DeleteAsync(["large"], Cancellation);

        Assert.Equal(LargeResult.Vanished, await pair.ContinueLargeAsync(upload, Cancellation));

        await NothingIsHalfCopied(buckets);
        Assert.Null(await pair.BeginLargeAsync("large", Cancellation));
        Assert.Null(await buckets.Target.HeadAsync("large", Cancellation));
    }

    [Fact]
    public async Task An_upload_whose_id_nobody_could_note_is_found_and_aborted_when_the_object_is_copied()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        var content = RandomNumberGenerator.GetBytes(18 * Mega);
        await buckets.PutAsync("large +%2", content);
        using var pair = buckets.Pair();
        // The process is killed here: the store has an upload with a part, and nobody its id.
        var lost = (await pair.BeginLargeAsync("large +%2", Cancellation))!;
        await buckets.Target.PutPartAsync(lost.Key, lost.UploadId, 1, content.AsMemory(0, 8 * Mega), S3Wire.Md5(content.AsMemory(0, 8 * Mega)), Cancellation);
        var other = await buckets.Target.BeginUploadAsync("large +%2 and longer", new ObjectHeaders([]), Cancellation);

        var upload = (await pair.BeginLargeAsync("large +%2", Cancellation))!;
        Assert.Equal(LargeResult.Copied, await pair.ContinueLargeAsync(upload, Cancellation));

        Assert.Equal([other], (await UploadsAsync(buckets)).Select(left => left.UploadId));
        Assert.Equal(content, await TwoBuckets.ReadAsync(buckets.Target, "large +%2"));
        // Whoever was still at it finds the object.
        Assert.Equal(LargeResult.Copied, await pair.ContinueLargeAsync(lost, Cancellation));
    }

    [Fact]
    public async Task Objects_above_the_limit_are_left_to_calls_of_their_own()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        await TwoBuckets.PutPartsAsync(buckets.Source, "huge", new byte[StoragePair.LargeFrom + 1], 16 * Mega);
        await buckets.PutAsync("small", "x");
        using var pair = buckets.Pair();

        var outcome = await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation);

        Assert.Equal((1L, "huge"), (outcome.Copied, Assert.Single(outcome.Large).Key));
        Assert.Null(await buckets.Target.HeadAsync("huge", Cancellation));
    }

    [Theory]
    [InlineData(100L * 1024 * Mega, "x", 11)]
    [InlineData(18L * Mega, "0123456789abcdef0123456789abcdef", 8)]
    [InlineData(22L * Mega, "0123456789abcdef0123456789abcdef-5", 5)]
    [InlineData(22L * Mega, "0123456789abcdef0123456789abcdef-1", 25)]
    [InlineData(900L * Mega, "0123456789abcdef0123456789abcdef-1", 8)]
    public void Parts_are_those_of_the_source_where_that_can_be_told(long size, string etag, int megabytes) => Assert.Equal(megabytes * Mega, Contents.PartSize(size, etag));

    private static bool IsPart(HttpRequestMessage request) => request.Method == HttpMethod.Put && request.RequestUri!.Query.Contains("partNumber", StringComparison.Ordinal);

    private static async Task NothingIsHalfCopied(TwoBuckets buckets) => Assert.Empty(await UploadsAsync(buckets));

    private static async Task<List<MultipartInfo>> UploadsAsync(TwoBuckets buckets)
    {
        using var store = new ObjectStore(buckets.TargetSettings, TimeProvider.System);
        var open = new List<MultipartInfo>();
        await foreach (var left in store.ListMultipartsAsync("", Cancellation))
            open.Add(left);
        return open;
    }
}
