using System.Text.Json.Serialization;

namespace VisionPlatform.Domain.Datasets;

/// <summary>What is wrong with the division of a dataset version without making it unusable.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SplitWarningKind>))]
public enum SplitWarningKind
{
    /// <summary>A class has no image to train on: a model cannot learn it.</summary>
    ClassNotInTrain,

    /// <summary>A class has no image to validate on: the metrics say nothing about it.</summary>
    ClassNotInVal,

    /// <summary>The same file has several paths. Its copies are in one split, but they count more than other images.</summary>
    RepeatedImages,

    /// <summary>The same file has two classes: one of the labels is wrong.</summary>
    ContradictingClasses,

    /// <summary>Copies of a file were given to several splits. All of them are in the one that is most held out.</summary>
    CopiesInSeveralSplits,
}

/// <summary>A warning about the images of a version and their division.</summary>
/// <param name="Kind">What is wrong.</param>
/// <param name="Message">One sentence with the counts.</param>
/// <param name="Class">Class that it concerns; null when it concerns several.</param>
/// <param name="Images">Images of that class in each split; of all images concerned when it concerns several classes.</param>
public sealed record SplitWarning(SplitWarningKind Kind, string Message, string? Class, SplitCounts Images);

/// <summary>Finds what people should know before they train on a division of images.</summary>
public static class SplitWarnings
{
    /// <summary>At most this many warnings of one kind; the message of the last one counts the others.</summary>
    public const int MostOfAKind = 20;

    /// <summary>The warnings, those about classes first, classes in ordinal order.</summary>
    /// <param name="images">The images.</param>
    /// <param name="splits">The split of each image.</param>
    /// <param name="settings">The division that was wanted. A split with the ratio 0 is empty on purpose.</param>
    /// <param name="classes">Images in each split that have an object of the class, for images with annotations; null to count by the class of each image.</param>
    public static IReadOnlyList<SplitWarning> Of(
        IReadOnlyList<SplitImage> images, IReadOnlyList<Split> splits, SplitSettings settings, IReadOnlyDictionary<string, SplitCounts>? classes = null)
    {
        var all = Enumerable.Range(0, images.Count).Select(i => (images[i].Sha256, images[i].Class, Split: splits[i])).ToList();
        var counts = (classes?.Select(one => (Name: one.Key, Counts: one.Value))
            ?? all.Where(image => image.Class is not null).GroupBy(image => image.Class!, StringComparer.Ordinal)
                .Select(group => (Name: group.Key, Counts: Count(group.Select(image => image.Split))))).OrderBy(one => one.Name, StringComparer.Ordinal).ToList();
        var warnings = new List<SplitWarning>();
        warnings.AddRange(Few(counts.Where(one => one.Counts.Train == 0), SplitWarningKind.ClassNotInTrain, "has no image to train on"));
        if (settings.Ratios[1] > 0)
            warnings.AddRange(Few(counts.Where(one => one.Counts.Val == 0), SplitWarningKind.ClassNotInVal, "has no image to validate on"));
        return [.. warnings, .. OfCopies(all)];
    }

    private static List<SplitWarning> OfCopies(List<(string Sha256, string? Class, Split Split)> all)
    {
        var warnings = new List<SplitWarning>();
        var seen = new HashSet<string>(all.Count, StringComparer.Ordinal);
        var repeated = all.Where(image => !seen.Add(image.Sha256)).Select(image => image.Sha256).ToHashSet(StringComparer.Ordinal);
        var copies = all.Where(image => repeated.Contains(image.Sha256)).GroupBy(image => image.Sha256, StringComparer.Ordinal).ToList();
        if (copies.Count > 0)
        {
            var counts = Count(copies.SelectMany(group => group.Select(image => image.Split)));
            warnings.Add(new SplitWarning(SplitWarningKind.RepeatedImages, $"{Total(counts)} images are copies of {copies.Count} {(copies.Count == 1 ? "file" : "files")}.", null, counts));
        }
        var contradictions = copies.Where(group => group.DistinctBy(image => image.Class).Skip(1).Any()).ToList();
        if (contradictions.Count > 0)
        {
            var counts = Count(contradictions.SelectMany(group => group.Select(image => image.Split)));
            warnings.Add(new SplitWarning(SplitWarningKind.ContradictingClasses, $"{contradictions.Count} {(contradictions.Count == 1 ? "file has" : "files have")} copies with different classes.", null, counts));
        }
        return warnings;
    }

    /// <summary>The warning about copies that were given to several splits; null when there are none.</summary>
    /// <param name="images">The images.</param>
    /// <param name="given">The split that each was given to; null for none.</param>
    /// <param name="splits">The split of each image.</param>
    public static SplitWarning? OfMoved(IReadOnlyList<SplitImage> images, IReadOnlyList<Split?> given, IReadOnlyList<Split> splits)
    {
        // A file was given to several splits when one of its copies is not where it was given to.
        var files = images.Index().Where(image => given[image.Index] is { } split && split != splits[image.Index])
            .CountBy(image => image.Item.Sha256, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        if (files.Count == 0)
            return null;
        var moved = files.Values.Sum();
        return new SplitWarning(
            SplitWarningKind.CopiesInSeveralSplits,
            $"{files.Count} {(files.Count == 1 ? "file was" : "files were")} given to several splits; {moved} {(moved == 1 ? "copy was" : "copies were")} moved so that no file is both trained on and tested with.",
            null, Count(images.Index().Where(image => files.ContainsKey(image.Item.Sha256)).Select(image => splits[image.Index])));
    }

    private static IEnumerable<SplitWarning> Few(IEnumerable<(string Name, SplitCounts Counts)> classes, SplitWarningKind kind, string what)
    {
        var found = classes.ToList();
        return found.Take(MostOfAKind).Select((one, i) => new SplitWarning(
            kind,
            $"The class '{one.Name}' {what}: {one.Counts.Train} train, {one.Counts.Val} val, {one.Counts.Test} test."
                + (i == MostOfAKind - 1 && found.Count > MostOfAKind ? $" The same is true of {found.Count - MostOfAKind} more classes." : ""),
            one.Name, one.Counts));
    }

    private static SplitCounts Count(IEnumerable<Split> splits)
    {
        var counts = splits.CountBy(split => split).ToDictionary();
        return new SplitCounts(counts.GetValueOrDefault(Split.Train), counts.GetValueOrDefault(Split.Val), counts.GetValueOrDefault(Split.Test));
    }

    private static int Total(SplitCounts counts) => counts.Train + counts.Val + counts.Test;
}
