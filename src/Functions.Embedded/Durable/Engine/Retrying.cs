using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Lets a loop live through the database's absence: waits longer and longer, logs when it goes and when it is back.</summary>
internal sealed class Retrying(string what, ILogger logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private TimeSpan _wait = TimeSpan.Zero;

    public void Succeeded()
    {
        if (_wait == TimeSpan.Zero)
            return;
        _wait = TimeSpan.Zero;
        logger.LogInformation("{What}: going on", what);
    }

    /// <summary>Waits before the next try; comes back at once, without an error, when cancelled.</summary>
    public async Task FailedAsync(Exception error, CancellationToken cancellation)
    {
        if (_wait == TimeSpan.Zero)
            logger.LogWarning(error, "{What}: interrupted, trying again until it works", what);
        _wait = _wait == TimeSpan.Zero ? TimeSpan.FromMilliseconds(50) : _wait * 2;
        if (_wait > Longest)
            _wait = Longest;
        await Task.Delay(_wait * (0.75 + Random.Shared.NextDouble() / 2), cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
