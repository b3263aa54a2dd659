using System.Collections.Concurrent;
using System.Text;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

public sealed class SyncTests(StorageFixture storage)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_what_differs_is_copied_and_nothing_is_deleted()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        foreach (var key in (string[])["in/same", "in/new", "in/other", "in/longer", "out/x"])
            await buckets.PutAsync(key, key);
        await TwoBuckets.PutAsync(buckets.Target, "in/same", "in/same"u8.ToArray());
        await TwoBuckets.PutAsync(buckets.Target, "in/other", "in/OTHER"u8.ToArray());
        await TwoBuckets.PutAsync(buckets.Target, "in/longer", "short"u8.ToArray());
        await TwoBuckets.PutAsync(buckets.Target, "in/extra", "extra"u8.ToArray());
        using var pair = buckets.Pair();

        var dry = await pair.SyncAsync("in/", KeyRange.All, isDryRun: true, Cancellation);
        Assert.Equal((3, 1, 1), (dry.Copied, dry.Equal, dry.OnlyAtTarget));
        Assert.Null(await buckets.Target.HeadAsync("in/new", Cancellation));
        var outcome = await pair.SyncAsync("in/", KeyRange.All, isDryRun: false, Cancellation);

        Assert.Equal((4, 4, 1, 3, 1, 0), (outcome.SourceObjects, outcome.TargetObjects, outcome.Equal, outcome.Copied, outcome.OnlyAtTarget, outcome.Differing));
        Assert.Equal(["in/extra", "in/longer", "in/new", "in/other", "in/same"], await TwoBuckets.KeysAsync(buckets.Target));
        Assert.Equal("in/other", Encoding.UTF8.GetString((await TwoBuckets.ReadAsync(buckets.Target, "in/other"))!));
    }

    [Fact]
    public async Task How_much_there_is_to_copy_is_known_before_it_is_copied()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        await Parallel.ForAsync(0, 60, Cancellation, async (i, _) => await buckets.PutAsync($"k{i:d3}", new byte[10]));
        await TwoBuckets.PutAsync(buckets.Target, "k000", new byte[10]);
        await TwoBuckets.PutAsync(buckets.Target, "k001", new byte[11]);
        await TwoBuckets.PutAsync(buckets.Target, "k002", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        var (known, objects, bytes, copied, copiedBytes) = (new TaskCompletionSource(), 0L, 0L, 0L, 0L);
        using var pair = buckets.Pair(
            new TransferLimits(2),
            toTarget: new Interception(async request =>
            {
                if (request.Method == HttpMethod.Put)
                    await known.Task.WaitAsync(TimeSpan.FromMinutes(3), Cancellation);
                return null;
            }),
            expected: (more, moreBytes) =>
            {
                Interlocked.Add(ref bytes, moreBytes);
                // All but the one that is the same and the one that the listings leave open.
                if (Interlocked.Add(ref objects, more) == 58)
                    known.TrySetResult();
            },
            moved: (done, doneBytes) => (_, _) = (Interlocked.Add(ref copied, done), Interlocked.Add(ref copiedBytes, doneBytes)));

        Assert.Equal((58, 580), await pair.CountAsync("", KeyRange.All, Cancellation));
        await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation, countsAhead: true);

        Assert.Equal((59, 590), (objects, bytes));
        Assert.Equal((59, 590), (copied, copiedBytes));
    }

    [Fact]
    public async Task A_comparison_reports_every_kind_of_difference()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        var parts = new byte[6 * 1024 * 1024];
        foreach (var (store, other) in new[] { (buckets.Source, (byte)0), (buckets.Target, (byte)1) })
        {
            await TwoBuckets.PutAsync(store, "same", [7]);
            await TwoBuckets.PutAsync(store, "content", [other]);
            await TwoBuckets.PutAsync(store, "size", new byte[1 + other]);
            await TwoBuckets.PutAsync(store, other == 0 ? "missing" : "only", [1, 2]);
            await TwoBuckets.PutPartsAsync(store, "parts-same", parts, (5 + other) * 1024 * 1024);
            parts[^1] = other;
            await TwoBuckets.PutPartsAsync(store, "parts-other", parts, (5 + other) * 1024 * 1024);
            parts[^1] = 0;
        }
        var found = new ConcurrentQueue<Difference>();
        using var pair = buckets.Pair(found: found.Enqueue);

        var listed = await pair.CompareAsync("", KeyRange.All, readsBoth: false, Cancellation);
        Assert.Equal((1, 6), (listed.Equal, listed.Differing));
        Assert.Equal(
            [
                ("content", DifferenceKind.DifferentContent, 1L, 1L), ("missing", DifferenceKind.MissingAtTarget, 2L, null), ("only", DifferenceKind.OnlyAtTarget, null, 2L),
                ("parts-other", DifferenceKind.NotComparable, 6291456L, 6291456L), ("parts-same", DifferenceKind.NotComparable, 6291456L, 6291456L), ("size", DifferenceKind.DifferentSize, 1L, 2L),
            ],
            found.OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => (one.Key, one.Kind, one.SourceSize, one.TargetSize)));

        var read = await pair.CompareAsync("", KeyRange.All, readsBoth: true, Cancellation);
        Assert.Equal((2, 5), (read.Equal, read.Differing));
        Assert.Contains(read.First, one => one is { Key: "parts-other", Kind: DifferenceKind.DifferentContent });
    }

    [Fact]
    public async Task An_object_replaced_while_it_is_copied_arrives_in_one_version_and_the_next_sync_finds_nothing_to_do()
    {
        foreach (var isOneService in (bool[])[false, true])
        {
            await using var buckets = await TwoBuckets.CreateAsync(storage, isOneService);
            await buckets.PutAsync("changing", "first");
            var change = Interception.Before(request => request.Method != HttpMethod.Head && request.RequestUri!.AbsolutePath.EndsWith("/changing", StringComparison.Ordinal), () => buckets.PutAsync("changing", "the second"));
            using var pair = isOneService ? buckets.Pair(toTarget: change) : buckets.Pair(fromSource: change);

            var outcome = await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation);

            Assert.Equal((1, 10), (outcome.Copied, outcome.CopiedBytes));
            Assert.Equal("the second", Encoding.UTF8.GetString((await TwoBuckets.ReadAsync(buckets.Target, "changing"))!));
            Assert.Equal(1, (await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation)).Equal);
        }
    }

    [Fact]
    public async Task An_object_deleted_while_it_is_copied_is_reported_and_is_no_failure()
    {
        foreach (var isOneService in (bool[])[false, true])
        {
            await using var buckets = await TwoBuckets.CreateAsync(storage, isOneService);
            await buckets.PutAsync("going", "soon");
            await buckets.PutAsync("staying", "here");
            var delete = Interception.Before(request => request.RequestUri!.AbsolutePath.EndsWith("/going", StringComparison.Ordinal), () => buckets.Source.DeleteAsync(["going"], Cancellation));
            using var pair = isOneService ? buckets.Pair(toTarget: delete) : buckets.Pair(fromSource: delete);

            var outcome = await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation);

            Assert.Equal((1, 1, 0), (outcome.Copied, outcome.Vanished, outcome.Failed));
            Assert.Equal(("going", DifferenceKind.Vanished), Assert.Single(outcome.First) is var one ? (one.Key, one.Kind) : default);
        }
    }

    [Fact]
    public async Task Only_what_the_source_lacks_at_this_moment_is_deleted_and_never_more_than_agreed()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        foreach (var i in Enumerable.Range(0, 5))
            await TwoBuckets.PutAsync(buckets.Target, $"k{i}", [1]);
        await buckets.PutAsync("k3", "back again");
        using var pair = buckets.Pair();

        var limited = await pair.DeleteAsync("", KeyRange.All, 2, Cancellation);
        Assert.Equal(2, limited.Deleted);
        Assert.Contains("losing objects", limited.Problem);
        var rest = await pair.DeleteAsync("", KeyRange.All, 2, Cancellation);

        Assert.Equal((2, null), (rest.Deleted, rest.Problem));
        Assert.Equal(["k3"], await TwoBuckets.KeysAsync(buckets.Target));
    }

    [Fact]
    public async Task Failures_of_one_request_in_a_hundred_lose_nothing()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        await Parallel.ForAsync(0, 400, Cancellation, async (i, _) => await buckets.PutAsync($"objects/{i:d4}", $"content {i}"));
        await TwoBuckets.PutPartsAsync(buckets.Source, "objects/parts", new byte[30 * 1024 * 1024], 5 * 1024 * 1024);
        await TwoBuckets.PutAsync(buckets.Target, "objects/zz-extra", [1]);
        var failures = 0;
        using var pair = buckets.Pair(
            fromSource: Interception.Failing(50, () => Interlocked.Increment(ref failures)), toTarget: Interception.Failing(50, () => Interlocked.Increment(ref failures)));

        var sync = await TwoBuckets.SyncAllAsync(pair, "objects/", Cancellation);
        var deleted = await pair.DeleteAsync("objects/", KeyRange.All, 1, Cancellation);

        Assert.Equal((401, 0, 1), (sync.Copied, sync.Failed, deleted.Deleted));
        Assert.True(failures >= 10, $"only {failures} requests failed");
        using var calm = buckets.Pair();
        var compared = await calm.CompareAsync("", KeyRange.All, readsBoth: true, Cancellation);
        Assert.Equal((401, 0), (compared.Equal, compared.Differing));
    }

    [Fact]
    public async Task A_damaged_body_is_noticed_and_sent_again()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        await buckets.PutAsync("fragile", "handle with care");
        var damaged = 0;
        using var pair = buckets.Pair(toTarget: new Interception(async request =>
        {
            if (request.Method == HttpMethod.Put && Interlocked.Exchange(ref damaged, 1) == 0)
            {
                var headers = request.Content!.Headers;
                request.Content = new ByteArrayContent("Handle with care"u8.ToArray());
                foreach (var (name, values) in headers)
                    request.Content.Headers.TryAddWithoutValidation(name, values);
            }
            await Task.CompletedTask;
            return null;
        }));

        Assert.Equal(1, (await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation)).Copied);

        Assert.Equal((1, "handle with care"), (damaged, Encoding.UTF8.GetString((await TwoBuckets.ReadAsync(buckets.Target, "fragile"))!)));
    }
}
