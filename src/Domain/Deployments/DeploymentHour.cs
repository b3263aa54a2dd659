namespace VisionPlatform.Domain.Deployments;

/// <summary>
/// Counts of what a revision answered in an hour, with histograms of the latency and of the images. Each instance of the app
/// counts in memory for some seconds and then adds its counts, so that a prediction writes no row.
/// </summary>
public sealed class DeploymentHour
{
    public required Guid DeploymentId { get; init; }
    public required int Revision { get; init; }

    /// <summary>Start of the hour.</summary>
    public required DateTimeOffset Hour { get; init; }
    public long RequestCount { get; set; }
    public long ImageCount { get; set; }

    /// <summary>Images that could not be read.</summary>
    public long RefusedImages { get; set; }

    /// <summary>Requests without an answer: the model was cold, or no server answered.</summary>
    public long FailedRequests { get; set; }

    /// <summary>Answered requests by duration, see <see cref="LatencyBuckets"/>.</summary>
    public long[] Latency { get; init; } = new long[LatencyBuckets.Count];

    /// <summary>Images by their longer side, see <see cref="InputBuckets.OfSize"/>.</summary>
    public long[] Sizes { get; init; } = new long[InputBuckets.Sizes];

    /// <summary>Images by mean brightness.</summary>
    public long[] Brightness { get; init; } = new long[InputBuckets.Brightnesses];

    /// <summary>Images by the confidence of the best answer.</summary>
    public long[] Confidence { get; init; } = new long[InputBuckets.Confidences];
}

/// <summary>Durations in buckets whose bounds grow by an eighth of a doubling (9 %), from 1 ms to about 65 s.</summary>
public static class LatencyBuckets
{
    public const int Count = 130;

    private const int PerDoubling = 8;

    public static int Of(double milliseconds) =>
        milliseconds <= 1 ? 0 : Math.Min(Count - 1, 1 + (int)Math.Floor(Math.Log2(milliseconds) * PerDoubling));

    /// <summary>The upper bound of a bucket in milliseconds.</summary>
    public static double UpperBound(int bucket) => Math.Pow(2, (double)bucket / PerDoubling);

    /// <summary>The duration that this share of the requests does not exceed, at most 9 % too high; null without requests.</summary>
    public static double? Percentile(IReadOnlyList<long> counts, double share)
    {
        var total = counts.Sum();
        if (total == 0)
            return null;
        var rank = Math.Max(1, (long)Math.Ceiling(total * share));
        var bucket = 0;
        for (long seen = counts[0]; seen < rank; seen += counts[bucket])
            bucket++;
        return Math.Round(UpperBound(bucket), 2);
    }
}

/// <summary>Buckets of the histograms of images.</summary>
public static class InputBuckets
{
    public const int Brightnesses = 16;
    public const int Confidences = 20;

    /// <summary>Upper bounds of the longer side in pixels; the last bucket has none.</summary>
    public static readonly IReadOnlyList<int> SizeBounds = [64, 128, 256, 512, 1024, 2048, 4096, 8192];

    public static int Sizes => SizeBounds.Count + 1;

    public static int OfSize(int longerSide)
    {
        var bucket = 0;
        while (bucket < SizeBounds.Count && longerSide > SizeBounds[bucket])
            bucket++;
        return bucket;
    }

    /// <param name="brightness">0 to 255.</param>
    public static int OfBrightness(double brightness) => Math.Clamp((int)(brightness / 256 * Brightnesses), 0, Brightnesses - 1);

    /// <param name="confidence">0 to 1.</param>
    public static int OfConfidence(double confidence) => Math.Clamp((int)(confidence * Confidences), 0, Confidences - 1);
}
