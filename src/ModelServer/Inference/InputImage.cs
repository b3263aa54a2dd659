using VisionPlatform.Images;
using VisionPlatform.ModelServer.Models;

namespace VisionPlatform.ModelServer.Inference;

/// <summary>Where an upright image lies in the input of a model, from the top left corner.</summary>
/// <param name="Width">Width in the input; the rest on the right is padding.</param>
/// <param name="Height">Height in the input; the rest below is padding.</param>
/// <param name="ImageWidth">Width of the upright image in pixels.</param>
/// <param name="ImageHeight">Height of the upright image in pixels.</param>
internal readonly record struct Placement(int Width, int Height, int ImageWidth, int ImageHeight)
{
    public static Placement Of(ModelDescription model, int width, int height)
    {
        if (!model.Preprocessing.Letterbox)
            return new Placement(model.Width, model.Height, width, height);
        // As the trainers compute it: half a pixel goes to the even number.
        var share = Math.Min((double)model.Width / width, (double)model.Height / height);
        return new Placement(Side(width * share), Side(height * share), width, height);
    }

    /// <summary>From the input's pixels to those of the image, clipped to it.</summary>
    public double X(double x) => Math.Clamp(x * ImageWidth / Width, 0, ImageWidth);

    /// <inheritdoc cref="X"/>
    public double Y(double y) => Math.Clamp(y * ImageHeight / Height, 0, ImageHeight);

    private static int Side(double side) => Math.Max(1, (int)Math.Round(side, MidpointRounding.ToEven));
}

/// <summary>An image at the size of a model's input: interleaved RGB of the placed part.</summary>
internal sealed record InputImage(byte[] Pixels, Placement Placement)
{
    public static async Task<InputImage> ReadAsync(PixelReader reader, MeasuredImage image, ModelDescription model, CancellationToken cancellation)
    {
        var placement = Placement.Of(model, image.Facts.Width, image.Facts.Height);
        return new InputImage(await reader.ReadAsync(image, placement.Width, placement.Height, model.Preprocessing.Interpolation, cancellation), placement);
    }

    /// <summary>Writes the values of this image, channel by channel, into its part of the input.</summary>
    public void WriteTo(Span<float> input, ModelDescription model, float[][] tables)
    {
        var plane = model.Width * model.Height;
        for (var channel = 0; channel < 3; channel++)
        {
            var table = tables[channel].AsSpan(0, 256);
            var target = input.Slice(channel * plane, plane);
            if (Placement.Width < model.Width || Placement.Height < model.Height)
                target.Fill(table[model.Preprocessing.Pad]);
            for (var y = 0; y < Placement.Height; y++)
            {
                var row = target.Slice(y * model.Width, Placement.Width);
                var source = Pixels.AsSpan(y * Placement.Width * 3);
                for (int x = 0, at = channel; x < row.Length; x++, at += 3)
                    row[x] = table[source[at]];
            }
        }
    }

    /// <summary>The input's value of each of the 256 values of a channel.</summary>
    public static float[][] Tables(Preprocessing preprocessing) =>
    [
        .. Enumerable.Range(0, 3).Select(channel => Enumerable.Range(0, 256)
            .Select(value => value * (preprocessing.Scale / preprocessing.Std[channel]) - preprocessing.Mean[channel] / preprocessing.Std[channel]).ToArray()),
    ];
}
