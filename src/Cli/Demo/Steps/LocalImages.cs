namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>An image on this machine: path relative to the folder with '/', file, bytes, content type by extension.</summary>
internal sealed record LocalImage(string Path, string File, long Size, string ContentType)
{
    private static readonly Dictionary<string, string> _contentTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        [".png"] = "image/png",
        [".jpg"] = "image/jpeg",
        [".jpeg"] = "image/jpeg",
        [".webp"] = "image/webp",
        [".bmp"] = "image/bmp",
        [".gif"] = "image/gif",
        [".tif"] = "image/tiff",
        [".tiff"] = "image/tiff",
    };

    /// <summary>All images in the class folders of <paramref name="folder"/>, by path.</summary>
    /// <exception cref="CommandException">The folder is missing or has no images in sub-folders.</exception>
    public static IReadOnlyList<LocalImage> In(DirectoryInfo folder)
    {
        if (!folder.Exists)
            throw CommandException.Usage($"--images '{folder.FullName}' does not exist.");
        var images = folder.EnumerateDirectories()
            .SelectMany(classFolder => classFolder.EnumerateFiles("*", SearchOption.AllDirectories))
            .Where(file => _contentTypes.ContainsKey(file.Extension))
            .Select(file => new LocalImage(
                System.IO.Path.GetRelativePath(folder.FullName, file.FullName).Replace(System.IO.Path.DirectorySeparatorChar, '/'),
                file.FullName, file.Length, _contentTypes[file.Extension]))
            .OrderBy(image => image.Path, StringComparer.Ordinal)
            .ToList();
        return images.Count > 0
            ? images
            : throw CommandException.Usage($"--images '{folder.FullName}' has no images in class folders (CLASS/name.png).");
    }
}
