using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

public sealed class TransferLimitTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_transfers_together_wait_until_their_bytes_are_due()
    {
        var time = new JumpingTime();
        var limit = new BandwidthLimit(1000, time);

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => limit.TakeAsync(500, Cancellation).AsTask()));
        await limit.TakeAsync(1, Cancellation);

        // The first goes at once; what comes after ten times 500 bytes waits five seconds in all.
        Assert.Equal(5, time.Longest.TotalSeconds, precision: 3);
        await new BandwidthLimit(null, time).TakeAsync(long.MaxValue, Cancellation);
    }

    [Fact]
    public async Task Buffers_stay_under_the_budget_and_a_cancelled_wait_gives_back_its_share()
    {
        var budget = new MemoryBudget(100);
        var first = await budget.TakeAsync(60, Cancellation);
        using var stop = new CancellationTokenSource();
        var cancelled = budget.TakeAsync(60, stop.Token).AsTask();
        var small = budget.TakeAsync(30, Cancellation).AsTask();

        // In order: the small one does not overtake, or a large one would never come.
        Assert.False(cancelled.IsCompleted || small.IsCompleted);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        first.Dispose();
        using (await small)
        using (await budget.TakeAsync(70, Cancellation))
            Assert.False(budget.TakeAsync(1, stop.Token).IsCompletedSuccessfully);
        using (await budget.TakeAsync(1_000_000, Cancellation))
            Assert.False(budget.TakeAsync(1, stop.Token).IsCompletedSuccessfully);
    }

    /// <summary>A clock that stands still and whose timers fire at once; it notes the longest wait.</summary>
    private sealed class JumpingTime : TimeProvider
    {
        private readonly DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public TimeSpan Longest { get; private set; }

        public override DateTimeOffset GetUtcNow() => _now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Longest = dueTime > Longest ? dueTime : Longest;
            return base.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
