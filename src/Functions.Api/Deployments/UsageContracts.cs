using VisionPlatform.Domain.Deployments;

namespace VisionPlatform.Api.Deployments;

/// <summary>What a deployment answered.</summary>
/// <param name="Total">All hours and revisions together.</param>
/// <param name="Hours">Each hour in which a revision was called, oldest first.</param>
public sealed record UsageAnswer(UsageCountsAnswer Total, IReadOnlyList<UsageHour> Hours)
{
    public static UsageAnswer Of(IReadOnlyList<DeploymentHour> rows) => new(UsageCountsAnswer.Of(rows), [.. rows.Select(row => new UsageHour(row.Hour, row.Revision, UsageCountsAnswer.Of([row])))]);
}

/// <summary>What a revision answered in an hour.</summary>
/// <param name="Hour">Start of the hour.</param>
/// <param name="Revision">Number of the revision.</param>
/// <param name="Counts">What was counted.</param>
public sealed record UsageHour(DateTimeOffset Hour, int Revision, UsageCountsAnswer Counts);

/// <summary>Counts of requests and images.</summary>
/// <param name="RequestCount">Number of answered requests.</param>
/// <param name="FailedRequests">Number of requests without an answer, because the model was cold or no server answered.</param>
/// <param name="ImageCount">Number of images in the answered requests.</param>
/// <param name="RefusedImages">Number of images that could not be read.</param>
/// <param name="P50Ms">Milliseconds that half of the requests did not exceed; null without requests.</param>
/// <param name="P95Ms">The same for 95 of 100 requests.</param>
/// <param name="P99Ms">The same for 99 of 100 requests.</param>
/// <param name="Sizes">Number of images whose longer side has at most 64, 128, 256, 512, 1024, 2048, 4096 and 8192 pixels, and more. Only images that a model server read are counted.</param>
/// <param name="Brightness">Number of images by mean brightness, in 16 equal steps from black to white.</param>
/// <param name="Confidence">Number of images by the confidence of the best answer, in 20 equal steps from 0 to 1.</param>
public sealed record UsageCountsAnswer(
    long RequestCount, long FailedRequests, long ImageCount, long RefusedImages, double? P50Ms, double? P95Ms, double? P99Ms,
    IReadOnlyList<long> Sizes, IReadOnlyList<long> Brightness, IReadOnlyList<long> Confidence)
{
    public static UsageCountsAnswer Of(IReadOnlyList<DeploymentHour> rows)
    {
        var latency = Sum(rows.Select(row => row.Latency), LatencyBuckets.Count);
        return new UsageCountsAnswer(
            rows.Sum(row => row.RequestCount), rows.Sum(row => row.FailedRequests), rows.Sum(row => row.ImageCount), rows.Sum(row => row.RefusedImages),
            LatencyBuckets.Percentile(latency, 0.5), LatencyBuckets.Percentile(latency, 0.95), LatencyBuckets.Percentile(latency, 0.99),
            Sum(rows.Select(row => row.Sizes), InputBuckets.Sizes), Sum(rows.Select(row => row.Brightness), InputBuckets.Brightnesses), Sum(rows.Select(row => row.Confidence), InputBuckets.Confidences));
    }

    private static long[] Sum(IEnumerable<long[]> histograms, int length)
    {
        var sum = new long[length];
        foreach (var histogram in histograms)
            for (var i = 0; i < Math.Min(length, histogram.Length); i++)
                sum[i] += histogram[i];
        return sum;
    }
}
