using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// What the loops of an engine know together about the database's absence, so that it is said once when it goes and once when it is back.
/// A loop that learns of it only afterwards, by a connection that broke then, does not begin another one.
/// </summary>
internal sealed class DatabaseOutage(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Aftermath = TimeSpan.FromSeconds(5);

    private readonly HashSet<Backoff> _waiting = [];
    private readonly Lock _gate = new();
    private long _begun;
    private long? _over;
    private bool _said;

    public void Notice(Backoff loop, string what, Exception error)
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

    public void IsOver(Backoff loop)
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
    public void Leave(Backoff loop)
    {
        lock (_gate)
        {
            if (_waiting.Remove(loop) && _waiting.Count == 0)
                _said = false;
        }
    }
}
