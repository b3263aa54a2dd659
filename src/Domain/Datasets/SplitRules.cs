using System.Globalization;

namespace VisionPlatform.Domain.Datasets;

/// <summary>What decides the split of an image.</summary>
/// <param name="Sha256">SHA-256 of the file, lower-case hex.</param>
/// <param name="Class">Class of the image; null when it has none.</param>
public readonly record struct SplitImage(string Sha256, string? Class);

/// <summary>Who decides the splits of a version.</summary>
public enum SplitSource
{
    /// <summary>The dataset's ratios, by the content of each image.</summary>
    Ratios,

    /// <summary>The split that each image was given to when it was uploaded; the ratios for images that were given to none.</summary>
    AsGiven,
}

/// <summary>
/// Assigns images to train, val and test by their content, so that copies of a file never fall into two splits. The plain split depends on each
/// file alone, so adding images never moves another image. The stratified split keeps the ratios within each class, so adding images may move
/// others of the same class.
/// </summary>
public static class SplitRules
{
    /// <summary>Buckets a file may fall into.</summary>
    public const int Buckets = 10_000;

    private const int HashDigits = 16;
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

    /// <summary>A number 0…9,999 that depends on the content alone: the first eight bytes, big-endian, of the file's SHA-256, modulo 10,000.</summary>
    public static int Bucket(string sha256) => (int)(Hash(sha256) % Buckets);

    /// <summary>The split of each image, in the given order.</summary>
    /// <param name="images">The images; those without a class are a group of their own when stratified.</param>
    /// <param name="settings">Ratios, and whether they hold within each class.</param>
    public static Split[] Assign(IReadOnlyList<SplitImage> images, SplitSettings settings)
    {
        if (!settings.Stratified)
        {
            var (train, val) = Borders(settings, Buckets);
            return [.. images.Select(image => At(Bucket(image.Sha256), train, val))];
        }

        // Copies that are labeled differently belong to the class that comes first, so that they stay together.
        var contents = images.GroupBy(image => image.Sha256, (sha256, copies) => (Sha256: sha256, Class: copies.Select(copy => copy.Class ?? "").Min(StringComparer.Ordinal)!, Copies: copies.Count()));
        var splits = new Dictionary<string, Split>(StringComparer.Ordinal);
        foreach (var group in contents.GroupBy(content => content.Class, StringComparer.Ordinal))
        {
            var (train, val) = Borders(settings, group.Sum(content => content.Copies));
            // Rounding could leave a small class without training images, and the model would never see it.
            train = Math.Max(1, train);
            var position = 0;
            foreach (var content in group.OrderBy(content => Hash(content.Sha256)).ThenBy(content => content.Sha256, StringComparer.Ordinal))
            {
                splits[content.Sha256] = At(position, train, val);
                position += content.Copies;
            }
        }
        return [.. images.Select(image => splits[image.Sha256])];
    }

    /// <summary>
    /// The given split of each image, and the ratios for the others. Copies of a file stay in one split here too: of several given ones the one that is
    /// most held out, test before val before train, so that nothing is tested with what was trained on.
    /// </summary>
    /// <param name="images">The images.</param>
    /// <param name="given">The split that each was given to; null for none.</param>
    /// <param name="settings">For images of which no copy was given to a split.</param>
    public static Split[] Assign(IReadOnlyList<SplitImage> images, IReadOnlyList<Split?> given, SplitSettings settings)
    {
        var decided = new Dictionary<string, Split>(StringComparer.Ordinal);
        foreach (var (image, split) in images.Zip(given))
            if (split is { } one)
                decided[image.Sha256] = decided.TryGetValue(image.Sha256, out var other) && other > one ? other : one;
        var others = images.Index().Where(image => !decided.ContainsKey(image.Item.Sha256)).ToList();
        var byRatio = Assign([.. others.Select(image => image.Item)], settings);
        var splits = new Split[images.Count];
        for (var i = 0; i < images.Count; i++)
            splits[i] = decided.GetValueOrDefault(images[i].Sha256);
        foreach (var (other, split) in others.Zip(byRatio))
            splits[other.Index] = split;
        return splits;
    }

    private static Split At(int position, int train, int val) => position < train ? Split.Train : position < val ? Split.Val : Split.Test;

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

    private static ulong Hash(string sha256) => ulong.Parse(sha256.AsSpan(0, HashDigits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
