using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Deployments;

/// <summary>Counts the predictions of this instance.</summary>
public sealed class UsageCounts(IServiceScopeFactory scopes, TimeProvider time) : ICounts, IDisposable
{
    /// <summary>For how many days the counts of each hour are kept. The totals of a deployment are kept as long as it.</summary>
    public const int KeptDays = 31;

    private readonly PendingCounts<(Guid Deployment, int Revision, DateTimeOffset Hour), Entry> _counts = new(Sum);

    /// <summary>Counts a request.</summary>
    /// <param name="answers">What was answered for its images; null if the request failed.</param>
    public void Add(Guid deployment, int revision, TimeSpan duration, IReadOnlyList<ServedPrediction>? answers)
    {
        var now = time.GetUtcNow();
        var hour = new DateTimeOffset(now.Year, now.Month, now.Day, now.Hour, 0, 0, TimeSpan.Zero);
        _counts.Change((deployment, revision, hour), () => new Entry(new DeploymentHour { DeploymentId = deployment, Revision = revision, Hour = hour }), entry =>
        {
            var counts = entry.Counts;
            if (answers is null)
            {
                counts.FailedRequests++;
                return;
            }
            counts.RequestCount++;
            counts.ImageCount += answers.Count;
            counts.Latency[LatencyBuckets.Of(duration.TotalMilliseconds)]++;
            entry.Milliseconds += duration.TotalMilliseconds;
            foreach (var answer in answers)
                Add(counts, answer);
        });
    }

    /// <summary>Removes the hours that nobody can ask for any more. Returns how many rows there were.</summary>
    public async Task<int> RemoveOldAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var before = time.GetUtcNow().AddDays(-KeptDays);
        return await scope.ServiceProvider.GetRequiredService<PlatformDatabase>().DeploymentHours.Where(row => row.Hour < before).ExecuteDeleteAsync(cancellation);
    }

    public Task FlushAsync(CancellationToken cancellation) => _counts.FlushAsync(WriteAsync, cancellation);

    public void Dispose() => _counts.Dispose();

    private static void Add(DeploymentHour counts, ServedPrediction answer)
    {
        if (answer.Prediction.Error is not null)
            counts.RefusedImages++;
        if (answer.Size is [var width, var height])
            counts.Sizes[InputBuckets.OfSize(Math.Max(width, height))]++;
        if (answer.Brightness is { } brightness)
            counts.Brightness[InputBuckets.OfBrightness(brightness)]++;
        if ((answer.Prediction.Confidence ?? answer.Prediction.Objects?.Max(found => (double?)found.Score)) is { } confidence)
            counts.Confidence[InputBuckets.OfConfidence(confidence)]++;
    }

    private static Entry Sum(Entry to, Entry from)
    {
        to.Counts.RequestCount += from.Counts.RequestCount;
        to.Counts.ImageCount += from.Counts.ImageCount;
        to.Counts.RefusedImages += from.Counts.RefusedImages;
        to.Counts.FailedRequests += from.Counts.FailedRequests;
        foreach (var (sums, added) in new[] { (to.Counts.Latency, from.Counts.Latency), (to.Counts.Sizes, from.Counts.Sizes), (to.Counts.Brightness, from.Counts.Brightness), (to.Counts.Confidence, from.Counts.Confidence) })
            for (var i = 0; i < sums.Length; i++)
                sums[i] += added[i];
        to.Milliseconds += from.Milliseconds;
        return to;
    }

    // Rows in the order of their keys: two instances that add to the same ones do not wait for each other in a circle.
    private async Task WriteAsync(IReadOnlyCollection<Entry> entries, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var database = scope.ServiceProvider.GetRequiredService<PlatformDatabase>();
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        foreach (var entry in entries.OrderBy(entry => entry.Counts.DeploymentId).ThenBy(entry => entry.Counts.Hour).ThenBy(entry => entry.Counts.Revision))
        {
            var counts = entry.Counts;
            // A deployment may have been removed with its project since.
            await database.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO deployment_hours AS h (deployment_id, revision, hour, request_count, image_count, refused_images, failed_requests, latency, sizes, brightness, confidence)
                SELECT id, {counts.Revision}, {counts.Hour}, {counts.RequestCount}, {counts.ImageCount}, {counts.RefusedImages}, {counts.FailedRequests},
                       {counts.Latency}, {counts.Sizes}, {counts.Brightness}, {counts.Confidence}
                FROM deployments WHERE id = {counts.DeploymentId}
                ON CONFLICT (deployment_id, hour, revision) DO UPDATE
                SET request_count = h.request_count + EXCLUDED.request_count, image_count = h.image_count + EXCLUDED.image_count,
                    refused_images = h.refused_images + EXCLUDED.refused_images, failed_requests = h.failed_requests + EXCLUDED.failed_requests,
                    latency = (SELECT array_agg(a + b ORDER BY i) FROM unnest(h.latency, EXCLUDED.latency) WITH ORDINALITY AS pairs(a, b, i)),
                    sizes = (SELECT array_agg(a + b ORDER BY i) FROM unnest(h.sizes, EXCLUDED.sizes) WITH ORDINALITY AS pairs(a, b, i)),
                    brightness = (SELECT array_agg(a + b ORDER BY i) FROM unnest(h.brightness, EXCLUDED.brightness) WITH ORDINALITY AS pairs(a, b, i)),
                    confidence = (SELECT array_agg(a + b ORDER BY i) FROM unnest(h.confidence, EXCLUDED.confidence) WITH ORDINALITY AS pairs(a, b, i))
                """, cancellation);
            if (counts.RequestCount > 0)
                await database.Database.ExecuteSqlAsync(
                    $"""
                    INSERT INTO deployment_usage AS u (deployment_id, request_count, image_count, total_latency_ms)
                    SELECT id, {counts.RequestCount}, {counts.ImageCount}, {entry.Milliseconds} FROM deployments WHERE id = {counts.DeploymentId}
                    ON CONFLICT (deployment_id) DO UPDATE
                    SET request_count = u.request_count + EXCLUDED.request_count, image_count = u.image_count + EXCLUDED.image_count, total_latency_ms = u.total_latency_ms + EXCLUDED.total_latency_ms
                    """, cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>What a revision answered in an hour, as far as it is not written.</summary>
    private sealed class Entry(DeploymentHour counts)
    {
        public DeploymentHour Counts { get; } = counts;

        /// <summary>Total duration of the answered requests.</summary>
        public double Milliseconds { get; set; }
    }
}
