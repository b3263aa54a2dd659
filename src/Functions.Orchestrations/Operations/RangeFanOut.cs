using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>Works on ranges of keys, several at once, each until its end.</summary>
internal static class RangeFanOut
{
    private const int RangesAtOnce = 4;
    private const int LargeAtOnce = 3;

    /// <summary>Calls an activity for each range, again while it says that the range goes on.</summary>
    /// <returns>What was done, in the order of the ranges.</returns>
    public static Task<RangeOutcome[]> RunAsync(IReadOnlyList<KeyRange> ranges, Func<KeyRange, Task<RangeOutcome>> call, Func<ListedObject, Task<RangeOutcome>>? large = null) =>
        RunAsync([.. ranges.Index()], range => call(range.Item), large);

    /// <summary>The same for some of the ranges, with their numbers.</summary>
    public static async Task<RangeOutcome[]> RunAsync(
        IReadOnlyList<(int Index, KeyRange Item)> ranges, Func<(int Index, KeyRange Item), Task<RangeOutcome>> call, Func<ListedObject, Task<RangeOutcome>>? large = null)
    {
        var outcomes = new RangeOutcome[ranges.Count];
        Array.Fill(outcomes, new RangeOutcome());
        var waiting = new Queue<(int At, (int Index, KeyRange Item) Range)>(ranges.Index());
        var waitingLarge = new Queue<(int At, ListedObject Object)>();
        var running = new List<(Task<RangeOutcome> Work, int At, (int Index, KeyRange Item)? Range)>();
        while (true)
        {
            while (running.Count(work => work.Range is null) < LargeAtOnce && waitingLarge.TryDequeue(out var next))
                running.Add((large!(next.Object), next.At, null));
            while (running.Count(work => work.Range is not null) < RangesAtOnce && waiting.TryDequeue(out var next))
                running.Add((call(next.Range), next.At, next.Range));
            if (running.Count == 0)
                return outcomes;

            var ended = await Task.WhenAny(running.Select(work => work.Work));
            var (work, at, range) = running.Find(one => one.Work == ended);
            running.RemoveAll(one => one.Work == ended);
            var outcome = await work;
            outcomes[at] = outcomes[at].Plus(outcome, RangeOutcome.Kept);
            foreach (var found in outcome.Large)
                waitingLarge.Enqueue((at, found));
            if (outcome.ContinueAfter is { } after && range is { } rest)
                waiting.Enqueue((at, (rest.Index, rest.Item with { After = after })));
        }
    }

    public static RangeOutcome Sum(IEnumerable<RangeOutcome> outcomes, int first) => outcomes.Aggregate(new RangeOutcome(), (sum, outcome) => sum.Plus(outcome, first));
}
