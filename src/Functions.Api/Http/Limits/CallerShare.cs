using VisionPlatform.Infrastructure.Limits;

namespace VisionPlatform.Api.Http.Limits;

/// <summary>Whether a request may be served.</summary>
/// <param name="Left">Requests that the caller may send at once after this one.</param>
/// <param name="Wait">Time until the next request may be served; null if this one may.</param>
internal readonly record struct Verdict(long Left, TimeSpan? Wait);

/// <summary>
/// The tokens that this instance has taken from the shared bucket of one caller. It takes a hundredth of the limit at once, so a busy caller costs
/// one statement for many requests and a limit up to 199 is exact. All instances together never serve more than the bucket allows. A caller whose
/// requests go to several instances may be refused early by the tokens that the other instances hold: a hundredth of the limit for each.
/// </summary>
internal sealed class CallerShare(SharedBuckets shared, byte[] key, int perMinute, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly int _atOnce = Math.Max(1, perMinute / 100);
    private readonly TimeSpan _perToken = SharedBuckets.Window / perMinute;

    private int _tokens;
    private TimeSpan _untilFull;
    private long _asked;
    private bool _isEmpty;
    private Task? _asking;

    /// <summary>Timestamp of the last request.</summary>
    public long LastUsed { get; private set; } = time.GetTimestamp();

    /// <summary>Counts a request. Null while the database does not answer.</summary>
    public async ValueTask<Verdict?> TakeAsync()
    {
        while (true)
        {
            Task asking;
            lock (_lock)
            {
                LastUsed = time.GetTimestamp();
                var age = time.GetElapsedTime(_asked, LastUsed);
                // Tokens that are older than the window belong to a window that is over.
                if (_tokens > 0 && age < SharedBuckets.Window)
                {
                    _tokens--;
                    return new Verdict(Math.Min(perMinute, _tokens + InBucket(age)), null);
                }
                if (_isEmpty && _untilFull - age - SharedBuckets.Window + _perToken is { Ticks: > 0 } wait)
                    return new Verdict(0, wait);
                if (shared.IsAway)
                    return null;
                // One statement at a time for all requests of the caller. It takes the lock only after this block.
                asking = _asking ??= Task.Run(AskAsync);
            }
            await asking;
        }
    }

    private long InBucket(TimeSpan age) => (long)Math.Floor((SharedBuckets.Window - (_untilFull > age ? _untilFull - age : TimeSpan.Zero)) / _perToken + 0.001);

    private async Task AskAsync()
    {
        var asked = time.GetTimestamp();
        BucketGrant? grant = null;
        try
        {
            grant = await shared.TakeAsync(key, perMinute, _atOnce);
        }
        finally
        {
            lock (_lock)
            {
                _asking = null;
                if (grant is not null)
                    (_tokens, _untilFull, _asked, _isEmpty) = (grant.Tokens, grant.UntilFull, asked, grant.Tokens == 0);
            }
        }
    }
}
