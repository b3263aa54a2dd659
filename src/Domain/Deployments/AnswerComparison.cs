namespace VisionPlatform.Domain.Deployments;

/// <summary>What a model found in an image: a class of the whole image, or an object in a box.</summary>
/// <param name="Box">Left, top, width and height in pixels; null for the class of the whole image.</param>
public sealed record Finding(string Class, double Score, IReadOnlyList<double>? Box);

/// <summary>Where the answers of two models to the same image differ.</summary>
/// <param name="Pairs">What each of them found where they differ; null where one found nothing.</param>
/// <param name="ConfidenceDifference">Difference of the best scores, 0 to 1.</param>
public sealed record AnswerComparison(IReadOnlyList<(string? Answer, string? Other)> Pairs, double ConfidenceDifference)
{
    /// <summary>Boxes that overlap by this share of their union are one object.</summary>
    public const double SameObject = 0.5;

    /// <summary>
    /// Compares classes of whole images as they are. Objects are paired by their boxes, the most certain first and each once, with one of the same class where
    /// there is one; those without a partner of the same class are differences.
    /// </summary>
    public static AnswerComparison Of(IReadOnlyList<Finding> answer, IReadOnlyList<Finding> other)
    {
        var left = other.OrderByDescending(finding => finding.Score).ToList();
        var unmatched = new List<Finding>();
        foreach (var finding in answer.OrderByDescending(finding => finding.Score))
            if (!Take(left, finding, sameClass: true, out _))
                unmatched.Add(finding);
        var pairs = new List<(string?, string?)>();
        foreach (var finding in unmatched)
            pairs.Add((finding.Class, Take(left, finding, sameClass: false, out var partner) ? partner.Class : null));
        pairs.AddRange(left.Select(finding => ((string?)null, (string?)finding.Class)));
        return new AnswerComparison(pairs, Math.Abs(Best(answer) - Best(other)));
    }

    private static bool Take(List<Finding> from, Finding finding, bool sameClass, out Finding partner)
    {
        var best = from.Where(one => !sameClass || one.Class == finding.Class).Select(one => (Finding: one, Overlap: Overlap(finding.Box, one.Box)))
            .Where(one => one.Overlap >= SameObject).DefaultIfEmpty().MaxBy(one => one.Overlap).Finding;
        partner = best!;
        return best is not null && from.Remove(best);
    }

    private static double Best(IReadOnlyList<Finding> findings) => findings.Select(finding => finding.Score).DefaultIfEmpty().Max();

    /// <summary>Intersection over union; 1 for whole images.</summary>
    private static double Overlap(IReadOnlyList<double>? a, IReadOnlyList<double>? b)
    {
        if (a is not [var x, var y, var width, var height] || b is not [var otherX, var otherY, var otherWidth, var otherHeight])
            return a is null && b is null ? 1 : 0;
        var across = Math.Max(0, Math.Min(x + width, otherX + otherWidth) - Math.Max(x, otherX));
        var down = Math.Max(0, Math.Min(y + height, otherY + otherHeight) - Math.Max(y, otherY));
        var both = across * down;
        var union = width * height + otherWidth * otherHeight - both;
        return union <= 0 ? 0 : both / union;
    }
}
