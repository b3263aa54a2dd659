using VisionPlatform.Domain.Deployments;

namespace VisionPlatform.Api.Deployments;

/// <summary>Where a shadow answered otherwise than the revisions that answered meanwhile.</summary>
/// <param name="Measure">How answers are compared; it follows from the task of the models. `same_class`: classes of images. `box_iou`, `mask_iou`: intersection over union of the boxes or masks of an object. `pixel_agreement`: share of the pixels with the same class, the background included. `keypoint_similarity`: COCO's object keypoint similarity.</param>
/// <param name="Comparisons">One for each revision that answered and each shadow, the newest first.</param>
public sealed record ShadowReport(AgreementMeasure Measure, IReadOnlyList<ShadowComparisonAnswer> Comparisons);

/// <summary>A revision and its shadow, compared.</summary>
/// <param name="Revision">Number of the revision that answered.</param>
/// <param name="ShadowRevision">Number of the shadow.</param>
/// <param name="RequestCount">Number of requests that both answered.</param>
/// <param name="FailedRequests">Number of requests that the shadow did not answer.</param>
/// <param name="SkippedRequests">Number of requests that the shadow did not get, because too many waited for it.</param>
/// <param name="ImageCount">Number of images in the requests that both answered.</param>
/// <param name="DifferentImages">Number of those images with another class, with an object that the other does not have, or with the same object in another shape. Objects of one class are the same when their boxes (in semantic segmentation their masks) overlap by half of their union, and have the same shape when their masks or keypoints agree by 0.75.</param>
/// <param name="AverageConfidenceDifference">Mean difference of the best confidence of an image, 0 to 1; null without images.</param>
/// <param name="AverageAgreement">Mean of the report's measure over the objects of one class that both found, or over the images for `pixel_agreement`, 0 to 1; null when nothing was measured.</param>
/// <param name="FirstAt">First request.</param>
/// <param name="LastAt">Last request.</param>
/// <param name="Pairs">What each of them said where they differ, the most frequent first; at most 200.</param>
/// <param name="Differences">The newest images with different answers, at most 100.</param>
public sealed record ShadowComparisonAnswer(
    int Revision, int ShadowRevision, long RequestCount, long FailedRequests, long SkippedRequests, long ImageCount, long DifferentImages, double? AverageConfidenceDifference,
    double? AverageAgreement, DateTimeOffset FirstAt, DateTimeOffset LastAt, IReadOnlyList<ShadowPairAnswer> Pairs, IReadOnlyList<ShadowDifferenceAnswer> Differences)
{
    public static ShadowComparisonAnswer Of(ShadowComparison counts, IEnumerable<ShadowPair> pairs, IEnumerable<ShadowDifference> differences) => new(
        counts.Revision, counts.ShadowRevision, counts.RequestCount, counts.FailedRequests, counts.SkippedRequests, counts.ImageCount, counts.DifferentImages,
        counts.ImageCount == 0 ? null : counts.ConfidenceDifference / counts.ImageCount, counts.Measured == 0 ? null : counts.Agreement / counts.Measured, counts.FirstAt, counts.LastAt,
        [.. pairs.Select(pair => new ShadowPairAnswer(pair.Answer.Length == 0 ? null : pair.Answer, pair.ShadowAnswer.Length == 0 ? null : pair.ShadowAnswer, pair.Count))],
        [.. differences.Select(ShadowDifferenceAnswer.Of)]);
}

/// <summary>How often one class was found where the shadow found another, or the same class in another shape.</summary>
/// <param name="Answer">Class of the revision that answered, or the code of an error; null where it found nothing.</param>
/// <param name="ShadowAnswer">Class of the shadow; null where it found nothing.</param>
/// <param name="Count">How often.</param>
public sealed record ShadowPairAnswer(string? Answer, string? ShadowAnswer, long Count);

/// <summary>An image with different answers.</summary>
/// <param name="At">When it was compared.</param>
/// <param name="ImageSha256">SHA-256 of the image file; the file itself is not kept.</param>
/// <param name="Answer">What the revision found.</param>
/// <param name="ShadowAnswer">What the shadow found.</param>
/// <param name="Agreement">The smallest value of the report's measure in the image, 0 to 1; null when nothing was measured.</param>
public sealed record ShadowDifferenceAnswer(DateTimeOffset At, string ImageSha256, IReadOnlyList<ShadowFinding> Answer, IReadOnlyList<ShadowFinding> ShadowAnswer, double? Agreement)
{
    public static ShadowDifferenceAnswer Of(ShadowDifference difference) => new(
        difference.At, difference.ImageSha256, [.. difference.Answer.Select(ShadowFinding.Of)], [.. difference.ShadowAnswer.Select(ShadowFinding.Of)], difference.Agreement);
}

/// <summary>What a model found in an image.</summary>
/// <param name="Class">Class of the image or of an object, or the code of the error if the image could not be read.</param>
/// <param name="Score">How certain the model is, from 0 to 1.</param>
/// <param name="Box">Left, top, width and height of the object in pixels; null for the whole image.</param>
public sealed record ShadowFinding(string Class, double Score, IReadOnlyList<double>? Box)
{
    public static ShadowFinding Of(Finding finding) => new(finding.Class, finding.Score, finding.Box);
}
