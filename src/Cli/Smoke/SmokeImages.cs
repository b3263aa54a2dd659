using NetVips;

namespace VisionPlatform.Cli.Smoke;

/// <summary>Small pictures of two classes, the same in each run: bright ones and dark ones with noise.</summary>
internal static class SmokeImages
{
    private const int Side = 32;
    private const int OfEachClass = 20;

    /// <summary>PNG files by their path in the dataset.</summary>
    public static Dictionary<string, byte[]> All()
    {
        var random = new Random(1);
        return Enumerable.Range(0, 2 * OfEachClass).ToDictionary(number => $"{(number < OfEachClass ? "bright" : "dark")}/{number % OfEachClass:00}.png", number => Png(random, number < OfEachClass ? 180 : 20));
    }

    private static byte[] Png(Random random, int brightness)
    {
        var pixels = new byte[Side * Side * 3];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(brightness + random.Next(50));
        using var image = Image.NewFromMemory(pixels, Side, Side, 3, Enums.BandFormat.Uchar);
        return image.PngsaveBuffer();
    }
}
