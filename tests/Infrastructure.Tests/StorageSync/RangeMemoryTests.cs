using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

/// <summary>Runs while no other test does: it measures the memory of the process.</summary>
[CollectionDefinition(nameof(RangeMemoryTests), DisableParallelization = true)]
public sealed class AloneCollection;

[Collection(nameof(RangeMemoryTests))]
public sealed class RangeMemoryTests(StorageFixture storage)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_million_keys_are_split_and_compared_in_constant_memory()
    {
        var count = Environment.GetEnvironmentVariable("LONG_TESTS") is null ? 100_000 : 1_000_000;
        var listing = new ListingOf(count, i => $"datasets/7/images/img_{i:d7}.png");
        using var pair = new StoragePair(
            Settings("a"), Settings("b"), new TransferLimits(), TimeProvider.System, TwoBuckets.QuickPolicy, listing, listing);

        var ranges = await pair.PlanAsync("datasets/", null, 32, Cancellation);
        var sum = new RangeOutcome();
        var (calls, most, before) = (0, 0L, GC.GetTotalMemory(forceFullCollection: true));
        foreach (var planned in ranges)
            for (KeyRange? range = planned; range is not null; calls++)
            {
                var outcome = await pair.CompareAsync("datasets/", range, readsBoth: false, Cancellation);
                sum = sum.Plus(outcome, 20);
                range = outcome.ContinueAfter is { } after ? range with { After = after } : null;
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true));
            }

        Assert.Equal((count, count), (sum.SourceObjects, sum.Equal));
        Assert.InRange(ranges.Count, 10, 100);
        Assert.InRange(calls, ranges.Count, ranges.Count + (count / 25_000));
        Assert.InRange(most - before, long.MinValue, 200L * 1024 * 1024);
    }

    private VisionPlatform.Infrastructure.Storage.BucketSettings Settings(string bucket) => storage.Settings with { Bucket = bucket };
}
