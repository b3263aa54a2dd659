using System.Threading.Channels;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// Gathers what many callers want written and writes it together: while one transaction is under way the next one's items collect, so a
/// single caller never waits and many share a commit.
/// </summary>
internal sealed class Batcher<T> : IAsyncDisposable
{
    private readonly Channel<T> _items = Channel.CreateUnbounded<T>();
    private readonly Func<IReadOnlyList<T>, Task> _write;
    private readonly int _most;
    private readonly Task[] _loops;

    /// <param name="write">Writes a batch. It answers each item itself and does not throw.</param>
    /// <param name="most">Most items of a batch.</param>
    /// <param name="loops">Batches under way at once.</param>
    public Batcher(Func<IReadOnlyList<T>, Task> write, int most, int loops = 1)
    {
        _write = write;
        _most = most;
        _loops = [.. Enumerable.Range(0, loops).Select(_ => Task.Run(RunAsync))];
    }

    /// <summary>False when the batcher is closed.</summary>
    public bool TryAdd(T item) => _items.Writer.TryWrite(item);

    /// <summary>Takes no more, writes what was added. A second call, as by a container, does not wait again.</summary>
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
