using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Application.Operations;

/// <summary>
/// What activities have moved so far. Displays read it; nothing is decided by it. In the app several operations share the activities: each step counts on the meter
/// that it follows.
/// </summary>
public sealed class OperationMeter
{
    private static readonly AsyncLocal<OperationMeter?> Followed = new();

    private readonly Lock _lock = new();
    private string _phase = "";
    private bool _isSaid;
    private bool _restarts;
    private long _items;
    private long _bytes;
    private long _takenItems;
    private long _takenBytes;
    private long _expectedBytes;
    private long _foundItems;
    private long _foundBytes;
    private long _takenFoundItems;
    private long _takenFoundBytes;

    /// <summary>Tables, objects, parts: whatever the phase counts.</summary>
    public long Items => Interlocked.Read(ref _items);

    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Tables, objects or parts that the phase will do, as far as it is known; 0 when it is not.</summary>
    public long ExpectedItems => Interlocked.Read(ref _foundItems);

    /// <summary>Bytes that the phase will move, as far as it is known; 0 when it is not.</summary>
    public long ExpectedBytes => Interlocked.Read(ref _expectedBytes) + Interlocked.Read(ref _foundBytes);

    /// <summary>What is being done, in the words of the display: <c>copy platform</c>.</summary>
    public string Phase
    {
        get
        {
            lock (_lock)
                return _phase;
        }
    }

    /// <summary>Makes everything that this flow of calls does count on one meter.</summary>
    public static void Follow(OperationMeter meter) => Followed.Value = meter;

    /// <summary>Begins a phase: counts start again at zero.</summary>
    public void Begin(string phase, long expectedBytes = 0)
    {
        var meter = Followed.Value ?? this;
        lock (meter._lock)
        {
            (meter._phase, meter._isSaid, meter._restarts) = (phase, true, true);
            meter.Restart(expectedBytes);
        }
    }

    /// <summary>Takes part in a phase on which other steps may work too: counts go on.</summary>
    public void Enter(string phase, long expectedBytes = 0)
    {
        var meter = Followed.Value ?? this;
        lock (meter._lock)
        {
            if (meter._phase == phase)
                return;
            (meter._phase, meter._isSaid) = (phase, true);
            meter.Restart(expectedBytes);
        }
    }

    public void Add(long items, long bytes)
    {
        var meter = Followed.Value ?? this;
        Interlocked.Add(ref meter._items, items);
        Interlocked.Add(ref meter._bytes, bytes);
    }

    /// <summary>Says of further work that the phase has.</summary>
    public void Expect(long items, long bytes)
    {
        var meter = Followed.Value ?? this;
        Interlocked.Add(ref meter._foundItems, items);
        Interlocked.Add(ref meter._foundBytes, bytes);
    }

    /// <summary>What was counted since the last call.</summary>
    internal OperationProgress Take()
    {
        lock (_lock)
        {
            var taken = new OperationProgress(
                _isSaid ? _phase : null, _restarts, Items - _takenItems, Bytes - _takenBytes, _expectedBytes,
                Interlocked.Read(ref _foundItems) - _takenFoundItems, Interlocked.Read(ref _foundBytes) - _takenFoundBytes);
            (_takenItems, _takenBytes) = (_takenItems + taken.Items, _takenBytes + taken.Bytes);
            (_takenFoundItems, _takenFoundBytes) = (_takenFoundItems + taken.FoundItems, _takenFoundBytes + taken.FoundBytes);
            (_isSaid, _restarts) = (false, false);
            return taken;
        }
    }

    private void Restart(long expectedBytes)
    {
        (_items, _bytes, _takenItems, _takenBytes, _expectedBytes) = (0, 0, 0, 0, expectedBytes);
        (_foundItems, _foundBytes, _takenFoundItems, _takenFoundBytes) = (0, 0, 0, 0);
    }
}
