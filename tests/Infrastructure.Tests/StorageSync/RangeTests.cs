using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

public sealed class RangeTests(StorageFixture storage)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ranges_hold_every_key_once_and_are_planned_with_few_requests()
    {
        string[] keys =
        [
            .. Enumerable.Range(0, 6000).Select(i => $"p/images/img_{i:d7}.png"),
            .. Enumerable.Range(0, 1500).Select(i => $"p/{(char)(0x4e00 + i)}"), .. Enumerable.Range(0, 1200).Select(i => $"p/\U0001F600{i}\uffff"), "p", "p/", "q", "p/images/img_",
        ];
        foreach (var wanted in (int[])[1, 4, 16, 64])
        {
            var listing = new ListingOf(keys);
            using var store = Wire(listing);
            using var planner = new RangePlanner(store, "p/");

            var ranges = await planner.PlanAsync(null, wanted, Cancellation);

            Assert.InRange(ranges.Count, Math.Min(wanted, 6), 2 * wanted);
            Assert.InRange(listing.Requests, 1, 300 + (wanted * 15));
            var found = new List<string>();
            foreach (var range in ranges)
                await foreach (var listed in store.ListAsync("p/", range, Cancellation))
                    found.Add(listed.Key);
            Assert.Equal(keys.Where(key => key.StartsWith("p/", StringComparison.Ordinal)).Order(Utf8Order.Instance), found);
        }
    }

    [Theory]
    [InlineData("x", "xa")]
    [InlineData("x\U0010FFFF", "x\U0010FFFF\U0010FFFF")]
    public async Task Keys_that_begin_like_each_other_or_end_the_alphabet_are_still_in_one_range(params string[] odd)
    {
        string[] keys = [.. odd, .. Enumerable.Range(0, 3000).Select(i => $"{odd[0]}{i:d4}")];
        using var store = Wire(new ListingOf(keys));
        using var planner = new RangePlanner(store, "");

        var found = new List<string>();
        foreach (var range in await planner.PlanAsync(null, 16, Cancellation))
            await foreach (var listed in store.ListAsync("", range, Cancellation))
                found.Add(listed.Key);

        Assert.Equal(keys.Order(Utf8Order.Instance), found);
    }

    [Fact]
    public async Task A_long_range_ends_early_and_says_where_it_goes_on()
    {
        var listing = new ListingOf(60_000, i => $"k{i:d6}");
        using var pair = new StoragePair(Settings("a"), Settings("b"), new TransferLimits(), TimeProvider.System, TwoBuckets.QuickPolicy, listing, listing);

        var first = await pair.SyncAsync("", KeyRange.All, isDryRun: false, Cancellation);
        var second = await pair.SyncAsync("", new KeyRange(first.ContinueAfter, null), isDryRun: false, Cancellation);
        var third = await pair.SyncAsync("", new KeyRange(second.ContinueAfter, null), isDryRun: false, Cancellation);

        Assert.Equal((25_000, 25_000, 10_000, null), (first.Equal, second.Equal, third.Equal, third.ContinueAfter));
    }

    private S3Wire Wire(HttpMessageHandler handler) => new(Settings("a"), TimeProvider.System, TwoBuckets.QuickPolicy, handler);

    private VisionPlatform.Infrastructure.Storage.BucketSettings Settings(string bucket) => storage.Settings with { Bucket = bucket };
}
