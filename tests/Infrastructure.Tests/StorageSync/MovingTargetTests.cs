using System.Diagnostics;
using System.Security.Cryptography;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

/// <summary>
/// A bucket that is written while it is synced, over a network that loses one request in a hundred: 400 small objects and one large one, or 20,000 and three
/// of 200 MB with LONG_TESTS=1. rclone judges the result.
/// </summary>
[Trait("Category", "Moves")]
public sealed class MovingTargetTests(StorageFixture storage)
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("LONG_TESTS") == "1";
    private static readonly (int Small, int Large, int LargeBytes) Size = IsLong ? (20_000, 3, 200_000_000) : (400, 1, 20_000_000);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_changes_during_a_sync_with_failures_arrives_with_the_next_one()
    {
        await using var buckets = await TwoBuckets.CreateAsync(storage);
        await Parallel.ForAsync(0, Size.Small, Cancellation, async (n, _) => await buckets.PutAsync($"small/{n:d5}", $"first {n}"));
        for (var n = 0; n < Size.Large; n++)
            await TwoBuckets.PutPartsAsync(buckets.Source, $"large/{n}", RandomNumberGenerator.GetBytes(Size.LargeBytes + n), 8 << 20);
        var failures = 0;
        using (var failing = buckets.Pair(
            fromSource: Interception.Failing(100, () => Interlocked.Increment(ref failures)), toTarget: Interception.Failing(100, () => Interlocked.Increment(ref failures))))
        {
            var changes = ChangeAsync(buckets);
            var first = await SyncAllAsync(failing);
            await changes;
            Assert.Equal(0, first.Failed);
            Assert.True(failures > 0, "no request failed");
        }

        using var calm = buckets.Pair();
        await SyncAllAsync(calm);
        var deleted = await calm.DeleteAsync("", KeyRange.All, Size.Small, Cancellation);

        Assert.Null(deleted.Problem);
        Assert.Equal((Size.Small - (Size.Small / 20) + 10 + Size.Large, 0), (await CompareAllAsync(calm)) is var all ? (all.Equal, all.Differing) : default);
        await RcloneFindsNoDifferenceAsync(buckets);
    }

    /// <summary>Every twentieth small object is deleted, every tenth of the others is replaced, and ten are new.</summary>
    private static async Task ChangeAsync(TwoBuckets buckets)
    {
        for (var n = 0; n < Size.Small; n++)
        {
            if (n % 20 == 7)
                await buckets.Source.DeleteAsync([$"small/{n:d5}"], Cancellation);
            else if (n % 10 == 3)
                await buckets.PutAsync($"small/{n:d5}", $"the second content {n}");
        }
        for (var n = 0; n < 10; n++)
            await buckets.PutAsync($"new/{n}", $"new {n}");
    }

    private static async Task<RangeOutcome> SyncAllAsync(StoragePair pair)
    {
        var sum = new RangeOutcome();
        for (KeyRange? range = KeyRange.All; range is not null;)
        {
            var outcome = await pair.SyncAsync("", range, isDryRun: false, Cancellation);
            Assert.Null(outcome.Problem);
            foreach (var large in outcome.Large)
                while (await pair.BeginLargeAsync(large.Key, Cancellation) is { } upload && await pair.ContinueLargeAsync(upload, Cancellation) == LargeResult.BeginAgain)
                {
                }
            sum = sum.Plus(outcome, RangeOutcome.Kept);
            range = outcome.ContinueAfter is { } after ? KeyRange.All with { After = after } : null;
        }
        return sum;
    }

    private static async Task<RangeOutcome> CompareAllAsync(StoragePair pair)
    {
        var sum = new RangeOutcome();
        for (KeyRange? range = KeyRange.All; range is not null;)
        {
            var outcome = await pair.CompareAsync("", range, readsBoth: true, Cancellation);
            sum = sum.Plus(outcome, RangeOutcome.Kept);
            range = outcome.ContinueAfter is { } after ? KeyRange.All with { After = after } : null;
        }
        return sum;
    }

    private static async Task RcloneFindsNoDifferenceAsync(TwoBuckets buckets)
    {
        var start = new ProcessStartInfo("rclone", ["check", $"old:{buckets.SourceSettings.Bucket}", $"new:{buckets.TargetSettings.Bucket}", "--download"]) { RedirectStandardError = true };
        foreach (var (name, settings) in new[] { ("OLD", buckets.SourceSettings), ("NEW", buckets.TargetSettings) })
            foreach (var (part, value) in new[] { ("TYPE", "s3"), ("PROVIDER", "Ceph"), ("ENDPOINT", settings.Endpoint.ToString()), ("ACCESS_KEY_ID", settings.AccessKey), ("SECRET_ACCESS_KEY", settings.SecretKey), ("NO_CHECK_BUCKET", "true") })
                start.Environment[$"RCLONE_CONFIG_{name}_{part}"] = value;
        start.Environment.Remove("AWS_CA_BUNDLE");
        using var rclone = Process.Start(start)!;
        var said = await rclone.StandardError.ReadToEndAsync(Cancellation);
        await rclone.WaitForExitAsync(Cancellation);
        Assert.True(said.Contains("0 differences found", StringComparison.Ordinal), said);
    }
}
