namespace VisionPlatform.Application.Operations;

/// <summary>What the activities of this process have moved so far. Displays read it; nothing is decided by it.</summary>
public sealed class OperationMeter
{
    private long _items;
    private long _bytes;
    private long _expectedBytes;
    private volatile string _phase = "";

    /// <summary>Tables, objects, parts: whatever the phase counts.</summary>
    public long Items => Interlocked.Read(ref _items);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Bytes that the phase will move, as far as it is known; 0 when it is not.</summary>
    public long ExpectedBytes => Interlocked.Read(ref _expectedBytes);

    /// <summary>What is being done, in the words of the display: <c>copy platform</c>.</summary>
    public string Phase => _phase;

    /// <summary>Begins a phase: counts start again at zero.</summary>
    public void Begin(string phase, long expectedBytes = 0)
    {
        _phase = phase;
        Interlocked.Exchange(ref _items, 0);
        Interlocked.Exchange(ref _bytes, 0);
        Interlocked.Exchange(ref _expectedBytes, expectedBytes);
    }

    public void Add(long items, long bytes)
    {
        Interlocked.Add(ref _items, items);
        Interlocked.Add(ref _bytes, bytes);
    }
}
