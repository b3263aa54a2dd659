using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.ModelServer.Inference;

namespace VisionPlatform.ModelServer.Tasks;

/// <summary>A rectangle in pixels of a model's input.</summary>
internal readonly record struct InputBox(float Left, float Top, float Right, float Bottom)
{
    public float Area => Math.Max(0, Right - Left) * Math.Max(0, Bottom - Top);

    /// <summary>Intersection over union.</summary>
    public float OverlapWith(InputBox other)
    {
        var common = new InputBox(Math.Max(Left, other.Left), Math.Max(Top, other.Top), Math.Min(Right, other.Right), Math.Min(Bottom, other.Bottom)).Area;
        return common <= 0 ? 0 : common / (Area + other.Area - common);
    }

    /// <summary>x, y, width, height in pixels of the upright image, clipped to it and rounded to 2 decimals.</summary>
    public double[] InImage(Placement placement)
    {
        double left = Round(placement.X(Left)), top = Round(placement.Y(Top));
        return [left, top, Round(placement.X(Right) - left), Round(placement.Y(Bottom) - top)];
    }

    public static double Round(double value) => Math.Round(value, 2, MidpointRounding.AwayFromZero);
}

/// <summary>Masks over the upright image, from planes of probabilities in pixels of the input, or of a part of its resolution.</summary>
internal static class Masks
{
    /// <summary>The pixels inside a box whose probability reaches the threshold; between the values of the plane it is interpolated.</summary>
    /// <param name="plane">Rows of probabilities over the whole input.</param>
    /// <param name="inputWidth">Width of the input.</param>
    /// <param name="inputHeight">Height of the input.</param>
    public static RleText Paint(ReadOnlySpan<float> plane, int planeWidth, int planeHeight, int inputWidth, int inputHeight, Placement placement, InputBox box, float threshold)
    {
        int left = (int)Math.Floor(placement.X(box.Left)), right = (int)Math.Ceiling(placement.X(box.Right));
        int top = (int)Math.Floor(placement.Y(box.Top)), bottom = (int)Math.Ceiling(placement.Y(box.Bottom));
        // From the centre of an image pixel to a place in the plane.
        double across = (double)placement.Width / placement.ImageWidth * planeWidth / inputWidth, down = (double)placement.Height / placement.ImageHeight * planeHeight / inputHeight;
        var runs = new RunWriter(placement.ImageHeight, placement.ImageWidth);
        for (var x = left; x < right; x++)
        {
            var u = Math.Clamp((x + 0.5) * across - 0.5, 0, planeWidth - 1);
            int u0 = (int)u, u1 = Math.Min(u0 + 1, planeWidth - 1);
            var du = (float)(u - u0);
            for (var y = top; y < bottom; y++)
            {
                var v = Math.Clamp((y + 0.5) * down - 0.5, 0, planeHeight - 1);
                int v0 = (int)v * planeWidth, v1 = Math.Min((int)v + 1, planeHeight - 1) * planeWidth;
                var dv = (float)(v - (int)v);
                var above = plane[v0 + u0] + (plane[v0 + u1] - plane[v0 + u0]) * du;
                var below = plane[v1 + u0] + (plane[v1 + u1] - plane[v1 + u0]) * du;
                if (above + (below - above) * dv >= threshold)
                    runs.Add(x, y);
            }
        }
        return runs.ToText();
    }
}

/// <summary>Collects the pixels of a mask column by column.</summary>
internal sealed class RunWriter(int height, int width)
{
    private readonly List<long> _runs = [];
    private long _end;
    private long _inside;

    /// <summary>Adds a pixel that comes after all earlier ones, in columns from the left and in each from the top.</summary>
    public void Add(int x, int y)
    {
        var at = (long)x * height + y;
        if (_inside > 0 && at == _end)
        {
            _inside++;
        }
        else
        {
            if (_inside > 0)
                _runs.Add(_inside);
            _runs.Add(at - _end);
            _inside = 1;
        }
        _end = at + 1;
    }

    public RleText ToText()
    {
        if (_inside > 0)
            _runs.Add(_inside);
        if (_end < (long)height * width || _runs.Count == 0)
            _runs.Add((long)height * width - _end);
        return new RleText([height, width], RunLengthMask.FromRuns(height, width, _runs).Compress());
    }
}
