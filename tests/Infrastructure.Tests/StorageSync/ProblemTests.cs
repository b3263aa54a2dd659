using System.Net;
using Amazon.S3.Model;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;
using VisionPlatform.Tests;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

public sealed class ProblemTests(StorageFixture storage)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_in_the_way_is_one_clear_sentence_before_anything_is_copied()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        var (source, target) = (buckets.SourceSettings, buckets.TargetSettings);
        await buckets.PutAsync("a", "a");

        Assert.Null(await Problem(source, target));
        Assert.Equal($"the source {Name(source)} cannot be listed: the secret key of {source.AccessKey} is wrong", await Problem(source with { SecretKey = "wrong" }, target));
        Assert.Equal($"the target {Name(target)} cannot be listed: the store does not know the access key nobody", await Problem(source, target with { AccessKey = "nobody" }));
        Assert.Equal($"the target {Name(target with { Bucket = "no-such" })} cannot be listed: there is no bucket 'no-such'", await Problem(source, target with { Bucket = "no-such" }));
        Assert.Equal($"source and target are the same bucket: {Name(source)}", await Problem(source, source));
        Assert.Contains("are the same bucket under two names", await Problem(source, source with { Endpoint = target.Endpoint }));
        Assert.Equal(["a"], await TwoBuckets.KeysAsync(buckets.Source));
        Assert.Empty(await TwoBuckets.KeysAsync(buckets.Target));
    }

    [Fact]
    public async Task A_target_that_may_only_be_read_is_noticed_before_anything_is_copied()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        using var store = new ObjectStore(buckets.TargetSettings, TimeProvider.System);
        await DenyAsync(store, "s3:PutObject", "*");

        Assert.Equal(
            $"the target {Name(buckets.TargetSettings)} cannot be written: {buckets.TargetSettings.AccessKey} has no right to", await Problem(buckets.SourceSettings, buckets.TargetSettings));
        Assert.Null(await Problem(buckets.SourceSettings, buckets.TargetSettings, writes: false));
    }

    [Fact]
    public async Task Objects_that_the_target_refuses_are_reported_and_the_rest_is_copied_and_deleted()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        foreach (var key in (string[])["locked/a", "locked/b", "open/c"])
            await buckets.PutAsync(key, key);
        foreach (var key in (string[])["locked/old", "open/old"])
            await TwoBuckets.PutAsync(buckets.Target, key, [1]);
        using var store = new ObjectStore(buckets.TargetSettings, TimeProvider.System);
        await DenyAsync(store, "s3:PutObject\", \"s3:DeleteObject", "locked/*");
        using var pair = buckets.Pair();

        var sync = await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation);
        var deleted = await pair.DeleteAsync("", KeyRange.All, 10, Cancellation);

        Assert.Equal((1, 2, null), (sync.Copied, sync.Failed, sync.Problem));
        Assert.Equal(["locked/a", "locked/b"], sync.First.Select(one => one.Key).Order());
        Assert.Equal((1, 1), (deleted.Deleted, deleted.Failed));
        Assert.Equal("locked/old", Assert.Single(deleted.First).Key);
        Assert.Equal(["locked/old", "open/c"], await TwoBuckets.KeysAsync(buckets.Target));
        await store.Client.DeleteBucketPolicyAsync(buckets.TargetSettings.Bucket, Cancellation);
    }

    [Fact]
    public async Task A_store_that_stays_away_ends_the_call_and_a_later_one_does_the_rest()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        await Parallel.ForAsync(0, 100, Cancellation, async (i, _) => await buckets.PutAsync($"k{i:d3}", $"content {i}"));
        var puts = 0;
        using (var cut = buckets.Pair(toTarget: new Interception(request =>
            request.Method == HttpMethod.Put && Interlocked.Increment(ref puts) > 20 ? throw new HttpRequestException("No route to host") : Task.FromResult<HttpResponseMessage?>(null))))
        {
            var away = await Assert.ThrowsAsync<ProblemException>(() => cut.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation));
            Assert.Equal(ErrorCodes.StorageUnavailable, away.Error);
            Assert.Contains("No route to host", away.Message);
        }
        using var pair = buckets.Pair();

        var rest = await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation);

        Assert.Equal((100, 100), (rest.Equal + rest.Copied, (await TwoBuckets.KeysAsync(buckets.Target)).Count));
        Assert.True(rest.Equal >= 20, $"only {rest.Equal} had been copied");
    }

    [Theory]
    [InlineData(HttpStatusCode.Forbidden, "QuotaExceeded")]
    [InlineData(HttpStatusCode.InsufficientStorage, "XMinioStorageFull")]
    public async Task A_full_target_ends_the_sync_at_once_and_a_later_one_does_the_rest(HttpStatusCode status, string code)
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        await Parallel.ForAsync(0, 40, Cancellation, async (i, _) => await buckets.PutAsync($"k{i:d3}", $"content {i}"));
        await buckets.PutAsync("large", new byte[18 << 20]);
        var (puts, room) = (0, 10);
        using var pair = buckets.Pair(new TransferLimits(4), toTarget: new Interception(request =>
            request.Method == HttpMethod.Put && Interlocked.Increment(ref puts) > Volatile.Read(ref room)
                ? Interception.Answer(request, status, $"<Error><Code>{code}</Code><Message></Message></Error>")
                : Task.FromResult<HttpResponseMessage?>(null)));

        var full = await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation);

        Assert.Contains($"the store is full ({code})", full.Problem);
        Assert.InRange(puts, 11, 14);
        Assert.Equal(10, (await TwoBuckets.KeysAsync(buckets.Target)).Count);
        room = puts + 1;
        var upload = (await pair.BeginLargeAsync("large", Cancellation))!;
        var refused = await Assert.ThrowsAsync<OperationException>(() => pair.ContinueLargeAsync(upload, Cancellation));
        Assert.Contains($"the store is full ({code})", refused.Message);
        room = int.MaxValue;
        Assert.Equal(30, (await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation)).Copied);
        var before = puts;
        Assert.Equal(LargeResult.Copied, await pair.ContinueLargeAsync(upload, Cancellation));
        Assert.InRange(puts - before, 2, 3);
        Assert.Equal(41, (await pair.CompareAsync("", KeyRange.All, readsBoth: false, Cancellation)).Equal);
    }

    [Fact]
    public async Task A_store_that_does_not_answer_is_named()
    {
        var nowhere = storage.Settings with { Endpoint = new Uri($"http://127.0.0.1:{LoopbackPort.Free()}") };
        using var pair = new StoragePair(nowhere, storage.Settings, new TransferLimits(), TimeProvider.System, TwoBuckets.QuickPolicy, S3Wire.CreateHandler(), S3Wire.CreateHandler());

        var away = await Assert.ThrowsAsync<ProblemException>(() => pair.FindProblemAsync("", writes: false, Cancellation));

        Assert.Contains($"{nowhere.Endpoint} does not answer: Connection refused", away.Message);
    }

    private static async Task<string?> Problem(BucketSettings source, BucketSettings target, bool writes = true)
    {
        using var pair = new StoragePair(source, target, new TransferLimits(), TimeProvider.System, TwoBuckets.QuickPolicy, S3Wire.CreateHandler(), S3Wire.CreateHandler());
        return await pair.FindProblemAsync("", writes, Cancellation);
    }

    private static Task DenyAsync(ObjectStore store, string action, string keys) => store.Client.PutBucketPolicyAsync(new PutBucketPolicyRequest
    {
        BucketName = store.Bucket,
        Policy = $$"""{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": ["{{action}}"], "Resource": ["arn:aws:s3:::{{store.Bucket}}/{{keys}}"]}]}""",
    });

    private static string Name(BucketSettings settings) => $"{settings.Endpoint.GetLeftPart(UriPartial.Authority)}/{settings.Bucket}";
}
