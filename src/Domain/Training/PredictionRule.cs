using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Domain.Training;

/// <summary>What an image has, by its dataset version.</summary>
/// <param name="Class">Class of a classification; null when it has none.</param>
/// <param name="Annotations">Objects of the other tasks.</param>
/// <param name="Width">Pixels of the upright image.</param>
/// <param name="Height">Pixels of the upright image.</param>
public sealed record ImageTruth(string? Class, IReadOnlyList<Annotation> Annotations, int Width, int Height);

/// <summary>How an answer compares with what the image has.</summary>
/// <param name="Missed">Objects that were not found; null for a classification.</param>
/// <param name="Spurious">Objects that were found where there are none; null for a classification.</param>
public sealed record ImageVerdict(ImageOutcome Outcome, int? Missed = null, int? Spurious = null);

/// <summary>
/// When an answer is right. A classification: the class is that of the image. Objects: each is found with its class and an overlap of at least
/// <see cref="LeastOverlap"/>, and no other is found. A semantic segmentation: the area of each class of the image overlaps by at least
/// <see cref="LeastOverlap"/>, and no other class has <see cref="LeastArea"/> of the image. What the prediction left out for its confidence was not found.
/// </summary>
public static class PredictionRule
{
    /// <summary>Overlap (IoU; OKS of keypoints) from which a found object is a true one.</summary>
    public const double LeastOverlap = 0.5;

    /// <summary>Share of the image from which an area of a class that the image does not have counts.</summary>
    public const double LeastArea = 0.01;

    /// <summary>Compares an answer with the annotations.</summary>
    public static ImageVerdict Judge(TaskType task, ImageTruth truth, PredictedAnswer answer)
    {
        if (answer.Error is not null)
            return new(ImageOutcome.Failed);
        if (task == TaskType.ImageClassification)
            return new(truth.Class is null ? ImageOutcome.NotMeasured : answer.Class == truth.Class ? ImageOutcome.Right : ImageOutcome.Wrong);
        var found = answer.Annotations ?? [];
        var (missed, spurious) = task == TaskType.SemanticSegmentation ? Areas(truth, found) : Objects(task, truth, found);
        var outcome = missed == 0 && spurious == 0 ? ImageOutcome.Right : found.Count == 0 ? ImageOutcome.NoneFound : ImageOutcome.Wrong;
        return new(outcome, missed, spurious);
    }

    /// <summary>What can be said of an answer without annotations.</summary>
    public static ImageVerdict WithoutTruth(TaskType task, PredictedAnswer answer) => new(
        answer.Error is not null ? ImageOutcome.Failed
        : task != TaskType.ImageClassification && answer.Annotations is null or [] ? ImageOutcome.NoneFound
        : ImageOutcome.NotMeasured);

    /// <summary>
    /// Each found object, the surest first, takes the free true one of its class that it overlaps most. Groups of objects are neither found nor missed, and
    /// what lies in one of its class by half is not spurious.
    /// </summary>
    private static (int Missed, int Spurious) Objects(TaskType task, ImageTruth truth, IReadOnlyList<FoundObject> found)
    {
        var free = truth.Annotations.Where(one => !one.Crowd).Select(one => new Outline(one, truth)).ToList();
        var crowds = truth.Annotations.Where(one => one.Crowd).ToList();
        var spurious = 0;
        foreach (var one in found.OrderByDescending(one => one.Confidence ?? 0))
        {
            var outline = new Outline(one, truth);
            var best = free.Where(other => other.Class == one.Class).Select(other => (Outline: other, Overlap: outline.OverlapWith(other, task)))
                .Where(pair => pair.Overlap >= LeastOverlap).OrderByDescending(pair => pair.Overlap).FirstOrDefault().Outline;
            if (best is not null)
                free.Remove(best);
            else if (!crowds.Exists(crowd => crowd.Class == one.Class && Outline.IsBox(one.Box) && ObjectOverlap.ShareInside(one.Box, crowd.Box) >= LeastOverlap))
                spurious++;
        }
        return (free.Count, spurious);
    }

    private static (int Missed, int Spurious) Areas(ImageTruth truth, IReadOnlyList<FoundObject> found)
    {
        var wanted = truth.Annotations.Where(one => !one.Crowd).ToLookup(one => one.Class, one => (one.Polygons, one.Rle), StringComparer.Ordinal);
        var areas = found.ToLookup(one => one.Class, one => (one.Polygons, one.Rle), StringComparer.Ordinal);
        var missed = wanted.Count(group => Overlap(Masks(group, truth), Masks(areas[group.Key], truth)) < LeastOverlap);
        var spurious = areas.Count(group => !wanted.Contains(group.Key) && Masks(group, truth).Sum(mask => mask.Area) >= LeastArea * truth.Width * truth.Height);
        return (missed, spurious);
    }

    /// <summary>The area of a class: one mask for all its polygons, which may cover each other, and those given as runs.</summary>
    private static List<RunLengthMask> Masks(IEnumerable<(IReadOnlyList<double[]>? Polygons, RleText? Rle)> pieces, ImageTruth image)
    {
        var all = pieces.ToList();
        List<double[]> rings = [.. all.SelectMany(piece => piece.Polygons ?? [])];
        return [.. all.Select(piece => Outline.MaskOf(null, piece.Rle, image)).Append(rings.Count == 0 ? null : Outline.MaskOf(rings, null, image)).OfType<RunLengthMask>()];
    }

    private static double Overlap(List<RunLengthMask> truth, List<RunLengthMask> found)
    {
        var common = truth.Sum(one => found.Sum(other => one.Common(other)));
        var whole = truth.Sum(one => one.Area) + found.Sum(one => one.Area) - common;
        return whole > 0 ? (double)common / whole : 0;
    }

    /// <summary>The shape of an object, whose mask is made when it is first needed. A shape that cannot be read overlaps nothing.</summary>
    private sealed class Outline
    {
        private readonly double[] _box;
        private readonly IReadOnlyList<double[]>? _polygons, _keypoints;
        private readonly Lazy<RunLengthMask?> _mask;

        public Outline(Annotation one, ImageTruth image) => (Class, _box, _polygons, _keypoints, _mask) =
            (one.Class, one.Box, one.Polygons, one.Keypoints, new(() => MaskOf(one.Polygons, one.Rle, image)));

        public Outline(FoundObject one, ImageTruth image) => (Class, _box, _polygons, _keypoints, _mask) =
            (one.Class, one.Box, one.Polygons, one.Keypoints, new(() => MaskOf(one.Polygons, one.Rle, image)));

        public string Class { get; }

        public static bool IsBox(double[]? box) => box is { Length: 4 };

        /// <summary>The mask of polygons or of runs; null when there is none, or it is not of this image.</summary>
        public static RunLengthMask? MaskOf(IReadOnlyList<double[]>? polygons, RleText? rle, ImageTruth image)
        {
            if (polygons is not null)
                return polygons.All(IsRing) ? RunLengthMask.Of(image.Height, image.Width, polygons) : null;
            if (rle is not { Size: [var height, var width], Counts: { } counts } || height != image.Height || width != image.Width)
                return null;
            try
            {
                return RunLengthMask.Parse(height, width, counts);
            }
            catch (FormatException)
            {
                return null;
            }
        }

        /// <param name="truth">The true object.</param>
        /// <param name="task">What is compared: boxes, masks, rings or keypoints.</param>
        public double OverlapWith(Outline truth, TaskType task)
        {
            if (!IsBox(_box) || !IsBox(truth._box))
                return 0;
            if (task == TaskType.KeypointDetection && truth._keypoints is { } points && points.Any(point => point is [_, _, > 0]))
                return ObjectOverlap.OfKeypoints(_keypoints ?? [], points, truth._box[2] * truth._box[3]);
            var boxes = ObjectOverlap.OfBoxes(_box, truth._box);
            return task switch
            {
                TaskType.InstanceSegmentation => boxes > 0 && _mask.Value is { } mask && truth._mask.Value is { } other ? ObjectOverlap.OfMasks(mask, other) : 0,
                TaskType.OrientedDetection => boxes > 0 && _polygons is [var ring] && IsRing(ring) && truth._polygons is [var trueRing] ? ObjectOverlap.OfRings(ring, trueRing) : 0,
                _ => boxes,
            };
        }

        private static bool IsRing(double[] ring) => ring.Length >= 6 && ring.Length % 2 == 0;
    }
}
