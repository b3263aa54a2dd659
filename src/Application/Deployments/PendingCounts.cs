namespace VisionPlatform.Application.Deployments;

/// <summary>Counts that this instance has in memory and that are not written yet. Several threads may add to them while they are written.</summary>
/// <param name="sum">Adds the second entry to the first and returns it.</param>
internal sealed class PendingCounts<TKey, TEntry>(Func<TEntry, TEntry, TEntry> sum) : IDisposable
    where TKey : notnull
    where TEntry : class
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _flushing = new(1);
    private Dictionary<TKey, TEntry> _entries = [];

    /// <summary>Changes the entry of a key, a new one if there is none. The change must be short: others wait for it.</summary>
    public void Change(TKey key, Func<TEntry> make, Action<TEntry> change)
    {
        lock (_gate)
        {
            if (!_entries.TryGetValue(key, out var entry))
                entry = _entries[key] = make();
            change(entry);
        }
    }

    /// <summary>Has all entries written, and keeps them if that fails. One flush at a time.</summary>
    public async Task FlushAsync(Func<IReadOnlyCollection<TEntry>, CancellationToken, Task> write, CancellationToken cancellation)
    {
        await _flushing.WaitAsync(cancellation);
        try
        {
            Dictionary<TKey, TEntry> taken;
            lock (_gate)
                (taken, _entries) = (_entries, []);
            if (taken.Count == 0)
                return;
            try
            {
                await write(taken.Values, cancellation);
            }
            catch
            {
                lock (_gate)
                    foreach (var (key, entry) in taken)
                        _entries[key] = _entries.TryGetValue(key, out var since) ? sum(entry, since) : entry;
                throw;
            }
        }
        finally
        {
            _flushing.Release();
        }
    }

    public void Dispose() => _flushing.Dispose();
}
