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

    /// <summary>The split of each image, in the order of the images, by the ratios alone.</summary>
    /// <param name="images">The images; those without a class are a group of their own when stratified.</param>
    /// <param name="settings">Ratios, and whether they hold within each class.</param>
    public static Split[] Assign(IReadOnlyList<SplitImage> images, SplitSettings settings) => Assign(images, new Split?[images.Count], settings);

    /// <summary>
    /// The given split of each image, and the ratios for the others. Copies of a file stay in one split here too: of several given ones the one that is
    /// most held out, test before val before train, so that nothing is tested with what was trained on. Copies that are labeled differently belong to the
    /// class that comes first.
    /// </summary>
    /// <param name="images">The images; those without a class are a group of their own when stratified.</param>
    /// <param name="given">The split that each was given to; null for none.</param>
    /// <param name="settings">For images of which no copy was given to a split.</param>
    public static Split[] Assign(IReadOnlyList<SplitImage> images, IReadOnlyList<Split?> given, SplitSettings settings)
    {
        // Copies of a file are neighbours in this order, and files are in the order of their hashes: hex of equal length sorts like the number.
        var order = Enumerable.Range(0, images.Count).ToArray();
        Array.Sort(order, (a, b) => string.CompareOrdinal(images[a].Sha256, images[b].Sha256));
        var splits = new Split[images.Count];
        var byClass = settings.Stratified ? Shares(images, given, order, settings) : null;
        var (train, val) = Borders(settings, Buckets);
        foreach (var file in Files(images, given, order))
        {
            var split = file.Given ?? byClass?[file.Class].Take(file.Copies) ?? At(Bucket(images[order[file.First]].Sha256), train, val);
            foreach (var image in order.AsSpan(file.First, file.Copies))
                splits[image] = split;
        }
        return splits;
    }

    /// <summary>The files among the images, each with its copies.</summary>
    /// <param name="images">The images.</param>
    /// <param name="given">The split that each was given to; null for none.</param>
    /// <param name="order">Indexes of the images by their content.</param>
    private static IEnumerable<File> Files(IReadOnlyList<SplitImage> images, IReadOnlyList<Split?> given, int[] order)
    {
        for (var (first, next) = (0, 0); first < order.Length; first = next)
        {
            var sha256 = images[order[first]].Sha256;
            var (name, split) = (images[order[first]].Class ?? "", given[order[first]]);
            for (next = first + 1; next < order.Length && images[order[next]].Sha256 == sha256; next++)
            {
                var copy = images[order[next]].Class ?? "";
                name = string.CompareOrdinal(copy, name) < 0 ? copy : name;
                split = split is { } one && !(given[order[next]] > one) ? one : given[order[next]];
            }
            yield return new File(first, next - first, name, split);
        }
    }

    /// <summary>The shares of each class among the images that the ratios decide.</summary>
    private static Dictionary<string, ClassShare> Shares(IReadOnlyList<SplitImage> images, IReadOnlyList<Split?> given, int[] order, SplitSettings settings)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var file in Files(images, given, order))
            if (file.Given is null)
                counts[file.Class] = counts.GetValueOrDefault(file.Class) + file.Copies;
        return counts.ToDictionary(one => one.Key, one => new ClassShare(Borders(settings, one.Value)), StringComparer.Ordinal);
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

    /// <summary>Images with the same content.</summary>
    /// <param name="First">Where they begin in the order by content.</param>
    /// <param name="Copies">How many there are.</param>
    /// <param name="Class">Their class, empty for none; of several the first by ordinal comparison.</param>
    /// <param name="Given">The split that they were given to; of several the one that is most held out.</param>
    private readonly record struct File(int First, int Copies, string Class, Split? Given);

    /// <summary>Hands out the images of one class to the splits in turn.</summary>
    private sealed class ClassShare((int Train, int Val) borders)
    {
        private int _position;

        /// <summary>The split of the next file.</summary>
        public Split Take(int copies)
        {
            // Rounding could leave a small class without training images, and the model would never see it.
            var split = At(_position, Math.Max(1, borders.Train), borders.Val);
            _position += copies;
            return split;
        }
    }
}
