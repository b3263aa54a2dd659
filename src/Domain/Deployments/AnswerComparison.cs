namespace VisionPlatform.Domain.Deployments;

/// <summary>What a model found in an image: a class of the whole image, or an object in a box.</summary>
/// <param name="Box">Left, top, width and height in pixels; null for the class of the whole image.</param>
public sealed record Finding(string Class, double Score, IReadOnlyList<double>? Box);

/// <summary>Where the answers of two models to the same image differ.</summary>
/// <param name="Pairs">What each of them found where they differ; null where one found nothing. The same class twice is an object that both found in another shape.</param>
/// <param name="ConfidenceDifference">Difference of the best scores, 0 to 1.</param>
/// <param name="Agreements">How alike they are, 0 to 1: a value for each object that both found, or one for the image (<see cref="AgreementMeasure.PixelAgreement"/>).</param>
public sealed record AnswerComparison(IReadOnlyList<(string? Answer, string? Other)> Pairs, double ConfidenceDifference, IReadOnlyList<double> Agreements)
{
    /// <summary>Objects that overlap by this share of their union are one object, as in PASCAL VOC and in COCO's AP50.</summary>
    public const double SameObject = 0.5;

    /// <summary>Two masks or lists of keypoints of one object that agree less are a difference. The value of COCO's strict metrics (AP75), https://cocodataset.org/#detection-eval and #keypoints-eval.</summary>
    public const double SameShape = 0.75;

    /// <summary>
    /// Compares classes of whole images as they are. Objects are paired by their boxes (by their masks in semantic segmentation, where a class is one
    /// object), the most certain first and each once, with one of the same class where there is one; those without a partner of the same class are
    /// differences, and so are partners in another shape.
    /// </summary>
    public static AnswerComparison Of(AgreementMeasure measure, IReadOnlyList<ShapedFinding> answer, IReadOnlyList<ShapedFinding> other)
    {
        var left = other.OrderByDescending(found => found.Finding.Score).ToList();
        var (unmatched, agreements, pairs) = (new List<ShapedFinding>(), new List<double>(), new List<(string?, string?)>());
        foreach (var found in answer.OrderByDescending(found => found.Finding.Score))
            if (!Take(measure, left, found, sameClass: true, out var partner))
                unmatched.Add(found);
            else if (found.AgreementWith(partner, measure) is { } agreement)
            {
                agreements.Add(agreement);
                if (measure != AgreementMeasure.BoxIou && agreement < SameShape)
                    pairs.Add((found.Finding.Class, partner.Finding.Class));
            }
        foreach (var found in unmatched)
            pairs.Add((found.Finding.Class, Take(measure, left, found, sameClass: false, out var partner) ? partner.Finding.Class : null));
        pairs.AddRange(left.Select(found => ((string?)null, (string?)found.Finding.Class)));
        return new AnswerComparison(
            pairs, Math.Abs(Best(answer) - Best(other)),
            measure != AgreementMeasure.PixelAgreement ? agreements : ShapedFinding.PixelAgreement(answer, other) is { } pixels ? [pixels] : []);
    }

    private static bool Take(AgreementMeasure measure, List<ShapedFinding> from, ShapedFinding found, bool sameClass, out ShapedFinding partner)
    {
        var best = from.Where(one => !sameClass || one.Finding.Class == found.Finding.Class).Select(one => (Found: one, Overlap: found.OverlapWith(one, measure)))
            .Where(one => one.Overlap >= SameObject).DefaultIfEmpty().MaxBy(one => one.Overlap).Found;
        partner = best!;
        return best is not null && from.Remove(best);
    }

    private static double Best(IReadOnlyList<ShapedFinding> found) => found.Select(one => one.Finding.Score).DefaultIfEmpty().Max();
}
