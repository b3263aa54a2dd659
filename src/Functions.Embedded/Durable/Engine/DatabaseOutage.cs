using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// An outage of the database as all loops of an engine see it. It is logged once when it begins and once when it is over. A loop that notices it
/// late, by a connection that broke during the outage, does not begin another one.
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
            logger.LogWarning(error, "The durable engine cannot use its database ({What}); it waits and retries", what);
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
                logger.LogInformation("The durable engine can use its database again, after {Seconds:F1} s", time.GetElapsedTime(_begun).TotalSeconds);
            _said = false;
        }
    }

    /// <summary>Removes a loop that has ended.</summary>
    public void Leave(Backoff loop)
    {
        lock (_gate)
        {
            if (_waiting.Remove(loop) && _waiting.Count == 0)
                _said = false;
        }
    }
}
