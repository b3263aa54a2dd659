using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>The keypoints that each object of a dataset has.</summary>
/// <param name="Names">Names in the order in which annotations list them.</param>
/// <param name="Skeleton">Pairs of positions in the names that are drawn as lines.</param>
/// <param name="Flip">For each keypoint, the position of the one that it becomes when the image is mirrored left to right.</param>
public sealed record KeypointList(IReadOnlyList<string> Names, IReadOnlyList<int[]> Skeleton, IReadOnlyList<int> Flip)
{
    public const int Most = 200;

    /// <summary>A list whose flip is found from the names: <c>left</c> and <c>right</c> change places.</summary>
    /// <param name="names">The names.</param>
    /// <param name="skeleton">Pairs of positions; null for none.</param>
    /// <param name="flip">The flip, if it is given.</param>
    public static KeypointList Of(IReadOnlyList<string> names, IReadOnlyList<int[]>? skeleton, IReadOnlyList<int>? flip) =>
        new([.. names.Select(CaseFold.Composed)], skeleton ?? [], flip ?? [.. names.Select((name, i) => MirrorOf(names, name) is var other and >= 0 ? other : i)]);

    /// <summary>What is wrong with the list, and with which member; null when it is right.</summary>
    public (string Field, string Message)? Problem()
    {
        if (Names.Count is 0 or > Most)
            return ("names", $"Name 1 to {Most} keypoints.");
        for (var i = 0; i < Names.Count; i++)
        {
            if (ClassName.Problem(Names[i]) is not null)
                return ($"names[{i}]", "A keypoint's name has 1 to 200 visible characters and no slash.");
            if (Names.Take(i).Any(name => CaseFold.AreEqual(name, Names[i])))
                return ($"names[{i}]", $"'{Names[i]}' is named twice.");
        }
        for (var i = 0; i < Skeleton.Count; i++)
            if (Skeleton[i] is not { Length: 2 } pair || pair.Any(at => at < 0 || at >= Names.Count) || pair[0] == pair[1])
                return ($"skeleton[{i}]", $"Give two different positions from 0 to {Names.Count - 1}.");
        if (Flip.Count != Names.Count)
            return ("flip", $"Give a position for each of the {Names.Count} keypoints.");
        for (var i = 0; i < Flip.Count; i++)
            if (Flip[i] < 0 || Flip[i] >= Names.Count || Flip[Flip[i]] != i)
                return ($"flip[{i}]", "Mirroring twice must lead back to the same keypoint.");
        return null;
    }

    private static int MirrorOf(IReadOnlyList<string> names, string name)
    {
        var mirrored = name.Contains("left", StringComparison.OrdinalIgnoreCase)
            ? name.Replace("left", "right", StringComparison.OrdinalIgnoreCase)
            : name.Replace("right", "left", StringComparison.OrdinalIgnoreCase);
        for (var i = 0; i < names.Count; i++)
            if (string.Equals(names[i], mirrored, StringComparison.OrdinalIgnoreCase))
                return i;
        return -1;
    }
}
