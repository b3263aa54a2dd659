using Amazon.S3;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infrastructure.Resilience;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Infrastructure.StorageSync;

/// <summary>How much a sync may use.</summary>
/// <param name="Parallel">Objects copied or compared at once.</param>
/// <param name="BytesPerSecond">Bytes a second over all transfers; null for no limit. Copies that a service makes by itself do not count.</param>
public sealed record TransferLimits(int Parallel = TransferLimits.DefaultParallel, long? BytesPerSecond = null)
{
    public const int DefaultParallel = 32;
}

/// <summary>
/// Two buckets, any S3 endpoint each, of which the second becomes like the first. Every method works on a range of keys, may be called again after an
/// interruption, and several ranges may be worked on at once: limits hold for all of them together. What the operator has to settle (keys, rights, a
/// missing bucket) is in <see cref="RangeOutcome.Problem"/>; a store that stays away throws.
/// </summary>
public sealed partial class StoragePair : IDisposable
{
    /// <summary>
    /// Objects above this size are copied in parts by calls of their own: their upload is known to whoever runs the copy before the first part is sent, so
    /// that a process that dies leaves none behind.
    /// </summary>
    public const long LargeFrom = ObjectTransfer.Small;

    /// <summary>Largest object that a service is asked to copy with one request.</summary>
    private const long OneRequestCopy = 256L * 1024 * 1024;

    /// <summary>Bytes of all buffers together.</summary>
    private const long BufferBytes = 64L * 1024 * 1024;

    // A call ends after so many keys, large objects or bytes, and says where the range goes on.
    private const int MostKeys = 25_000;
    private const int MostLarge = 20;
    private const long MostBytes = 8L * 1024 * 1024 * 1024;

    private readonly S3Wire _source;
    private readonly S3Wire _target;
    private readonly BandwidthLimit _bandwidth;
    private readonly ObjectTransfer _transfer;
    private readonly LargeTransfer _large;
    private readonly SemaphoreSlim _gate;
    private readonly int _parallel;

    public StoragePair(BucketSettings source, BucketSettings target, TransferLimits limits, TimeProvider time)
        : this(new S3Wire(source, time), new S3Wire(target, time), limits, time)
    {
    }

    internal StoragePair(
        BucketSettings source, BucketSettings target, TransferLimits limits, TimeProvider time, IntegrationPolicy policy, HttpMessageHandler fromSource, HttpMessageHandler toTarget)
        : this(new S3Wire(source, time, policy, fromSource), new S3Wire(target, time, policy, toTarget), limits, time)
    {
    }

    private StoragePair(S3Wire source, S3Wire target, TransferLimits limits, TimeProvider time)
    {
        (_source, _target, _parallel) = (source, target, limits.Parallel);
        _bandwidth = new BandwidthLimit(limits.BytesPerSecond, time);
        var memory = new MemoryBudget(BufferBytes);
        _transfer = new ObjectTransfer(source, target, memory, _bandwidth);
        _large = new LargeTransfer(source, target, _transfer, memory, _bandwidth);
        _gate = new SemaphoreSlim(limits.Parallel);
    }

    /// <summary>Told of objects and bytes as they are copied, compared or deleted.</summary>
    public Action<long, long> Moved { get; init; } = static (_, _) => { };

    /// <summary>Told of objects and bytes that are going to be copied, as soon as the listings show it.</summary>
    public Action<long, long> Expected { get; init; } = static (_, _) => { };

    /// <summary>Told of every difference; an outcome holds only the first ones.</summary>
    public Action<Difference>? Found { get; init; }

    /// <summary>Ranges of about equal work that together hold every key under the prefix after <paramref name="after"/>.</summary>
    public async Task<IReadOnlyList<KeyRange>> PlanAsync(string prefix, string? after, int wanted, CancellationToken cancellation)
    {
        using var planner = new RangePlanner(_source, prefix);
        return await planner.PlanAsync(after, wanted, cancellation);
    }

    /// <summary>Copies what the target lacks or has differently. Deletes nothing.</summary>
    /// <param name="prefix">Prefix of the keys.</param>
    /// <param name="range">Keys to look at.</param>
    /// <param name="isDryRun">Only counts what would be copied.</param>
    /// <param name="cancellation">Cancels.</param>
    /// <param name="countsAhead">Whether to list without waiting for the copies and to announce them to <see cref="Expected"/>. Holds the whole listing in memory, so use it in one call at a time.</param>
    public async Task<RangeOutcome> SyncAsync(string prefix, KeyRange range, bool isDryRun, CancellationToken cancellation, bool countsAhead = false) =>
        await RunAsync(prefix, range, new Pass(static pair => pair.Source is not null, CountsEqual: isDryRun, countsAhead), cancellation, async (tally, source, target, token) =>
        {
            if (target is not null && await IsMarkedSameAsync(source!, target, token))
            {
                tally.Equal();
                if (isDryRun)
                    Moved(1, 0);
                return;
            }
            if (isDryRun)
            {
                tally.Copied(source!.Size);
                Moved(1, 0);
                Found?.Invoke(await DifferenceAsync(source, target));
                return;
            }
            if (!IsCopiedFor(source!, target))
                Expected(1, source!.Size);
            if (IsLarge(source!))
                tally.Large(source!);
            else
                await CopyAsync(tally, source!, token);
        });

    /// <summary>What a sync of a range copies for certain, by the listings alone.</summary>
    public async Task<(long Objects, long Bytes)> CountAsync(string prefix, KeyRange range, CancellationToken cancellation)
    {
        var (objects, bytes) = (0L, 0L);
        try
        {
            await foreach (var (source, target) in JoinAsync(prefix, range, new RangeTally(null), cancellation))
                if (source is not null && IsCopiedFor(source, target))
                    (objects, bytes) = (objects + 1, bytes + source.Size);
        }
        catch (Exception error) when (Explain(error) is not null)
        {
            // The sync meets the same problem and tells of it.
        }
        return (objects, bytes);
    }

    /// <summary>Finds every difference.</summary>
    /// <param name="prefix">Prefix of the keys.</param>
    /// <param name="range">Keys to look at.</param>
    /// <param name="readsBoth">Reads both objects where nothing else tells whether their content is the same.</param>
    public async Task<RangeOutcome> CompareAsync(string prefix, KeyRange range, bool readsBoth, CancellationToken cancellation) =>
        await RunAsync(prefix, range, new Pass(static _ => true, CountsEqual: true, ListsAhead: false), cancellation, async (tally, source, target, token) =>
        {
            if (source is null || target is null || source.Size != target.Size)
                tally.Differs(await DifferenceAsync(source, target));
            else if (await IsMarkedSameAsync(source, target, token))
                tally.Equal();
            else if (readsBoth)
                await CompareContentAsync(tally, source, target, token);
            else
                tally.Differs(await DifferenceAsync(source, target));
            Moved(1, 0);
        });

    /// <summary>Deletes objects of the target that the source does not have, by listings of this moment.</summary>
    /// <param name="prefix">Prefix of the keys.</param>
    /// <param name="range">Keys to look at.</param>
    /// <param name="most">The most that may be deleted: what the operator agreed to. If there are more, the source is losing objects meanwhile, and the rest stays.</param>
    public async Task<RangeOutcome> DeleteAsync(string prefix, KeyRange range, long most, CancellationToken cancellation)
    {
        var tally = new RangeTally(Found);
        var batch = new List<string>();
        var left = most;
        try
        {
            await foreach (var (source, target) in JoinAsync(prefix, range, tally, cancellation))
            {
                if (source is not null)
                    continue;
                if (left-- <= 0)
                {
                    tally.Problem = $"more objects than the {most} that were counted are only at the target now: the source is losing objects. The rest was not deleted.";
                    break;
                }
                batch.Add(target!.Key);
                if (batch.Count == 1000)
                    await DeleteBatchAsync(tally, batch, cancellation);
            }
            await DeleteBatchAsync(tally, batch, cancellation);
        }
        catch (Exception error) when (Explain(error) is { } problem)
        {
            tally.Problem = problem;
        }
        return tally.Outcome();
    }

    /// <summary>Begins to copy a large object; null if the source no longer has it. Keep the result before it is used.</summary>
    /// <exception cref="OperationException">Every other object would be refused too.</exception>
    public Task<LargeUpload?> BeginLargeAsync(string key, CancellationToken cancellation) => OrHopelessAsync(_large.BeginAsync(key, cancellation));

    /// <summary>Copies what is missing of a large object. May be called again with the same upload after an interruption.</summary>
    /// <exception cref="OperationException">Every other object would be refused too. What was sent stays for a later call.</exception>
    public Task<LargeResult> ContinueLargeAsync(LargeUpload upload, CancellationToken cancellation) => OrHopelessAsync(_large.ContinueAsync(upload, bytes => Moved(0, bytes), cancellation));

    public void Dispose()
    {
        _source.Dispose();
        _target.Dispose();
        _gate.Dispose();
    }

    private async Task<T> OrHopelessAsync<T>(Task<T> work)
    {
        try
        {
            return await work;
        }
        catch (AmazonS3Exception refusal) when (IsOfAll(refusal))
        {
            throw new OperationException(Explain(refusal)!, refusal);
        }
    }

    /// <summary>How a range is gone through.</summary>
    /// <param name="IsWanted">Whether a pair that the listings do not show to be the same is worked on.</param>
    /// <param name="CountsEqual">Whether the other ones count as done.</param>
    /// <param name="ListsAhead">Whether the listings do not wait for the work, and tell of it.</param>
    private sealed record Pass(Func<(ListedObject? Source, ListedObject? Target), bool> IsWanted, bool CountsEqual, bool ListsAhead);

    /// <summary>Whether the listings alone say that a sync copies an object. Where the sizes are the same, the marks of a copy may tell otherwise.</summary>
    private static bool IsCopiedFor(ListedObject source, ListedObject? target) => target is null || target.Size != source.Size;

    private bool IsLarge(ListedObject source) => source.Size > LargeFrom && !(_transfer.IsServerSide && source.Size <= OneRequestCopy);

    private async Task CopyAsync(RangeTally tally, ListedObject source, CancellationToken cancellation)
    {
        var (result, bytes) = source.Size <= ObjectTransfer.Small || (_transfer.IsServerSide && source.Size <= OneRequestCopy)
            ? await _transfer.CopyAsync(source, cancellation)
            : await _large.WholeAsync(source, cancellation);
        if (result == Transferred.Vanished)
            tally.Differs(new Difference(source.Key, DifferenceKind.Vanished, source.Size, null));
        else
            tally.Copied(bytes);
        Moved(1, bytes);
    }

    /// <summary>Works in parallel on the pairs of a range that the listings do not show to be the same.</summary>
    private async Task<RangeOutcome> RunAsync(
        string prefix, KeyRange range, Pass pass, CancellationToken cancellation, Func<RangeTally, ListedObject?, ListedObject?, CancellationToken, Task> work)
    {
        var tally = new RangeTally(Found);
        try
        {
            var pairs = DifferingAsync(prefix, range, tally, pass, cancellation);
            await Parallel.ForEachAsync(pass.ListsAhead ? Listings.AheadAsync(pairs, cancellation) : pairs, new ParallelOptions { MaxDegreeOfParallelism = _parallel, CancellationToken = cancellation }, async (pair, token) =>
            {
                await _gate.WaitAsync(token);
                try
                {
                    await work(tally, pair.Source, pair.Target, token);
                }
                catch (Exception error) when (IsOfOneObject(error))
                {
                    tally.Differs(new Difference((pair.Source ?? pair.Target)!.Key, DifferenceKind.Failed, pair.Source?.Size, pair.Target?.Size, error.Message));
                    if (tally.IsHopeless)
                        throw;
                }
                finally
                {
                    _gate.Release();
                }
            });
        }
        catch (Exception error) when (Explain(error) is { } problem)
        {
            tally.Problem = problem;
        }
        return tally.Outcome();
    }

    private async IAsyncEnumerable<(ListedObject? Source, ListedObject? Target)> DifferingAsync(
        string prefix, KeyRange range, RangeTally tally, Pass pass, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var (bytes, large) = (0L, 0);
        await foreach (var pair in JoinAsync(prefix, range, tally, cancellation))
        {
            if (pair is { Source: { } source, Target: { } target } && Contents.IsSame(source, target))
            {
                tally.Equal();
                if (pass.CountsEqual)
                    Moved(1, 0);
            }
            else if (pass.IsWanted(pair))
            {
                bytes += pair.Source?.Size ?? 0;
                large += pair.Source is { } found && IsLarge(found) ? 1 : 0;
                if (pass.ListsAhead && IsCopiedFor(pair.Source!, pair.Target))
                    Expected(1, pair.Source!.Size);
                yield return pair;
            }
            if (tally.Seen >= MostKeys || large >= MostLarge || bytes >= MostBytes)
            {
                tally.ContinueAfter = (pair.Source ?? pair.Target)!.Key;
                yield break;
            }
        }
    }

    private async IAsyncEnumerable<(ListedObject? Source, ListedObject? Target)> JoinAsync(
        string prefix, KeyRange range, RangeTally tally, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var pair in Listings.JoinAsync(_source.ListAsync(prefix, range, cancellation), _target.ListAsync(prefix, range, cancellation)))
        {
            tally.See(pair.Source, pair.Target);
            yield return pair;
        }
    }

    private async Task<bool> IsMarkedSameAsync(ListedObject source, ListedObject target, CancellationToken cancellation)
    {
        if (source.Size != target.Size)
            return false;
        var there = await _target.HeadAsync(target.Key, cancellation);
        if (there is null)
            return false;
        // Most often the target is the copy, and its mark is enough.
        if (there.Headers.CopiedFrom == source.ETag)
            return true;
        return await _source.HeadAsync(source.Key, cancellation) is { } here && Contents.IsSame(here, there);
    }

    private static Task<Difference> DifferenceAsync(ListedObject? source, ListedObject? target) => Task.FromResult(new Difference(
        (source ?? target)!.Key,
        source is null ? DifferenceKind.OnlyAtTarget
        : target is null ? DifferenceKind.MissingAtTarget
        : source.Size != target.Size ? DifferenceKind.DifferentSize
        : Contents.IsMd5(source.ETag) && Contents.IsMd5(target.ETag) ? DifferenceKind.DifferentContent
        : DifferenceKind.NotComparable,
        source?.Size, target?.Size));

    private async Task CompareContentAsync(RangeTally tally, ListedObject source, ListedObject target, CancellationToken cancellation)
    {
        var hashes = await Task.WhenAll(HashAsync(_source, source, cancellation), HashAsync(_target, target, cancellation));
        if (hashes is [{ } first, { } second] && first == second)
            tally.Equal();
        else
            tally.Differs(new Difference(source.Key, hashes[0] is null ? DifferenceKind.Vanished : hashes[1] is null ? DifferenceKind.MissingAtTarget : DifferenceKind.DifferentContent, source.Size, target.Size));
    }

    private async Task<string?> HashAsync(S3Wire store, ListedObject listed, CancellationToken cancellation)
    {
        using var hash = System.Security.Cryptography.IncrementalHash.CreateHash(System.Security.Cryptography.HashAlgorithmName.SHA256);
        return await store.StreamAsync(listed.Key, listed.ETag, () => hash.GetHashAndReset(), async bytes =>
        {
            await _bandwidth.TakeAsync(bytes.Length, cancellation);
            hash.AppendData(bytes.Span);
            Moved(0, bytes.Length);
        }, cancellation) ? Convert.ToHexStringLower(hash.GetHashAndReset()) : null;
    }

    private async Task DeleteBatchAsync(RangeTally tally, List<string> batch, CancellationToken cancellation)
    {
        if (batch.Count == 0)
            return;
        var refused = await _target.DeleteAsync(batch, cancellation);
        foreach (var (key, reason) in refused)
            tally.Differs(new Difference(key, DifferenceKind.Failed, null, null, $"not deleted: {reason}"));
        tally.Deleted(batch.Count - refused.Count);
        Moved(batch.Count - refused.Count, 0);
        batch.Clear();
    }

    private static bool IsOfOneObject(Exception error) =>
        error is IOException or ObjectChangedException || (error is AmazonS3Exception refusal && !IsOfAll(refusal));
}
