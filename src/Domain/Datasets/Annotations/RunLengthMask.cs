using System.Text;

namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>
/// A mask as lengths of runs, column by column from the top left, beginning with pixels outside (perhaps 0 of them): the RLE of the COCO format. Its
/// compressed text writes each length in base 48 characters of 5 bits with a sign, from the fourth on as the difference to the last but one
/// (<c>rleToString</c> in <c>maskApi.c</c> of the COCO API, https://github.com/cocodataset/cocoapi).
/// </summary>
public sealed class RunLengthMask
{
    private readonly List<long> _runs;

    private RunLengthMask(int height, int width, List<long> runs) => (Height, Width, _runs) = (height, width, runs);

    public int Height { get; }

    public int Width { get; }

    /// <summary>Pixels inside.</summary>
    public long Area
    {
        get
        {
            var area = 0L;
            for (var i = 1; i < _runs.Count; i += 2)
                area += _runs[i];
            return area;
        }
    }

    /// <summary>Lengths of the runs.</summary>
    public IReadOnlyList<long> Runs => _runs;

    /// <summary>A mask of runs that are not compressed.</summary>
    /// <exception cref="FormatException">A length is negative, or together they are not the pixels of the image.</exception>
    public static RunLengthMask FromRuns(int height, int width, IEnumerable<long> runs)
    {
        if (height < 1 || width < 1)
            throw new FormatException("The size of the mask is not that of an image.");
        var (list, sum) = (new List<long>(), 0L);
        foreach (var run in runs)
        {
            if (run < 0 || (sum += run) > (long)height * width)
                throw new FormatException($"The runs of the mask are not those of {height} × {width} pixels.");
            list.Add(run);
        }
        return sum == (long)height * width ? new RunLengthMask(height, width, list) : throw new FormatException($"The runs of the mask cover {sum} pixels, not {height} × {width}.");
    }

    /// <summary>A mask from its compressed text.</summary>
    /// <exception cref="FormatException">The text is no such mask.</exception>
    public static RunLengthMask Parse(int height, int width, string counts) => FromRuns(height, width, Decompress(counts));

    /// <summary>A mask of pixels.</summary>
    /// <param name="height">Rows.</param>
    /// <param name="width">Columns.</param>
    /// <param name="inside">Whether the pixel in row and column is inside.</param>
    public static RunLengthMask Of(int height, int width, Func<int, int, bool> inside)
    {
        var (runs, length, current) = (new List<long>(), 0L, false);
        for (var column = 0; column < width; column++)
            for (var row = 0; row < height; row++)
            {
                if (inside(row, column) != current)
                {
                    runs.Add(length);
                    (length, current) = (0, !current);
                }
                length++;
            }
        runs.Add(length);
        return new RunLengthMask(height, width, runs);
    }

    /// <summary>The mask of rings <c>x1, y1, x2, y2, …</c>: the pixels whose middle lies in one of them.</summary>
    public static RunLengthMask Of(int height, int width, IReadOnlyList<double[]> rings)
    {
        var (runs, end) = (new List<long>(), 0L);
        for (var column = 0; column < width; column++)
            foreach (var (top, bottom) in RowsInside(rings, column + 0.5, height))
            {
                var start = (long)column * height + top;
                // A run may go on from the column before.
                if (start == end && runs.Count > 0)
                    runs[^1] += bottom - top;
                else
                {
                    runs.Add(start - end);
                    runs.Add(bottom - top);
                }
                end = (long)column * height + bottom;
            }
        if (end < (long)height * width || runs.Count == 0)
            runs.Add((long)height * width - end);
        return new RunLengthMask(height, width, runs);
    }

    /// <summary>Number of pixels that are inside both; 0 for masks of other sizes.</summary>
    public long Common(RunLengthMask other)
    {
        if (other.Height != Height || other.Width != Width)
            return 0;
        var (common, mine, theirs) = (0L, 0, 0);
        var (myEnd, theirEnd, at) = (_runs[0], other._runs[0], 0L);
        while (mine < _runs.Count && theirs < other._runs.Count)
        {
            var next = Math.Min(myEnd, theirEnd);
            if (mine % 2 == 1 && theirs % 2 == 1)
                common += next - at;
            at = next;
            if (myEnd == next && ++mine < _runs.Count)
                myEnd += _runs[mine];
            if (theirEnd == next && ++theirs < other._runs.Count)
                theirEnd += other._runs[theirs];
        }
        return common;
    }

    /// <summary>The rows of a column inside one of the rings, in order, that do not touch.</summary>
    private static List<(int Top, int Bottom)> RowsInside(IReadOnlyList<double[]> rings, double x, int height)
    {
        var rows = new List<(int Top, int Bottom)>();
        foreach (var ring in rings)
        {
            var crossings = new List<double>();
            for (int i = 0, j = ring.Length - 2; i < ring.Length; j = i, i += 2)
                if (ring[j] <= x != ring[i] <= x)
                    crossings.Add(ring[j + 1] + (ring[i + 1] - ring[j + 1]) * (x - ring[j]) / (ring[i] - ring[j]));
            crossings.Sort();
            for (var i = 0; i + 1 < crossings.Count; i += 2)
                if ((Row(crossings[i]), Row(crossings[i + 1])) is var (top, bottom) && top < bottom)
                    rows.Add((top, bottom));
        }
        rows.Sort();
        var merged = new List<(int Top, int Bottom)>(rows.Count);
        foreach (var (top, bottom) in rows)
            if (merged.Count > 0 && top <= merged[^1].Bottom)
                merged[^1] = (merged[^1].Top, Math.Max(merged[^1].Bottom, bottom));
            else
                merged.Add((top, bottom));
        return merged;

        int Row(double y) => (int)Math.Clamp(Math.Ceiling(y - 0.5), 0, height);
    }

    /// <summary>The compressed text.</summary>
    public string Compress()
    {
        var text = new StringBuilder(_runs.Count * 2);
        for (var i = 0; i < _runs.Count; i++)
        {
            var value = i > 2 ? _runs[i] - _runs[i - 2] : _runs[i];
            for (var more = true; more;)
            {
                var bits = (int)(value & 0x1f);
                value >>= 5;
                more = (bits & 0x10) != 0 ? value != -1 : value != 0;
                text.Append((char)((more ? bits | 0x20 : bits) + '0'));
            }
        }
        return text.ToString();
    }

    /// <summary>Whether the pixel is inside.</summary>
    public bool Has(int row, int column)
    {
        var (at, end) = ((long)column * Height + row, 0L);
        for (var i = 0; i < _runs.Count; i++)
            if ((end += _runs[i]) > at)
                return i % 2 == 1;
        return false;
    }

    /// <summary>The rectangle around the pixels inside; null when there are none.</summary>
    internal Bounds? Bounds()
    {
        Bounds? bounds = null;
        var at = 0L;
        for (var i = 0; i < _runs.Count; at += _runs[i++])
        {
            if (i % 2 == 0 || _runs[i] == 0)
                continue;
            var last = at + _runs[i] - 1;
            var (left, right) = (at / Height, last / Height);
            // A run that goes on in the next column has pixels at the bottom of one and at the top of the other.
            var (top, bottom) = left == right ? (at % Height, last % Height) : (0, Height - 1);
            var run = new Bounds(left, top, right + 1, bottom + 1);
            bounds = bounds?.With(run) ?? run;
        }
        return bounds;
    }

    private static IEnumerable<long> Decompress(string counts)
    {
        const int Longest = 12;
        var (before, last) = (new Queue<long>(3), 0);
        var number = 0;
        while (last < counts.Length)
        {
            var (value, shift, more) = (0L, 0, true);
            while (more)
            {
                if (last == counts.Length || shift > 5 * Longest)
                    throw new FormatException("The runs of the mask end in the middle.");
                var bits = counts[last++] - '0';
                if (bits is < 0 or > 63)
                    throw new FormatException($"The runs of the mask have the character '{counts[last - 1]}'.");
                value |= (long)(bits & 0x1f) << shift;
                shift += 5;
                more = (bits & 0x20) != 0;
                if (!more && (bits & 0x10) != 0 && shift < 64)
                    value |= -1L << shift;
            }
            if (number++ > 2)
                value += before.Peek();
            before.Enqueue(value);
            if (before.Count > 2)
                before.Dequeue();
            yield return value;
        }
    }
}
