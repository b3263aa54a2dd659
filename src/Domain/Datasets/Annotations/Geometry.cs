namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>A rectangle parallel to the image, in pixels.</summary>
internal readonly record struct Bounds(double Left, double Top, double Right, double Bottom)
{
    public double Width => Right - Left;

    public double Height => Bottom - Top;

    /// <summary>x, y, width, height.</summary>
    public double[] ToBox() => [Left, Top, Math.Round(Width, 2), Math.Round(Height, 2)];

    public Bounds With(Bounds other) =>
        new(Math.Min(Left, other.Left), Math.Min(Top, other.Top), Math.Max(Right, other.Right), Math.Max(Bottom, other.Bottom));

    public Bounds With(double x, double y) => With(new Bounds(x, y, x, y));

    /// <summary>The part inside an image, to two decimals. Without width or height when nothing is inside.</summary>
    public Bounds In(int width, int height) => new(
        Geometry.Round(Math.Clamp(Left, 0, width)), Geometry.Round(Math.Clamp(Top, 0, height)),
        Geometry.Round(Math.Clamp(Right, 0, width)), Geometry.Round(Math.Clamp(Bottom, 0, height)));
}

/// <summary>Rings of points <c>x1, y1, x2, y2, …</c>.</summary>
internal static class Geometry
{
    public static double Round(double value) => Math.Round(value, 2, MidpointRounding.AwayFromZero) + 0.0; // -0 becomes 0

    /// <summary>Area by the shoelace formula, in square pixels; 0 for points on a line.</summary>
    public static double Area(IReadOnlyList<double> ring) => Math.Abs(SignedArea(ring));

    public static Bounds BoundsOf(IReadOnlyList<double> ring)
    {
        var bounds = new Bounds(ring[0], ring[1], ring[0], ring[1]);
        for (var i = 2; i < ring.Count; i += 2)
            bounds = bounds.With(ring[i], ring[i + 1]);
        return bounds;
    }

    /// <summary>The part of a ring inside an image (Sutherland and Hodgman, 1974); empty when nothing is inside. A ring that leaves the image and comes back stays one ring along the border.</summary>
    public static double[] Clip(IReadOnlyList<double> ring, int width, int height)
    {
        var points = new List<(double X, double Y)>(ring.Count / 2 + 4);
        for (var i = 0; i < ring.Count; i += 2)
            points.Add((ring[i], ring[i + 1]));
        points = Cut(points, point => point.X, (point, at) => (0, at), 0);
        points = Cut(points, point => width - point.X, (point, at) => (width, at), 0);
        points = Cut(points, point => point.Y, (point, at) => (at, 0), 1);
        points = Cut(points, point => height - point.Y, (point, at) => (at, height), 1);
        return [.. points.SelectMany(point => (double[])[point.X, point.Y])];
    }

    /// <summary>The part of a convex ring inside another convex ring; empty when they have nothing in common.</summary>
    public static double[] ClipConvex(IReadOnlyList<double> ring, IReadOnlyList<double> window)
    {
        var points = new List<(double X, double Y)>(ring.Count / 2 + 4);
        for (var i = 0; i < ring.Count; i += 2)
            points.Add((ring[i], ring[i + 1]));
        var turn = SignedArea(window) < 0 ? -1 : 1;
        for (int i = 0, j = window.Count - 2; i < window.Count; j = i, i += 2)
        {
            var (fromX, fromY, alongX, alongY) = (window[j], window[j + 1], window[i] - window[j], window[i + 1] - window[j + 1]);
            points = CutConvex(points, point => turn * (alongX * (point.Y - fromY) - alongY * (point.X - fromX)));
        }
        return [.. points.SelectMany(point => (double[])[point.X, point.Y])];
    }

    private static double SignedArea(IReadOnlyList<double> ring)
    {
        var twice = 0.0;
        for (int i = 0, j = ring.Count - 2; i < ring.Count; j = i, i += 2)
            twice += ring[j] * ring[i + 1] - ring[i] * ring[j + 1];
        return twice / 2;
    }

    private static List<(double X, double Y)> CutConvex(List<(double X, double Y)> points, Func<(double X, double Y), double> distance)
    {
        var kept = new List<(double X, double Y)>(points.Count + 2);
        for (int i = 0, j = points.Count - 1; i < points.Count; j = i++)
        {
            var (before, here) = (distance(points[j]), distance(points[i]));
            if (before < 0 != here < 0)
            {
                var share = before / (before - here);
                kept.Add((points[j].X + (points[i].X - points[j].X) * share, points[j].Y + (points[i].Y - points[j].Y) * share));
            }
            if (here >= 0)
                kept.Add(points[i]);
        }
        return kept;
    }

    /// <summary>Keeps what lies on the side of a border where the distance is not negative.</summary>
    /// <param name="distance">Distance of a point from the border.</param>
    /// <param name="on">The point on the border with this coordinate along it.</param>
    /// <param name="side">0 for a vertical border, 1 for a horizontal one.</param>
    private static List<(double X, double Y)> Cut(
        List<(double X, double Y)> points, Func<(double X, double Y), double> distance, Func<(double X, double Y), double, (double, double)> on, int side)
    {
        var kept = new List<(double X, double Y)>(points.Count + 2);
        for (int i = 0, j = points.Count - 1; i < points.Count; j = i++)
        {
            var (before, here) = (distance(points[j]), distance(points[i]));
            if (before < 0 != here < 0)
            {
                var share = before / (before - here);
                var (from, to) = side == 0 ? (points[j].Y, points[i].Y) : (points[j].X, points[i].X);
                kept.Add(on(points[i], from + (to - from) * share));
            }
            if (here >= 0)
                kept.Add(points[i]);
        }
        return kept;
    }
}
