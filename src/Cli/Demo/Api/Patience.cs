namespace VisionPlatform.Cli.Demo.Api;

/// <summary>
/// How long the platform may stay away before a request gives up, and who is told.
/// An outage is announced once when it begins and once when it ends, however many requests it affects.
/// </summary>
internal sealed class Patience(TimeSpan limit, Action<string> announce, TimeProvider time)
{
    private static readonly TimeSpan _longestPause = TimeSpan.FromSeconds(3);
    private readonly Lock _lock = new();
    private long? _awaySince;

    /// <summary>How long the platform may stay away. It can be set because the first request waits for a shorter time than a running job.</summary>
    public TimeSpan Limit { get; set; } = limit;

    /// <summary>Whether the platform has not answered the last request.</summary>
    public bool IsAway
    {
        get
        {
            lock (_lock)
                return _awaySince is not null;
        }
    }

    /// <summary>Tells the user something about the connection.</summary>
    public void Announce(string text) => announce(text);

    /// <summary>Notes that the platform did not answer, and waits before try number <paramref name="tries"/> + 1.</summary>
    /// <exception cref="CommandException">The platform has been away longer than <see cref="Limit"/>.</exception>
    public async Task PauseAsync(int tries, string reason, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (_awaySince is not { } since)
            {
                _awaySince = time.GetTimestamp();
                announce($"The platform does not answer ({reason}); waiting up to {Limit.TotalSeconds:0} s for it.");
            }
            else if (time.GetElapsedTime(since) > Limit)
            {
                throw CommandException.Unavailable($"the platform did not answer for {time.GetElapsedTime(since).TotalSeconds:0} s ({reason}). Is it running? './platform doctor' tells.");
            }
        }
        var pause = Math.Min(_longestPause.TotalSeconds, 0.2 * Math.Pow(1.6, Math.Min(tries, 10)));
        await Task.Delay(TimeSpan.FromSeconds(pause * (0.8 + 0.4 * Random.Shared.NextDouble())), time, cancellation);
    }

    /// <summary>The platform answered.</summary>
    public void Answered()
    {
        lock (_lock)
        {
            if (_awaySince is not { } since)
                return;
            _awaySince = null;
            announce($"The platform is back after {time.GetElapsedTime(since).TotalSeconds:0} s.");
        }
    }
}
