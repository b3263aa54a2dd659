namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>
/// Measures how well two objects fit, as COCO's evaluation does: intersection over union (IoU) of boxes, convex polygons and masks, and the similarity of
/// keypoints (OKS). A shape without area fits nothing.
/// </summary>
public static class ObjectOverlap
{
    /// <summary>
    /// Spread of people's marks of a keypoint in shares of the object's size: the mean of <c>kpt_oks_sigmas</c> in COCO's <c>cocoeval.py</c>. Trainers take it
    /// too for other keypoints than COCO's.
    /// </summary>
    public const double MeanSpread = 0.0669;

    /// <summary>Overlap of boxes <c>x, y, width, height</c>.</summary>
    public static double OfBoxes(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        var common = CommonArea(a, b);
        return Share(common, Math.Max(0, a[2]) * Math.Max(0, a[3]) + Math.Max(0, b[2]) * Math.Max(0, b[3]) - common);
    }

    /// <summary>The share of a box that lies in another.</summary>
    public static double ShareInside(IReadOnlyList<double> box, IReadOnlyList<double> other) => Share(CommonArea(box, other), Math.Max(0, box[2]) * Math.Max(0, box[3]));

    /// <summary>Overlap of convex rings <c>x1, y1, x2, y2, …</c>, such as rotated boxes.</summary>
    public static double OfRings(IReadOnlyList<double> a, IReadOnlyList<double> b)
    {
        var common = Geometry.Area(Geometry.ClipConvex(a, b));
        return Share(common, Geometry.Area(a) + Geometry.Area(b) - common);
    }

    /// <summary>Overlap of masks; 0 for masks of images of other sizes.</summary>
    public static double OfMasks(RunLengthMask a, RunLengthMask b)
    {
        var common = (double)a.Common(b);
        return Share(common, a.Area + b.Area - common);
    }

    /// <summary>Similarity of found keypoints to true ones: over those that are labelled, the mean of exp(-d² / (2 · area · (2σ)²)).</summary>
    /// <param name="area">Area of the true object in square pixels.</param>
    public static double OfKeypoints(IReadOnlyList<double[]> found, IReadOnlyList<double[]> truth, double area)
    {
        const double Variance = 2 * MeanSpread * (2 * MeanSpread);
        var (sum, labelled) = (0.0, 0);
        for (var i = 0; i < truth.Count; i++)
        {
            if (truth[i] is not [var x, var y, > 0])
                continue;
            labelled++;
            if (i < found.Count && found[i] is [var left, var top, ..])
                sum += Math.Exp(-((left - x) * (left - x) + (top - y) * (top - y)) / (2 * Math.Max(area, 1) * Variance));
        }
        return labelled == 0 ? 0 : sum / labelled;
    }

    private static double CommonArea(IReadOnlyList<double> a, IReadOnlyList<double> b) =>
        Math.Max(0, Math.Min(a[0] + a[2], b[0] + b[2]) - Math.Max(a[0], b[0])) * Math.Max(0, Math.Min(a[1] + a[3], b[1] + b[3]) - Math.Max(a[1], b[1]));

    private static double Share(double common, double whole) => whole > 0 && double.IsFinite(whole) ? common / whole : 0;
}
