using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Keeps a loop alive through failures, with growing pauses. An outage of the database is logged once for all loops of the engine, by
/// <see cref="DatabaseOutage"/>. Another failure is logged by its loop, when it begins and when it is over.
/// </summary>
internal sealed class Backoff(string what, DurableStore store, ILogger logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private TimeSpan _wait = TimeSpan.Zero;
    private bool _logged;

    public void Succeeded()
    {
        if (_wait == TimeSpan.Zero)
            return;
        _wait = TimeSpan.Zero;
        store.Outage.IsOver(this);
        if (_logged)
            logger.LogInformation("{What}: works again", what);
        _logged = false;
    }

    /// <summary>Call it when the loop ends after a failure without another try.</summary>
    public void GiveUp() => store.Outage.Leave(this);

    /// <summary>Waits before the next try. Returns at once, without an error, when cancelled.</summary>
    public async Task FailedAsync(Exception error, CancellationToken cancellation)
    {
        if (DurableStore.IsUnavailable(error))
        {
            store.Outage.Notice(this, what, error);
        }
        else if (!_logged)
        {
            logger.LogWarning(error, "{What}: failed; it is retried until it works", what);
            _logged = true;
        }

        _wait = _wait == TimeSpan.Zero ? TimeSpan.FromMilliseconds(50) : _wait * 2;
        if (_wait > Longest)
            _wait = Longest;
        await Task.Delay(_wait * (0.75 + Random.Shared.NextDouble() / 2), cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
