using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Operations;
using VisionPlatform.Infrastructure.StorageSync;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>
/// Makes one bucket like another: copies range by range, large objects each on its own, and at the end deletes, if asked to, what only the target has.
/// The history holds counts and the first differences, whatever the number of objects.
/// </summary>
public static class SyncStorage
{
    /// <summary>Differences in a report.</summary>
    public const int Reported = 100;

    [Function(nameof(SyncStorage))]
    public static async Task<SyncReport> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var request = context.GetInput<SyncRequest>()!;
        var buckets = request.Buckets;
        context.SetCustomStatus(request.IsDryRun ? "compare the listings" : "check both buckets");
        await context.CallActivityAsync(request.IsDryRun ? nameof(StorageActivities.CheckBuckets) : nameof(StorageActivities.CheckWritableBuckets), buckets, OperationRetry.Standard);
        context.SetCustomStatus(request.IsDryRun ? "count what would be copied" : "copy");
        var ranges = await RangeFanOut.RunAsync(
            after => StorageActivities.PlanAsync(context, buckets, after, counts: !request.IsDryRun),
            range => context.CallActivityAsync<RangeOutcome>(nameof(StorageActivities.SyncRange), new SyncRangeStep(buckets, range, request.IsDryRun), OperationRetry.Standard),
            found => context.CallSubOrchestratorAsync<RangeOutcome>(
                nameof(CopyLargeObject), new LargeObjectStep(buckets, found), new SubOrchestrationOptions(instanceId: $"{context.InstanceId}-{Name(found)}")));
        var sum = RangeFanOut.Sum(ranges.Select(range => range.Outcome), Reported);
        if (!request.Delete || sum.OnlyAtTarget == 0)
            return new SyncReport(sum, request.IsDryRun, null);

        if (WhyNotDelete(request, sum) is { } reason)
            return new SyncReport(sum, request.IsDryRun, reason);
        context.SetCustomStatus($"{(request.IsDryRun ? "would delete" : "delete")} {sum.OnlyAtTarget} of {sum.TargetObjects} objects, which only the target has");
        if (request.IsDryRun)
            return new SyncReport(sum, true, null);
        var most = ranges.Where(range => range.Outcome.OnlyAtTarget > 0).ToDictionary(range => range.Range, range => range.Outcome.OnlyAtTarget);
        var deleted = await RangeFanOut.RunAsync([.. most.Keys], range => context.CallActivityAsync<RangeOutcome>(
            nameof(StorageActivities.DeleteRange), new SyncRangeStep(buckets, range, Most: most[range]), OperationRetry.Standard));
        var gone = RangeFanOut.Sum(deleted.Select(range => range.Outcome), Reported);
        return new SyncReport(
            sum with
            {
                Deleted = gone.Deleted, Failed = sum.Failed + gone.Failed, Differing = sum.Differing + gone.Differing, First = [.. sum.First.Concat(gone.First).Take(Reported)],
            }, false, gone.Problem);
    }

    /// <summary>A mistyped source looks like one that lost everything, so nothing is deleted when too much would go.</summary>
    internal static string? WhyNotDelete(SyncRequest request, RangeOutcome sum)
    {
        var share = (double)sum.OnlyAtTarget / sum.TargetObjects;
        return sum.SourceObjects == 0 ? $"the source lists no object{(request.Buckets.Prefix.Length == 0 ? "" : $" under '{request.Buckets.Prefix}'")}, so the {sum.TargetObjects} of the target stay"
            : share > request.MostDeleted ? string.Create(CultureInfo.InvariantCulture, $"{sum.OnlyAtTarget} of {sum.TargetObjects} objects ({share:0.#%}) would go, more than {request.MostDeleted:0.#%} (--max-delete)")
            : sum.Failed > 0 ? $"{sum.Failed} objects could not be copied"
            : null;
    }

    /// <summary>Copies one large object. The upload is in the history before its first part is sent, so the copy goes on with it after a crash.</summary>
    [Function(nameof(CopyLargeObject))]
    public static async Task<RangeOutcome> CopyLargeObject([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var step = context.GetInput<LargeObjectStep>()!;
        for (var tries = 0; tries < 10; tries++)
        {
            var upload = await context.CallActivityAsync<LargeUpload?>(nameof(StorageActivities.BeginLargeObject), step, OperationRetry.Standard);
            var result = upload is null
                ? LargeResult.Vanished
                : await context.CallActivityAsync<LargeResult>(nameof(StorageActivities.CopyLargeParts), step with { Upload = upload }, OperationRetry.Standard);
            if (result == LargeResult.Copied)
                return new RangeOutcome { Copied = 1, CopiedBytes = upload!.Size };
            if (result == LargeResult.Vanished)
                return One(new Difference(step.Object.Key, DifferenceKind.Vanished, step.Object.Size, null)) with { Vanished = 1 };
        }
        return One(new Difference(step.Object.Key, DifferenceKind.Failed, step.Object.Size, null, "the source changes it faster than it can be copied")) with { Failed = 1 };
    }

    private static RangeOutcome One(Difference difference) => new() { Differing = 1, First = [difference] };

    // A key may hold what the id of an instance may not.
    private static string Name(ListedObject found) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{found.ETag} {found.Key}")))[..32];
}

/// <summary>Compares two buckets object by object. Changes nothing.</summary>
public static class CompareStorage
{
    [Function(nameof(CompareStorage))]
    public static async Task<RangeOutcome> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var request = context.GetInput<StorageComparisonRequest>()!;
        context.SetCustomStatus("compare");
        await context.CallActivityAsync(nameof(StorageActivities.CheckBuckets), request.Buckets, OperationRetry.Standard);
        var ranges = await RangeFanOut.RunAsync(
            after => StorageActivities.PlanAsync(context, request.Buckets, after, counts: false),
            range => context.CallActivityAsync<RangeOutcome>(nameof(StorageActivities.CompareRange), new CompareRangeStep(request.Buckets, range, request.ReadsBoth), OperationRetry.Standard));
        return RangeFanOut.Sum(ranges.Select(range => range.Outcome), SyncStorage.Reported);
    }
}

public sealed class StorageActivities(StorageSyncs syncs)
{
    internal static Task<IReadOnlyList<KeyRange>> PlanAsync(TaskOrchestrationContext context, BucketPair buckets, string after, bool counts) =>
        context.CallActivityAsync<IReadOnlyList<KeyRange>>(nameof(PlanRanges), new PlanStep(buckets, after, counts), OperationRetry.Standard);

    [Function(nameof(CheckBuckets))]
    public Task CheckBuckets([ActivityTrigger] BucketPair buckets, CancellationToken cancellation) => syncs.CheckAsync(buckets, writes: false, cancellation);

    [Function(nameof(CheckWritableBuckets))]
    public Task CheckWritableBuckets([ActivityTrigger] BucketPair buckets, CancellationToken cancellation) => syncs.CheckAsync(buckets, writes: true, cancellation);

    [Function(nameof(PlanRanges))]
    public Task<IReadOnlyList<KeyRange>> PlanRanges([ActivityTrigger] PlanStep step, CancellationToken cancellation) => syncs.PlanAsync(step, cancellation);

    [Function(nameof(SyncRange))]
    public Task<RangeOutcome> SyncRange([ActivityTrigger] SyncRangeStep step, CancellationToken cancellation) => syncs.SyncRangeAsync(step, cancellation);

    [Function(nameof(CompareRange))]
    public Task<RangeOutcome> CompareRange([ActivityTrigger] CompareRangeStep step, CancellationToken cancellation) => syncs.CompareRangeAsync(step, cancellation);

    [Function(nameof(DeleteRange))]
    public Task<RangeOutcome> DeleteRange([ActivityTrigger] SyncRangeStep step, CancellationToken cancellation) => syncs.DeleteRangeAsync(step, cancellation);

    [Function(nameof(BeginLargeObject))]
    public Task<LargeUpload?> BeginLargeObject([ActivityTrigger] LargeObjectStep step, CancellationToken cancellation) => syncs.BeginLargeAsync(step, cancellation);

    [Function(nameof(CopyLargeParts))]
    public Task<LargeResult> CopyLargeParts([ActivityTrigger] LargeObjectStep step, CancellationToken cancellation) => syncs.ContinueLargeAsync(step, cancellation);
}
