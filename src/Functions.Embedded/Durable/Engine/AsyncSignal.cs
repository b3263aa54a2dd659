namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Wakes one waiting loop. Any number of sets before the wait count as one.</summary>
internal sealed class AsyncSignal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0, 1);
    private readonly Lock _gate = new();

    public void Set()
    {
        lock (_gate)
        {
            if (_set.CurrentCount == 0)
                _set.Release();
        }
    }

    /// <summary>Waits until the signal is set or the time, which may be <see cref="Timeout.InfiniteTimeSpan"/>, is over.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellation) =>
        _set.WaitAsync(atMost > TimeSpan.Zero || atMost == Timeout.InfiniteTimeSpan ? atMost : TimeSpan.Zero, cancellation);

    public void Dispose() => _set.Dispose();
}
