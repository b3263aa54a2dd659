using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Lets a loop live through failures: waits longer and longer. That the database is away is said once for all loops of the engine, by
/// <see cref="DatabaseAbsence"/>; another failure is said by the loop that met it, when it begins and when it is over.
/// </summary>
internal sealed class Retrying(string what, DurableStore store, ILogger logger)
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(3);

    private TimeSpan _wait = TimeSpan.Zero;
    private bool _logged;

    public void Succeeded()
    {
        if (_wait == TimeSpan.Zero)
            return;
        _wait = TimeSpan.Zero;
        store.Absence.IsOver(this);
        if (_logged)
            logger.LogInformation("{What}: going on", what);
        _logged = false;
    }

    /// <summary>The loop ends without another try.</summary>
    public void GiveUp() => store.Absence.Leave(this);

    /// <summary>Waits before the next try; comes back at once, without an error, when cancelled.</summary>
    public async Task FailedAsync(Exception error, CancellationToken cancellation)
    {
        if (DurableStore.IsAway(error))
        {
            store.Absence.Notice(this, what, error);
        }
        else if (!_logged)
        {
            logger.LogWarning(error, "{What}: interrupted, trying again until it works", what);
            _logged = true;
        }

        _wait = _wait == TimeSpan.Zero ? TimeSpan.FromMilliseconds(50) : _wait * 2;
        if (_wait > Longest)
            _wait = Longest;
        await Task.Delay(_wait * (0.75 + Random.Shared.NextDouble() / 2), cancellation)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}

/// <summary>
/// What the loops of an engine know together about the database's absence, so that it is said once when it goes and once when it is back.
/// A loop that learns of it only afterwards, by a connection that broke then, does not begin another one.
/// </summary>
internal sealed class DatabaseAbsence(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(5);

    private readonly HashSet<Retrying> _waiting = [];
    private readonly Lock _gate = new();
    private long _begun;
    private long? _over;
    private bool _said;

    public void Notice(Retrying loop, string what, Exception error)
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
                _begun = time.GetTimestamp();
            _waiting.Add(loop);
            bool isAftermath = _over is { } over && time.GetElapsedTime(over) < Aftermath;
            if (_said || isAftermath)
                return;
            _said = true;
            logger.LogWarning(error, "The durable engine is interrupted: its database does not serve it ({What}). It waits and goes on when it is back", what);
        }
    }

    public void IsOver(Retrying loop)
    {
        lock (_gate)
        {
            if (!_waiting.Remove(loop) || _waiting.Count > 0)
                return;
            _over = time.GetTimestamp();
            if (_said)
                logger.LogInformation("The durable engine goes on: its database is back after {Seconds:F1} s", time.GetElapsedTime(_begun).TotalSeconds);
            _said = false;
        }
    }

    /// <summary>Forgets a loop that has ended without learning more.</summary>
    public void Leave(Retrying loop)
    {
        lock (_gate)
        {
            if (_waiting.Remove(loop) && _waiting.Count == 0)
                _said = false;
        }
    }
}
