using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>What the folders of an upload mean.</summary>
public enum ImageLayout
{
    /// <summary>Nothing: the images have no class.</summary>
    Flat,

    /// <summary>The first folder is the class, or the second when the first is only the name of a split (<see cref="ImagePath.ClassOf"/>). Splits are not given.</summary>
    FoldersAreClasses,

    /// <summary>The first folder is the split, the second the class: <c>train/cat/1.png</c>.</summary>
    SplitsAndClasses,
}

/// <summary>What a path says under a layout.</summary>
/// <param name="Class">Class of the image; null for none.</param>
/// <param name="Split">Split that the image was given to; null for none.</param>
/// <param name="Problem">Why the path does not fit the layout; null when it does.</param>
public readonly record struct PlacedImage(string? Class, Split? Split, string? Problem);

/// <summary>Reads class and split from the folders of a path.</summary>
public static class ImageLayouts
{
    public static PlacedImage Place(this ImageLayout layout, string path) => layout switch
    {
        ImageLayout.Flat => default,
        ImageLayout.FoldersAreClasses => new PlacedImage(ImagePath.ClassOf(path), null, null),
        _ => path.Split('/') switch
        {
            [var first, var name, _, ..] when SplitOf(first) is { } split => new PlacedImage(name, split, null),
            [var first, _] when SplitOf(first) is { } split => new PlacedImage(null, split, null),
            _ => new PlacedImage(null, null, $"'{path}' is not in a folder named train, val, valid, validation or test."),
        },
    };

    /// <summary>The split that a folder is named after; null when it is another folder.</summary>
    public static Split? SplitOf(string folder) => CaseFold.Of(folder) switch
    {
        "train" => Split.Train,
        "val" or "valid" or "validation" => Split.Val,
        "test" => Split.Test,
        _ => null,
    };
}
