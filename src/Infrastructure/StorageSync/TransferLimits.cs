namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>
/// A token bucket: lets at most so many bytes a second pass, over all transfers that share it. Whoever asks for more than is there goes first and the
/// others wait until the debt is paid, so a part larger than a second's bytes passes too.
/// </summary>
/// <param name="bytesPerSecond">Rate; null for no limit.</param>
public sealed class BandwidthLimit(long? bytesPerSecond, TimeProvider time)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _free = DateTimeOffset.MinValue;

    /// <summary>Waits until <paramref name="bytes"/> may pass.</summary>
    public async ValueTask TakeAsync(long bytes, CancellationToken cancellation)
    {
        if (bytesPerSecond is not { } rate || bytes == 0)
            return;
        TimeSpan wait;
        lock (_lock)
        {
            var now = time.GetUtcNow();
            var begin = _free > now ? _free : now;
            _free = begin + TimeSpan.FromSeconds((double)bytes / rate);
            wait = begin - now;
        }
        if (wait > TimeSpan.Zero)
            await Task.Delay(wait, time, cancellation);
    }
}

/// <summary>Keeps the buffers of all transfers together under a number of bytes. An object larger than the whole budget takes all of it.</summary>
internal sealed class MemoryBudget(long bytes)
{
    private readonly Lock _lock = new();
    private readonly Queue<(long Bytes, TaskCompletionSource Granted)> _waiting = new();
    private readonly long _all = bytes;
    private long _left = bytes;

    public async ValueTask<Lease> TakeAsync(long wanted, CancellationToken cancellation)
    {
        var taken = Math.Min(wanted, _all);
        TaskCompletionSource? granted = null;
        lock (_lock)
        {
            if (_waiting.Count == 0 && _left >= taken)
                _left -= taken;
            else
                _waiting.Enqueue((taken, granted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }
        if (granted is not null)
            try
            {
                await granted.Task.WaitAsync(cancellation);
            }
            catch (OperationCanceledException)
            {
                // It may have been granted at this moment.
                _ = granted.Task.ContinueWith(_ => Return(taken), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
                throw;
            }
        return new Lease(this, taken);
    }

    private void Return(long taken)
    {
        lock (_lock)
        {
            _left += taken;
            while (_waiting.TryPeek(out var next) && _left >= next.Bytes)
            {
                _left -= next.Bytes;
                _waiting.Dequeue().Granted.SetResult();
            }
        }
    }

    internal readonly struct Lease(MemoryBudget budget, long taken) : IDisposable
    {
        public void Dispose() => budget.Return(taken);
    }
}
