using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>
/// Assigns images to train, val and test. The plain split depends on each path alone, so adding images never moves another image. The
/// stratified split keeps the ratios within each class, so adding images may move others of the same class.
/// </summary>
public static class SplitRules
{
    /// <summary>Buckets a path may fall into.</summary>
    public const int Buckets = 10_000;

    private const double SumTolerance = 1e-6;

    /// <summary>What is wrong with a split's ratios, or null. Valid are two or three ratios from 0 to 1 that add up to 1, the first above 0.</summary>
    public static string? Problem(IReadOnlyList<double>? ratios) => ratios switch
    {
        null or { Count: < 2 or > 3 } => "Give two or three ratios: train, val and, if wanted, test.",
        _ when ratios.Any(ratio => !(ratio is >= 0 and <= 1)) => "A ratio is between 0 and 1.",
        _ when ratios[0] <= 0 => "Some images are needed for training.",
        _ when Math.Abs(ratios.Sum() - 1) > SumTolerance => "The ratios do not add up to 1.",
        _ => null,
    };

    /// <summary>A number 0…9,999 that depends on the path alone: the first eight bytes, big-endian, of the SHA-256 of its UTF-8 form, modulo 10,000.</summary>
    public static int Bucket(string path) => (int)(Hash(path) % Buckets);

    /// <summary>The split of one path when the split is not stratified.</summary>
    public static Split Of(string path, SplitSettings settings)
    {
        var (train, val) = Borders(settings, Buckets);
        return Bucket(path) is var bucket && bucket < train ? Split.Train : bucket < val ? Split.Val : Split.Test;
    }

    /// <summary>The split of each image, in the given order.</summary>
    /// <param name="images">Path and class of each; images without a class are a group of their own when stratified.</param>
    /// <param name="settings">Ratios, and whether they hold within each class.</param>
    public static Split[] Assign(IReadOnlyList<(string Path, string? Class)> images, SplitSettings settings)
    {
        if (!settings.Stratified)
            return [.. images.Select(image => Of(image.Path, settings))];

        var splits = new Split[images.Count];
        foreach (var group in Enumerable.Range(0, images.Count).GroupBy(i => images[i].Class ?? ""))
        {
            var ordered = group.OrderBy(i => Hash(images[i].Path)).ThenBy(i => images[i].Path, StringComparer.Ordinal).ToArray();
            var (train, val) = Borders(settings, ordered.Length);
            // Rounding could leave a small class without training images, and the model would never see it.
            train = Math.Max(1, train);
            for (var position = 0; position < ordered.Length; position++)
                splits[ordered[position]] = position < train ? Split.Train : position < val ? Split.Val : Split.Test;
        }
        return splits;
    }

    /// <summary>Where train and where val end among <paramref name="count"/>.</summary>
    private static (int Train, int Val) Borders(SplitSettings settings, int count)
    {
        var train = (int)Math.Round(settings.Ratios[0] * count, MidpointRounding.AwayFromZero);
        // Without a test ratio, val takes everything that is left after rounding.
        var val = settings.Ratios.Length < 3 || settings.Ratios[2] == 0
            ? count
            : (int)Math.Round((settings.Ratios[0] + settings.Ratios[1]) * count, MidpointRounding.AwayFromZero);
        return (train, val);
    }

    private static ulong Hash(string path)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(path), hash);
        return BinaryPrimitives.ReadUInt64BigEndian(hash);
    }
}
