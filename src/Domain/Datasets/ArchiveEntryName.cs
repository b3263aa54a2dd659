using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;

namespace VisionPlatform.Domain.Datasets;

/// <summary>What the name of an archive's entry says about it.</summary>
/// <param name="Path">Path in the dataset; null when the entry has none.</param>
/// <param name="Class">Class of the image; null for none.</param>
/// <param name="Split">Split that the image was given to; null for none.</param>
/// <param name="Outcome">What becomes of the entry; null when its content decides.</param>
/// <param name="Error">Why it is skipped or refused.</param>
/// <param name="Detail">The same as a sentence.</param>
public sealed record NamedEntry(string? Path, string? Class, Split? Split, EntryOutcome? Outcome, ErrorCode? Error, string? Detail);

/// <summary>Rules for the names of entries: which are images, where they go, and which are never unpacked.</summary>
public static class ArchiveEntryName
{
    private static readonly HashSet<string> Archives = new(
        [".zip", ".tar", ".gz", ".tgz", ".zst", ".bz2", ".xz", ".7z", ".rar", ".jar"], StringComparer.OrdinalIgnoreCase);
    private static readonly HashSet<string> Images = new(
        [".jpg", ".jpeg", ".jpe", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"], StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether a file is called like an image, so that somebody expects it to be one.</summary>
    public static bool IsCalledImage(string name) => Images.Contains(System.IO.Path.GetExtension(name));

    /// <summary>Reads a name as it is in the archive. Folders are not entries: leave them out before.</summary>
    /// <param name="name">With forward slashes; <c>./</c> at the beginning is ignored, because <c>tar .</c> writes it.</param>
    /// <param name="layout">What the folders mean.</param>
    /// <param name="folder">Only what is in this folder is taken; empty for everything.</param>
    public static NamedEntry Read(string name, ImageLayout layout, string folder)
    {
        while (name.StartsWith("./", StringComparison.Ordinal))
            name = name[2..];
        if (IsOfSystem(name))
            return Skipped(ErrorCodes.NotAnImage, "A file of the operating system, not of the dataset.");
        var path = CaseFold.Composed(name);
        if (ImagePath.Problem(path) is { } problem)
            return Refused(ErrorCodes.InvalidPath, problem);
        if (folder.Length > 0)
        {
            if (!CaseFold.Of(path).StartsWith(CaseFold.Of(folder) + "/", StringComparison.Ordinal))
                return Skipped(ErrorCodes.InvalidPath, $"Not in the folder '{folder}'.");
            path = string.Join('/', path.Split('/')[folder.Split('/').Length..]);
        }
        if (Archives.Contains(System.IO.Path.GetExtension(path)))
            return Refused(ErrorCodes.ArchiveEntryUnsupported, "An archive within the archive is not unpacked.");
        var place = layout.Place(path);
        // A README or a list of classes beside the folders is no mistake.
        if (place.Problem is not null && !IsCalledImage(path))
            return Skipped(ErrorCodes.NotAnImage, "Not an image.");
        if (place.Problem is not null)
            return Refused(ErrorCodes.InvalidPath, place.Problem);
        return place.Class is { } given && ClassName.Problem(given) is { } unfit
            ? Refused(ErrorCodes.InvalidPath, unfit)
            : new NamedEntry(path, place.Class, place.Split, null, null, null);
    }

    private static bool IsOfSystem(string name)
    {
        var file = name[(name.LastIndexOf('/') + 1)..];
        return name.StartsWith("__MACOSX/", StringComparison.Ordinal) || file.StartsWith("._", StringComparison.Ordinal)
            || file is ".DS_Store" or "Thumbs.db" or "desktop.ini";
    }

    private static NamedEntry Refused(ErrorCode error, string detail) => new(null, null, null, EntryOutcome.Refused, error, detail);

    private static NamedEntry Skipped(ErrorCode error, string detail) => new(null, null, null, EntryOutcome.Skipped, error, detail);
}
