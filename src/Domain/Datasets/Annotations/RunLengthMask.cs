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

    /// <summary>Pixels inside both masks; none of masks of images of another size.</summary>
    public long CommonWith(RunLengthMask other)
    {
        if ((Height, Width) != (other.Height, other.Width))
            return 0;
        var (common, at, end, otherEnd) = (0L, 0L, 0L, 0L);
        for (int own = -1, others = -1; at < (long)Height * Width;)
        {
            while (end == at)
                end += _runs[++own];
            while (otherEnd == at)
                otherEnd += other._runs[++others];
            var next = Math.Min(end, otherEnd);
            if (own % 2 == 1 && others % 2 == 1)
                common += next - at;
            at = next;
        }
        return common;
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
