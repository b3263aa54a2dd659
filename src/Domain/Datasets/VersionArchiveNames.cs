using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>Names of a version's images in the archive that people download: <c>split/class/name</c>, as ImageFolder loaders expect.</summary>
public static class VersionArchiveNames
{
    /// <summary>The name of each image, in the given order. No two are equal by <see cref="CaseFold"/>.</summary>
    /// <param name="images">Images in <see cref="Manifest.PathOrder"/>, so that the names of a version are always the same.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<DatasetVersionImage> images)
    {
        var taken = new HashSet<string>(CaseFold.Comparer);
        var names = new string[images.Count];
        for (var i = 0; i < names.Length; i++)
        {
            var folder = images[i].Split.ToString().ToLowerInvariant() + (images[i].Class is { } name ? $"/{name}/" : "/");
            names[i] = folder + Rest(images[i]);
            // Without its folders it is called like another image.
            for (var number = 0; !taken.Add(names[i]); number++)
                names[i] = folder + (number == 0 ? "" : $"{number}/") + images[i].Path;
        }
        return names;
    }

    /// <summary>The path without the folders of split and class that it begins with.</summary>
    private static string Rest(DatasetVersionImage image)
    {
        var rest = image.Path;
        if (ImageLayout.SplitsAndClasses.Place(rest).Split is not null)
            rest = rest[(rest.IndexOf('/') + 1)..];
        return rest.IndexOf('/') is > 0 and var slash && image.Class is { } name && CaseFold.AreEqual(rest[..slash], name) ? rest[(slash + 1)..] : rest;
    }
}
