namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>Counts what parallel transfers do with the objects of a range.</summary>
/// <param name="found">Told of every difference, also of those that are too many to keep; null if nobody wants them.</param>
internal sealed class RangeTally(Action<Difference>? found)
{
    private readonly Lock _lock = new();
    private readonly List<Difference> _first = [];
    private readonly List<ListedObject> _large = [];
    private RangeOutcome _sum = new();

    public long Seen { get; private set; }

    public string? ContinueAfter { get; set; }

    public string? Problem { get; set; }

    /// <summary>Called by the one reader of the listings.</summary>
    public void See(ListedObject? source, ListedObject? target)
    {
        Seen++;
        lock (_lock)
            _sum = _sum with
            {
                SourceObjects = _sum.SourceObjects + (source is null ? 0 : 1), TargetObjects = _sum.TargetObjects + (target is null ? 0 : 1),
                SourceBytes = _sum.SourceBytes + (source?.Size ?? 0), OnlyAtTarget = _sum.OnlyAtTarget + (source is null ? 1 : 0),
            };
    }

    public void Equal()
    {
        lock (_lock)
            _sum = _sum with { Equal = _sum.Equal + 1 };
    }

    public void Copied(long bytes)
    {
        lock (_lock)
            _sum = _sum with { Copied = _sum.Copied + 1, CopiedBytes = _sum.CopiedBytes + bytes };
    }

    public void Deleted(long objects)
    {
        lock (_lock)
            _sum = _sum with { Deleted = _sum.Deleted + objects };
    }

    public int Large(ListedObject source)
    {
        lock (_lock)
        {
            _large.Add(source);
            return _large.Count;
        }
    }

    public void Differs(Difference difference)
    {
        found?.Invoke(difference);
        lock (_lock)
        {
            _sum = _sum with
            {
                Differing = _sum.Differing + 1,
                Failed = _sum.Failed + (difference.Kind == DifferenceKind.Failed ? 1 : 0),
                Vanished = _sum.Vanished + (difference.Kind == DifferenceKind.Vanished ? 1 : 0),
            };
            if (_first.Count < RangeOutcome.Kept)
                _first.Add(difference);
        }
    }

    /// <summary>Whether so many objects failed and none succeeded that the rest would fail too.</summary>
    public bool IsHopeless
    {
        get
        {
            lock (_lock)
                return _sum is { Failed: >= 50, Copied: 0, Deleted: 0 };
        }
    }

    public RangeOutcome Outcome()
    {
        lock (_lock)
            return _sum with { First = [.. _first], Large = [.. _large], ContinueAfter = ContinueAfter, Problem = Problem };
    }
}
