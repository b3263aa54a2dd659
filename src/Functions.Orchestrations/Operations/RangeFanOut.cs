using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>A range of keys and what was done with it.</summary>
internal sealed record WorkedRange(KeyRange Range, RangeOutcome Outcome);

/// <summary>Works on ranges of keys, several at once, each until its end.</summary>
internal static class RangeFanOut
{
    private const int RangesAtOnce = 4;
    private const int LargeAtOnce = 3;

    /// <summary>Works on all keys. Few keys are one call; only if that one ends early, the rest is split.</summary>
    /// <param name="plan">Splits the keys after one into ranges.</param>
    /// <param name="call">Calls the activity for a range.</param>
    /// <param name="large">Copies an object that the activity left to a call of its own.</param>
    public static async Task<IReadOnlyList<WorkedRange>> RunAsync(
        Func<string, Task<IReadOnlyList<KeyRange>>> plan, Func<KeyRange, Task<RangeOutcome>> call, Func<ListedObject, Task<RangeOutcome>>? large = null)
    {
        var first = await call(KeyRange.All);
        var ranges = first.ContinueAfter is { } after ? await plan(after) : [];
        return await RunAsync(new WorkedRange(new KeyRange(null, first.ContinueAfter), first), ranges, call, large);
    }

    /// <summary>Calls an activity for each range, again while it says that the range goes on.</summary>
    public static Task<IReadOnlyList<WorkedRange>> RunAsync(IReadOnlyList<KeyRange> ranges, Func<KeyRange, Task<RangeOutcome>> call) => RunAsync(null, ranges, call, null);

    private static async Task<IReadOnlyList<WorkedRange>> RunAsync(
        WorkedRange? first, IReadOnlyList<KeyRange> ranges, Func<KeyRange, Task<RangeOutcome>> call, Func<ListedObject, Task<RangeOutcome>>? large)
    {
        List<WorkedRange> worked = [.. ranges.Select(static range => new WorkedRange(range, new RangeOutcome()))];
        var waiting = new Queue<(int At, KeyRange Range)>(ranges.Index());
        var waitingLarge = new Queue<(int At, ListedObject Object)>();
        if (first is not null)
        {
            worked.Add(first);
            foreach (var found in first.Outcome.Large)
                waitingLarge.Enqueue((worked.Count - 1, found));
        }
        var running = new List<(Task<RangeOutcome> Work, int At, KeyRange? Range)>();
        while (true)
        {
            while (running.Count(static work => work.Range is null) < LargeAtOnce && waitingLarge.TryDequeue(out var next))
                running.Add((large!(next.Object), next.At, null));
            while (running.Count(static work => work.Range is not null) < RangesAtOnce && waiting.TryDequeue(out var next))
                running.Add((call(next.Range), next.At, next.Range));
            if (running.Count == 0)
                return worked;

            var ended = await Task.WhenAny(running.Select(static work => work.Work));
            var (_, at, range) = running.Find(work => work.Work == ended);
            running.RemoveAll(work => work.Work == ended);
            var outcome = await ended;
            worked[at] = worked[at] with { Outcome = worked[at].Outcome.Plus(outcome, RangeOutcome.Kept) };
            foreach (var found in outcome.Large)
                waitingLarge.Enqueue((at, found));
            if (outcome.ContinueAfter is { } after && range is not null)
                waiting.Enqueue((at, range with { After = after }));
        }
    }

    public static RangeOutcome Sum(IEnumerable<RangeOutcome> outcomes, int first) => outcomes.Aggregate(new RangeOutcome(), (sum, outcome) => sum.Plus(outcome, first));
}
