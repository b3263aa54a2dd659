namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>An annotation that is right, or what is wrong with it.</summary>
/// <param name="Clipped">Whether a part outside the image was left out.</param>
public sealed record CheckedAnnotation(Annotation? Annotation, AnnotationProblem? Problem, bool Clipped);

/// <summary>
/// Checks annotations and brings them into the one form in which they are stored: coordinates to two decimals, clipped to the image, masks as polygons or
/// compressed runs, a box around everything. A part outside the image is left out; an object that is outside as a whole is refused.
/// </summary>
public static class AnnotationRules
{
    /// <summary>Annotations that one image may have.</summary>
    public const int Most = 10_000;

    private const int PointsOfRotatedBox = 4;

    /// <summary>Square pixels: rings with less are lines.</summary>
    private const double SmallestArea = 0.01;

    public static CheckedAnnotation Check(AnnotationDraft draft, AnnotationScope scope)
    {
        var check = new Checking(draft, scope);
        try
        {
            return new CheckedAnnotation(check.Run(), null, check.Clipped);
        }
        catch (WrongException wrong)
        {
            return new CheckedAnnotation(null, wrong.Problem, false);
        }
    }

    /// <summary>Square pixels: of the polygons by the shoelace formula, of the pixels of a mask, or of the box when there is neither.</summary>
    public static double AreaOf(Annotation annotation) => annotation switch
    {
        { Polygons: { } rings } => rings.Sum(Geometry.Area),
        { Rle: { Size: [var height, var width], Counts: var counts } } => RunLengthMask.Parse(height, width, counts).Area,
        _ => annotation.Box[2] * annotation.Box[3],
    };

    private sealed class WrongException(AnnotationFault fault, string field, string message) : Exception(message)
    {
        public AnnotationProblem Problem { get; } = new(fault, field, message);
    }

    private sealed class Checking(AnnotationDraft draft, AnnotationScope scope)
    {
        public bool Clipped { get; private set; }

        public Annotation Run()
        {
            var name = draft.Class is { Length: > 0 } given ? given : throw Wrong(AnnotationFault.UnknownClass, "class", "The class is missing.");
            var known = scope.Classes.Find(name) ?? throw Wrong(AnnotationFault.UnknownClass, "class", $"The dataset has no class '{name}'.");
            RequireOnly(scope.Task.Shape());
            var bounds = GivenBox();
            IReadOnlyList<double[]>? polygons = null;
            RleText? rle = null;
            IReadOnlyList<double[]>? keypoints = null;
            switch (scope.Task.Shape())
            {
                case ObjectShape.Mask when draft.Polygons is { Count: > 0 } rings:
                    polygons = Rings(rings);
                    bounds = polygons.Select(Geometry.BoundsOf).Aggregate(bounds, (sum, one) => sum?.With(one) ?? one);
                    break;
                case ObjectShape.Mask:
                    (rle, var around) = Runs();
                    bounds = bounds?.With(around) ?? around;
                    break;
                case ObjectShape.RotatedBox:
                    polygons = [RotatedBox()];
                    var corners = Geometry.BoundsOf(polygons[0]);
                    bounds = bounds?.With(corners) ?? corners;
                    break;
                case ObjectShape.Keypoints:
                    keypoints = Points();
                    var labelled = keypoints.Where(point => point[2] > 0).ToList();
                    bounds = labelled.Aggregate(bounds, (sum, point) => sum?.With(point[0], point[1]) ?? new Bounds(point[0], point[1], point[0], point[1]));
                    break;
            }
            if (bounds is not { } final)
                throw Wrong(AnnotationFault.InvalidBox, "box", "The box is missing.");
            if (final is not { Width: > 0, Height: > 0 })
                throw Wrong(AnnotationFault.InvalidBox, "box", "The box has no area.");
            return new Annotation(known, final.ToBox(), polygons, rle, keypoints, draft.Crowd);
        }

        private void RequireOnly(ObjectShape shape)
        {
            var task = scope.Task.AsText();
            if (shape is ObjectShape.Box or ObjectShape.Keypoints && draft.Polygons is not null)
                throw Wrong(AnnotationFault.DoesNotApply, "polygons", $"Polygons do not apply to {task}.");
            if (shape != ObjectShape.Mask && (draft.Rle is not null || draft.Mask is not null))
                throw Wrong(AnnotationFault.DoesNotApply, "rle", $"A mask does not apply to {task}.");
            if (shape != ObjectShape.Keypoints && draft.Keypoints is not null)
                throw Wrong(AnnotationFault.DoesNotApply, "keypoints", $"Keypoints do not apply to {task}.");
            if (draft.Polygons is { Count: > 0 } && (draft.Rle is not null || draft.Mask is not null))
                throw Wrong(AnnotationFault.DoesNotApply, "rle", "Give the mask as polygons or as runs, not both.");
        }

        private Bounds? GivenBox()
        {
            if (draft.Box is not { } box)
                return null;
            if (box.Count != 4 || !box.All(double.IsFinite) || box[2] < 0 || box[3] < 0)
                throw Wrong(AnnotationFault.InvalidBox, "box", "A box has four numbers: x, y, width and height in pixels.");
            var given = new Bounds(box[0], box[1], box[0] + box[2], box[1] + box[3]);
            if (given.Width == 0 || given.Height == 0)
                throw Wrong(AnnotationFault.InvalidBox, "box", "The box has no area.");
            var inside = given.In(scope.Width, scope.Height);
            if (given.Right <= 0 || given.Bottom <= 0 || given.Left >= scope.Width || given.Top >= scope.Height)
                throw Wrong(AnnotationFault.OutsideImage, "box", $"The box lies outside the image of {scope.Width} × {scope.Height} pixels.");
            if (inside is not { Width: > 0, Height: > 0 })
                throw Wrong(AnnotationFault.InvalidBox, "box", "The box has no area.");
            Clipped |= IsOutside(given);
            return inside;
        }

        private List<double[]> Rings(IReadOnlyList<IReadOnlyList<double>> rings)
        {
            var kept = new List<double[]>();
            for (var i = 0; i < rings.Count; i++)
            {
                RequireRing(rings[i], i);
                var (outside, ring) = (IsOutside(Geometry.BoundsOf(rings[i])), rings[i]);
                if (outside)
                    ring = Geometry.Clip(ring, scope.Width, scope.Height);
                Clipped |= outside;
                double[] rounded = [.. ring.Select(Geometry.Round)];
                if (rounded.Length >= 6 && Geometry.Area(rounded) >= SmallestArea)
                    kept.Add(rounded);
                else if (!outside)
                    throw Wrong(AnnotationFault.InvalidPolygon, $"polygons[{i}]", "The polygon has no area.");
            }
            return kept.Count > 0 ? kept : throw Wrong(AnnotationFault.OutsideImage, "polygons", $"The polygons lie outside the image of {scope.Width} × {scope.Height} pixels.");
        }

        private double[] RotatedBox()
        {
            if (draft.Polygons is not [{ Count: 2 * PointsOfRotatedBox } ring])
                throw Wrong(AnnotationFault.MissingShape, "polygons", "Give the rotated box as one polygon of four points.");
            RequireRing(ring, 0);
            var around = Geometry.BoundsOf(ring);
            if (around.Right <= 0 || around.Bottom <= 0 || around.Left >= scope.Width || around.Top >= scope.Height)
                throw Wrong(AnnotationFault.OutsideImage, "polygons[0]", $"The rotated box lies outside the image of {scope.Width} × {scope.Height} pixels.");
            // Clipped corner by corner: clipping it as a polygon could give it more than four.
            Clipped |= IsOutside(around);
            double[] inside = [.. ring.Select((value, i) => Geometry.Round(Math.Clamp(value, 0, i % 2 == 0 ? scope.Width : scope.Height)))];
            return Geometry.Area(inside) >= SmallestArea ? inside : throw Wrong(AnnotationFault.InvalidPolygon, "polygons[0]", "The rotated box has no area.");
        }

        private static void RequireRing(IReadOnlyList<double> ring, int i)
        {
            if (ring.Count < 6 || ring.Count % 2 != 0 || !ring.All(double.IsFinite))
                throw Wrong(AnnotationFault.InvalidPolygon, $"polygons[{i}]", "A polygon has the coordinates x1, y1, x2, y2, … of at least three points.");
        }

        private (RleText Rle, Bounds Bounds) Runs()
        {
            if (draft.Rle is null && draft.Mask is null)
                throw Wrong(AnnotationFault.MissingShape, "polygons", $"{scope.Task.AsText()} needs polygons or a mask.");
            RunLengthMask mask;
            try
            {
                mask = draft.Mask ?? (draft.Rle is { Size: [var height, var width], Counts: { } counts }
                    ? RunLengthMask.Parse(height, width, counts)
                    : throw new FormatException("A mask has the size [height, width] and counts."));
            }
            catch (FormatException damaged)
            {
                throw Wrong(AnnotationFault.InvalidMask, "rle", damaged.Message);
            }
            if (mask.Height != scope.Height || mask.Width != scope.Width)
                throw Wrong(AnnotationFault.InvalidMask, "rle.size", $"The mask has {mask.Width} × {mask.Height} pixels, the image {scope.Width} × {scope.Height}.");
            return mask.Bounds() is { } bounds
                ? (new RleText([mask.Height, mask.Width], mask.Compress()), bounds)
                : throw Wrong(AnnotationFault.InvalidMask, "rle", "The mask is empty.");
        }

        private List<double[]> Points()
        {
            if (draft.Keypoints is not { } points)
                throw Wrong(AnnotationFault.MissingShape, "keypoints", "Give the keypoints of the object.");
            var names = scope.Keypoints?.Names ?? [];
            if (points.Count != names.Count)
                throw Wrong(AnnotationFault.InvalidKeypoints, "keypoints", $"The dataset has {names.Count} keypoints, the annotation {points.Count}.");
            return [.. points.Select(Point)];
        }

        private double[] Point(IReadOnlyList<double> point, int i)
        {
            if (point.Count != 3 || !point.All(double.IsFinite) || point[2] is not (0 or 1 or 2))
                throw Wrong(AnnotationFault.InvalidKeypoints, $"keypoints[{i}]", "A keypoint has x, y and the visibility 0, 1 or 2.");
            if (point[2] == 0)
                return [0, 0, 0];
            if (point[0] >= 0 && point[1] >= 0 && point[0] <= scope.Width && point[1] <= scope.Height)
                return [Geometry.Round(point[0]), Geometry.Round(point[1]), point[2]];
            // Where it is cannot be seen in this image.
            Clipped = true;
            return [0, 0, 0];
        }

        private bool IsOutside(Bounds bounds) => bounds.Left < 0 || bounds.Top < 0 || bounds.Right > scope.Width || bounds.Bottom > scope.Height;

        private static WrongException Wrong(AnnotationFault fault, string field, string message) => new(fault, field, message);
    }
}
