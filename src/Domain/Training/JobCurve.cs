using System.Globalization;

namespace VisionPlatform.Domain.Training;

/// <summary>Joins the attempts of a job to one curve.</summary>
public static class JobCurve
{
    /// <summary>
    /// Whether the work of an epoch was lost: a later attempt that reached a trainer went on from an earlier epoch. Each epoch that is trained again
    /// is so on the curve once.
    /// </summary>
    public static bool IsDiscarded(int attempt, int epoch, IEnumerable<Attempt> attempts) =>
        attempts.Any(later => later.Number > attempt && later.StartedAt is not null && (later.ResumedFromEpoch ?? 0) < epoch);

    /// <summary>Divides metrics into those with a finite value and the others, which are named as JSON text.</summary>
    public static (Dictionary<string, double> Finite, Dictionary<string, string>? NotFinite) Divide(IReadOnlyDictionary<string, double> metrics)
    {
        var others = metrics.Where(metric => !double.IsFinite(metric.Value)).ToDictionary(metric => metric.Key, metric => metric.Value.ToString(CultureInfo.InvariantCulture), StringComparer.Ordinal);
        return (metrics.Where(metric => double.IsFinite(metric.Value)).ToDictionary(StringComparer.Ordinal), others.Count == 0 ? null : others);
    }
}
