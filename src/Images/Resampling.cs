using System.Numerics;

namespace VisionPlatform.Images;

/// <summary>8-bit RGB, row after row without gaps.</summary>
internal readonly record struct RgbPixels(byte[] Values, int Width, int Height);

/// <summary>
/// Reduces and resizes pixels with the arithmetic of Pillow (<c>Reduce.c</c>, <c>Resample.c</c> and <c>Geometry.c</c> of its 11th version), so that a model
/// sees the same values when it serves as when it was trained. Resizing is separable: each row first, then each column, both rounded to 8 bits.
/// </summary>
internal static class Resampling
{
    private const int Channels = 3;

    /// <summary>Bits after the point of a weight: 8 are for the value and 2 for what negative weights let a sum exceed.</summary>
    private const int WeightBits = 32 - 8 - 2;

    /// <summary>Adds rows to an image that is reduced to means of blocks.</summary>
    /// <param name="rows">Interleaved RGB; as many rows as whole blocks have, but fewer at the end of the image.</param>
    /// <param name="width">Pixels of a row.</param>
    /// <param name="across">Width of a block.</param>
    /// <param name="down">Height of a block.</param>
    /// <param name="reduced">Receives one row for each row of blocks.</param>
    public static void Reduce(ReadOnlySpan<byte> rows, int width, int across, int down, Span<byte> reduced)
    {
        var (height, blocks) = (rows.Length / (width * Channels), (width + across - 1) / across);
        var at = 0;
        for (var top = 0; top < height; top += down)
            for (var block = 0; block < blocks; block++)
            {
                var (left, right, bottom) = (block * across, Math.Min(width, (block + 1) * across), Math.Min(height, top + down));
                var pixels = (uint)((right - left) * (bottom - top));
                var multiplier = (uint)((1L << 32) / (256 * pixels));
                for (var channel = 0; channel < Channels; channel++)
                {
                    var sum = pixels / 2;
                    for (var y = top; y < bottom; y++)
                        for (int x = (((y * width) + left) * Channels) + channel, end = ((y * width) + right) * Channels; x < end; x += Channels)
                            sum += rows[x];
                    reduced[at++] = (byte)((sum * multiplier) >> 24);
                }
            }
    }

    /// <summary>The image at another size.</summary>
    /// <param name="source">The image.</param>
    /// <param name="boxWidth">Width of the part that shows the whole picture, from the left: an image that was reduced may have a last column that is partly empty.</param>
    /// <param name="boxHeight">Height of that part.</param>
    /// <param name="width">Wanted width.</param>
    /// <param name="height">Wanted height.</param>
    /// <param name="interpolation">How.</param>
    public static RgbPixels Resize(RgbPixels source, float boxWidth, float boxHeight, int width, int height, Interpolation interpolation)
    {
        if (interpolation == Interpolation.Nearest)
            return Nearest(source, boxWidth, boxHeight, width, height);
        if (width != source.Width || boxWidth != width)
            source = ResizeRows(source, Weights.Of(source.Width, boxWidth, width, interpolation));
        if (height != source.Height || boxHeight != height)
            source = ResizeColumns(source, Weights.Of(source.Height, boxHeight, height, interpolation));
        return source;
    }

    private static RgbPixels ResizeRows(RgbPixels source, Weights weights)
    {
        var values = GC.AllocateUninitializedArray<byte>(weights.Count * source.Height * Channels);
        var at = 0;
        for (var y = 0; y < source.Height; y++)
        {
            var row = source.Values.AsSpan(y * source.Width * Channels, source.Width * Channels);
            for (var x = 0; x < weights.Count; x++)
            {
                var factors = weights.Factors(x);
                var pixels = row.Slice(weights.First(x) * Channels, factors.Length * Channels);
                int red = Weights.Half, green = Weights.Half, blue = Weights.Half;
                for (int i = 0, p = 0; i < factors.Length; i++, p += Channels)
                {
                    var factor = factors[i];
                    red += pixels[p] * factor;
                    green += pixels[p + 1] * factor;
                    blue += pixels[p + 2] * factor;
                }
                (values[at], values[at + 1], values[at + 2]) = (Clipped(red), Clipped(green), Clipped(blue));
                at += Channels;
            }
        }
        return new RgbPixels(values, weights.Count, source.Height);
    }

    private static RgbPixels ResizeColumns(RgbPixels source, Weights weights)
    {
        var stride = source.Width * Channels;
        var values = GC.AllocateUninitializedArray<byte>(weights.Count * stride);
        var sums = new int[stride];
        for (var y = 0; y < weights.Count; y++)
        {
            var factors = weights.Factors(y);
            Array.Fill(sums, Weights.Half);
            for (var i = 0; i < factors.Length; i++)
                AddRow(source.Values.AsSpan((weights.First(y) + i) * stride, stride), factors[i], sums);
            var row = values.AsSpan(y * stride, stride);
            for (var x = 0; x < row.Length; x++)
                row[x] = Clipped(sums[x]);
        }
        return new RgbPixels(values, source.Width, weights.Count);
    }

    private static void AddRow(ReadOnlySpan<byte> row, int factor, Span<int> sums)
    {
        var x = 0;
        for (; x <= row.Length - Vector<byte>.Count; x += Vector<byte>.Count)
        {
            Vector.Widen(new Vector<byte>(row[x..]), out var low, out var high);
            Vector.Widen(low, out var a, out var b);
            Vector.Widen(high, out var c, out var d);
            Add(a, sums[x..]);
            Add(b, sums[(x + Vector<int>.Count)..]);
            Add(c, sums[(x + (2 * Vector<int>.Count))..]);
            Add(d, sums[(x + (3 * Vector<int>.Count))..]);
        }
        for (; x < row.Length; x++)
            sums[x] += row[x] * factor;

        void Add(Vector<uint> values, Span<int> to) => (new Vector<int>(to) + (Vector.AsVectorInt32(values) * factor)).CopyTo(to);
    }

    private static RgbPixels Nearest(RgbPixels source, float boxWidth, float boxHeight, int width, int height)
    {
        var (columns, rows) = (Places(boxWidth, width, source.Width), Places(boxHeight, height, source.Height));
        var values = GC.AllocateUninitializedArray<byte>(width * height * Channels);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                source.Values.AsSpan(((rows[y] * source.Width) + columns[x]) * Channels, Channels).CopyTo(values.AsSpan(((y * width) + x) * Channels));
        return new RgbPixels(values, width, height);

        // Added up, not multiplied, as Pillow does it.
        static int[] Places(double box, int count, int most)
        {
            var (step, place, places) = (box / count, box / count * 0.5, new int[count]);
            for (var i = 0; i < count; i++, place += step)
                places[i] = Math.Min((int)place, most - 1);
            return places;
        }
    }

    private static byte Clipped(int sum) => (byte)Math.Clamp(sum >> WeightBits, 0, 255);

    /// <summary>For each wanted pixel of a row or column: the first pixel that it is made of, and the weight of it and of those that follow, in fixed point.</summary>
    private sealed class Weights(int[] first, int[] lengths, int[] factors, int most)
    {
        /// <summary>Added to a sum before its bits after the point are cut off.</summary>
        public const int Half = 1 << (WeightBits - 1);

        public int Count => first.Length;

        public int First(int at) => first[at];

        public ReadOnlySpan<int> Factors(int at) => factors.AsSpan(at * most, lengths[at]);

        public static Weights Of(int size, float box, int wanted, Interpolation interpolation)
        {
            var scale = (double)box / wanted;
            // An image that becomes smaller is averaged over all its pixels.
            var spread = Math.Max(1, scale);
            var support = (interpolation == Interpolation.Bicubic ? 2 : 1) * spread;
            var most = ((int)Math.Ceiling(support) * 2) + 1;
            var (first, lengths, factors, exact) = (new int[wanted], new int[wanted], new int[wanted * most], new double[most]);
            for (var i = 0; i < wanted; i++)
            {
                var centre = (i + 0.5) * scale;
                var from = Math.Max(0, (int)(centre - support + 0.5));
                var length = Math.Min(size, (int)(centre + support + 0.5)) - from;
                var sum = 0.0;
                for (var x = 0; x < length; x++)
                    sum += exact[x] = Weight((x + from - centre + 0.5) * (1 / spread), interpolation);
                for (var x = 0; x < length; x++)
                {
                    var weight = (sum == 0 ? exact[x] : exact[x] / sum) * (1 << WeightBits);
                    factors[(i * most) + x] = (int)(weight < 0 ? weight - 0.5 : weight + 0.5);
                }
                (first[i], lengths[i]) = (from, length);
            }
            return new Weights(first, lengths, factors, most);
        }

        private static double Weight(double distance, Interpolation interpolation)
        {
            const double a = -0.5;
            var x = Math.Abs(distance);
            return interpolation == Interpolation.Bilinear ? Math.Max(0, 1 - x)
                : x < 1 ? (((a + 2) * x) - (a + 3)) * x * x + 1
                : x < 2 ? ((((x - 5) * x) + 8) * x - 4) * a
                : 0;
        }
    }
}
