using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Application.Operations;

/// <summary>Two buckets, and how much the work with them may use.</summary>
/// <param name="Source">Name of a bucket (<see cref="DataLocations"/>).</param>
/// <param name="Target">Name of another.</param>
/// <param name="Places">Addresses of both, without keys: an interrupted operation does not go on with other buckets of the same names.</param>
/// <param name="Prefix">Prefix of the keys; empty for all.</param>
/// <param name="Parallel">Objects copied or compared at once.</param>
/// <param name="BytesPerSecond">Limit over all transfers; null for none.</param>
public sealed record BucketPair(string Source, string Target, string Places, string Prefix, int Parallel, long? BytesPerSecond);

/// <summary>What a sync shall do.</summary>
/// <param name="Buckets">From where to where.</param>
/// <param name="Delete">Whether objects that only the target has are deleted at the end.</param>
/// <param name="MostDeleted">Share of the target's objects, 0 to 1, above which nothing is deleted.</param>
/// <param name="IsDryRun">Only says what would be copied and deleted.</param>
public sealed record SyncRequest(BucketPair Buckets, bool Delete, double MostDeleted, bool IsDryRun);

/// <summary>What a sync did.</summary>
/// <param name="Summary">Counts over all ranges, and the first differences that it did not remove.</param>
/// <param name="IsDryRun">Whether it only counted.</param>
/// <param name="NotDeleted">Why objects that only the target has were left there although they were to be deleted; null if they were not.</param>
public sealed record SyncReport(RangeOutcome Summary, bool IsDryRun, string? NotDeleted);

/// <summary>What a comparison shall do.</summary>
/// <param name="Buckets">What is compared with what.</param>
/// <param name="ReadsBoth">Reads both objects where nothing else tells whether their content is the same.</param>
public sealed record StorageComparisonRequest(BucketPair Buckets, bool ReadsBoth);

/// <summary>Which keys shall be split into ranges.</summary>
/// <param name="After">Those after this one.</param>
/// <param name="Counts">Whether what a sync has to copy of them is counted for the display of progress.</param>
public sealed record PlanStep(BucketPair Buckets, string After, bool Counts = false);

/// <summary>The work of one activity of a sync.</summary>
/// <param name="Most">Of a deletion: the most objects that may go.</param>
public sealed record SyncRangeStep(BucketPair Buckets, KeyRange Range, bool IsDryRun = false, long Most = 0);

/// <summary>The work of one activity of a comparison.</summary>
public sealed record CompareRangeStep(BucketPair Buckets, KeyRange Range, bool ReadsBoth);

/// <summary>A large object that is copied on its own.</summary>
/// <param name="Upload">The upload under way; null to begin one.</param>
public sealed record LargeObjectStep(BucketPair Buckets, ListedObject Object, LargeUpload? Upload = null);

/// <summary>Whoever wants every difference, not only the first ones that a report holds. Called by several threads; after a retry again with the same.</summary>
public sealed class DifferenceReceiver
{
    public Action<Difference>? Found { get; init; }
}

/// <summary>The steps of syncing and comparing buckets. Each can be repeated.</summary>
/// <remarks>One instance for the process, as the limits of a pair of buckets hold over all activities that work with it.</remarks>
public sealed class StorageSyncs(DataLocations locations, OperationMeter meter, DifferenceReceiver differences, TimeProvider time) : IDisposable
{
    private const string Copying = "copy";

    /// <summary>Ranges into which the keys are split, if there are so many.</summary>
    private const int Ranges = 32;

    /// <summary>Ranges that are counted at once.</summary>
    private const int Counted = 8;

    private readonly ConcurrentDictionary<(string, string, int, long?), Lazy<StoragePair>> _pairs = new();

    /// <summary>Makes sure that nothing is in the way.</summary>
    /// <param name="buckets">The buckets.</param>
    /// <param name="writes">Whether the target will be written.</param>
    /// <param name="cancellation">Cancels the check.</param>
    /// <exception cref="OperationException">Something is.</exception>
    public async Task CheckAsync(BucketPair buckets, bool writes, CancellationToken cancellation)
    {
        if (await Pair(buckets).FindProblemAsync(buckets.Prefix, writes, cancellation) is { } problem)
            throw new OperationException(problem);
    }

    /// <summary>Splits the keys after one into ranges that can be worked on at the same time.</summary>
    public async Task<IReadOnlyList<KeyRange>> PlanAsync(PlanStep step, CancellationToken cancellation)
    {
        var pair = Pair(step.Buckets);
        var ranges = await pair.PlanAsync(step.Buckets.Prefix, step.After, Ranges, cancellation);
        if (!step.Counts)
            return ranges;
        var (objects, bytes) = (0L, 0L);
        await Parallel.ForEachAsync(ranges, new ParallelOptions { MaxDegreeOfParallelism = Counted, CancellationToken = cancellation }, async (range, token) =>
        {
            var found = await pair.CountAsync(step.Buckets.Prefix, range, token);
            Interlocked.Add(ref objects, found.Objects);
            Interlocked.Add(ref bytes, found.Bytes);
        });
        // At once and at the end, so that a step that is repeated does not count twice.
        meter.Expect(objects, bytes);
        return ranges;
    }

    /// <summary>Copies what differs in a range. The first call of a sync has all keys; how many objects it will copy becomes known while it lists them.</summary>
    /// <exception cref="OperationException">The rest would fail too.</exception>
    public async Task<RangeOutcome> SyncRangeAsync(SyncRangeStep step, CancellationToken cancellation)
    {
        if (step.IsDryRun)
            return Required(await Pair(step.Buckets, "compare the listings").SyncAsync(step.Buckets.Prefix, step.Range, isDryRun: true, cancellation));
        // After an interruption the first call begins anew, with fewer objects to copy.
        var isFirst = step.Range == KeyRange.All;
        if (isFirst)
            meter.Begin(Copying);
        return Required(await Pair(step.Buckets, Copying).SyncAsync(step.Buckets.Prefix, step.Range, isDryRun: false, cancellation, countsAhead: isFirst));
    }

    /// <summary>Finds every difference in a range.</summary>
    /// <exception cref="OperationException">The rest cannot be compared either.</exception>
    public async Task<RangeOutcome> CompareRangeAsync(CompareRangeStep step, CancellationToken cancellation) =>
        Required(await Pair(step.Buckets, "compare").CompareAsync(step.Buckets.Prefix, step.Range, step.ReadsBoth, cancellation));

    /// <summary>Deletes what only the target has in a range.</summary>
    public Task<RangeOutcome> DeleteRangeAsync(SyncRangeStep step, CancellationToken cancellation) =>
        Pair(step.Buckets, "delete").DeleteAsync(step.Buckets.Prefix, step.Range, step.Most, cancellation);

    /// <summary>Begins the copy of a large object; null if the source no longer has it.</summary>
    public Task<LargeUpload?> BeginLargeAsync(LargeObjectStep step, CancellationToken cancellation) => Pair(step.Buckets, Copying).BeginLargeAsync(step.Object.Key, cancellation);

    /// <summary>Copies what is missing of a large object.</summary>
    public async Task<LargeResult> ContinueLargeAsync(LargeObjectStep step, CancellationToken cancellation)
    {
        var result = await Pair(step.Buckets, Copying).ContinueLargeAsync(step.Upload!, cancellation);
        meter.Add(1, 0);
        return result;
    }

    public void Dispose()
    {
        foreach (var pair in _pairs.Values)
            if (pair.IsValueCreated)
                pair.Value.Dispose();
    }

    private static RangeOutcome Required(RangeOutcome outcome) => outcome.Problem is { } problem ? throw new OperationException(problem) : outcome;

    private StoragePair Pair(BucketPair buckets, string phase)
    {
        meter.Enter(phase);
        return Pair(buckets);
    }

    private StoragePair Pair(BucketPair buckets) => _pairs.GetOrAdd(
        (buckets.Source, buckets.Target, buckets.Parallel, buckets.BytesPerSecond),
        _ => new Lazy<StoragePair>(() => new StoragePair(locations.Bucket(buckets.Source), locations.Bucket(buckets.Target), new TransferLimits(buckets.Parallel, buckets.BytesPerSecond), time)
        {
            Moved = meter.Add, Expected = meter.Expect, Found = differences.Found,
        })).Value;
}

/// <summary>Registers what the activities of syncs need, besides clock, locations and meter.</summary>
public static class StorageSyncServices
{
    public static IServiceCollection AddStorageSync(this IServiceCollection services, DifferenceReceiver? differences = null) =>
        services.AddSingleton(differences ?? new DifferenceReceiver()).AddSingleton<StorageSyncs>();
}
