using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Domain.Deployments;

/// <summary>What a model found, with its shape. Shapes are compared and not kept.</summary>
/// <param name="Mask">Its pixels; null if the model says none.</param>
/// <param name="Keypoints">x, y and perhaps a score of each keypoint; null if the model says none.</param>
public sealed record ShapedFinding(Finding Finding, RunLengthMask? Mask = null, IReadOnlyList<IReadOnlyList<double>>? Keypoints = null)
{
    /// <summary>A keypoint that neither model is as sure of has no place.</summary>
    private const double SureOfKeypoint = 0.5;

    /// <summary>How much they cover each other, for pairing: 1 for whole images.</summary>
    internal double OverlapWith(ShapedFinding other, AgreementMeasure measure) =>
        measure == AgreementMeasure.PixelAgreement && Mask is { } mask && other.Mask is { } otherMask ? ObjectOverlap.OfMasks(mask, otherMask) : OverlapOf(Finding.Box, other.Finding.Box);

    /// <summary>How alike two findings of the same class are; null where there is nothing to measure.</summary>
    internal double? AgreementWith(ShapedFinding other, AgreementMeasure measure) => measure switch
    {
        AgreementMeasure.BoxIou when Finding.Box is not null => OverlapOf(Finding.Box, other.Finding.Box),
        AgreementMeasure.MaskIou or AgreementMeasure.PixelAgreement when Mask is { } mask && other.Mask is { } otherMask => ObjectOverlap.OfMasks(mask, otherMask),
        AgreementMeasure.KeypointSimilarity => KeypointSimilarity(other),
        _ => null,
    };

    /// <summary>
    /// Share of the pixels to which both answers give the same class; pixels without a class agree too. Null when one of them is no segmentation, as for
    /// an image that could not be read.
    /// </summary>
    internal static double? PixelAgreement(IReadOnlyList<ShapedFinding> answer, IReadOnlyList<ShapedFinding> other)
    {
        if (answer.Concat(other).Any(found => found.Mask is null))
            return null;
        if (answer.Concat(other).FirstOrDefault() is not { Mask: { } any })
            return 1;
        // The classes of one answer share no pixel.
        long same = 0, bothInside = 0;
        foreach (var found in answer)
            foreach (var one in other)
            {
                var common = found.Mask!.Common(one.Mask!);
                bothInside += common;
                if (found.Finding.Class == one.Finding.Class)
                    same += common;
            }
        var pixels = (long)any.Height * any.Width;
        var outside = pixels - answer.Sum(found => found.Mask!.Area) - other.Sum(found => found.Mask!.Area) + bothInside;
        return (double)(same + outside) / pixels;
    }

    /// <summary>
    /// The mean over the keypoints of exp(−d² / (2 · s² · (2σ)²)), where d is the distance and s² the area of the object (cocoeval.py, <c>computeOks</c>).
    /// Neither answer is the truth, so s² is the mean of the areas of both boxes.
    /// </summary>
    private double? KeypointSimilarity(ShapedFinding other)
    {
        if (Keypoints is not { Count: > 0 } points || other.Keypoints is not { Count: > 0 } others)
            return null;
        if (points.Count != others.Count)
            return 0;
        var spread = 2 * (AreaOf(Finding.Box) + AreaOf(other.Finding.Box)) / 2 * Math.Pow(2 * ObjectOverlap.MeanSpread, 2);
        var similarities = points.Zip(others).Where(pair => IsSure(pair.First) || IsSure(pair.Second))
            .Select(pair => Math.Exp(-(Math.Pow(pair.First[0] - pair.Second[0], 2) + Math.Pow(pair.First[1] - pair.Second[1], 2)) / spread)).ToList();
        return similarities.Count == 0 ? null : similarities.Average();
    }

    private static bool IsSure(IReadOnlyList<double> point) => point.Count < 3 || point[2] >= SureOfKeypoint;

    private static double AreaOf(IReadOnlyList<double>? box) => box is [_, _, var width, var height] ? width * height : 0;

    private static double OverlapOf(IReadOnlyList<double>? a, IReadOnlyList<double>? b) =>
        a is [_, _, _, _] && b is [_, _, _, _] ? ObjectOverlap.OfBoxes(a, b) : a is null && b is null ? 1 : 0;
}
