using System.Threading.Channels;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Writes items of many callers together. Items that arrive while a transaction runs form the next batch: a single item never waits for others, and
/// many share a commit.
/// </summary>
internal sealed class Batcher<T> : IAsyncDisposable
{
    private readonly Channel<T> _items = Channel.CreateUnbounded<T>();
    private readonly Func<IReadOnlyList<T>, Task> _write;
    private readonly int _most;
    private readonly Task[] _loops;

    /// <param name="write">Writes a batch. It reports the result of each item itself and does not throw.</param>
    /// <param name="most">The most items in a batch.</param>
    /// <param name="loops">How many batches may be written at the same time.</param>
    public Batcher(Func<IReadOnlyList<T>, Task> write, int most, int loops = 1)
    {
        _write = write;
        _most = most;
        _loops = [.. Enumerable.Range(0, loops).Select(_ => Task.Run(RunAsync))];
    }

    /// <summary>Adds an item. False after <see cref="DisposeAsync"/>.</summary>
    public bool TryAdd(T item) => _items.Writer.TryWrite(item);

    /// <summary>Accepts no more items and waits until those added are written. A second call returns at once.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_items.Writer.TryComplete())
            await Task.WhenAll(_loops);
    }

    private async Task RunAsync()
    {
        while (await _items.Reader.WaitToReadAsync())
        {
            var batch = new List<T>();
            while (batch.Count < _most && _items.Reader.TryRead(out T? item))
                batch.Add(item);
            if (batch.Count > 0)
                await _write(batch);
        }
    }
}
