using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;

namespace VisionPlatform.Application.Datasets.Annotations;

/// <summary>An image that a file lists.</summary>
/// <param name="FileId">Its id, as text; its place when it has none.</param>
/// <param name="Name">Its file name; empty when it has none.</param>
/// <param name="Width">Null when the file does not say.</param>
/// <param name="Height">Null when the file does not say.</param>
public sealed record FileImage(string FileId, string Name, int? Width, int? Height)
{
    /// <summary>Paths under which the dataset may have it, the most likely first; null when it is only the name.</summary>
    public IReadOnlyList<string>? Paths { get; init; }

    /// <summary>Split that its folder is named after; null for none.</summary>
    public Split? Split { get; init; }
}

/// <summary>An annotation of a file.</summary>
/// <param name="ImageFileId">Id of its image in the file.</param>
/// <param name="IsBackground">Whether it only says that there is nothing.</param>
/// <param name="Keypoints">Names of the keypoints of its category; null when the file does not say.</param>
/// <param name="Problem">What is wrong with its form; null when it can be checked.</param>
public sealed record FileAnnotation(string ImageFileId, AnnotationDraft Draft, bool IsBackground, IReadOnlyList<string>? Keypoints, AnnotationProblem? Problem)
{
    /// <summary>Whether coordinates are parts of the image's width and height.</summary>
    public bool IsNormalized { get; init; }

    /// <summary>Where it stands, for people: file and line; null when its number says it.</summary>
    public string? Place { get; init; }
}

/// <summary>A category of a file.</summary>
public sealed record FileCategory(string Name, IReadOnlyList<string>? Keypoints);

/// <summary>What an annotation file of any format says.</summary>
public interface IAnnotationSource
{
    /// <summary>Known when <see cref="ReadImagesAsync"/> has come to its end.</summary>
    AnnotationFormat Format { get; }

    /// <summary>Categories by their id as text, in the order of the file. Known when <see cref="ReadImagesAsync"/> has come to its end.</summary>
    IReadOnlyDictionary<string, FileCategory> Categories { get; }

    /// <summary>Bytes that the reading under way has read.</summary>
    long ReadBytes { get; }

    /// <summary>The images, and along with them the categories.</summary>
    /// <exception cref="InvalidDataException">The file is not of a known form.</exception>
    IAsyncEnumerable<FileImage> ReadImagesAsync(CancellationToken cancellation);

    /// <summary>The annotations. Read the images first.</summary>
    /// <exception cref="InvalidDataException">The file is not of a known form.</exception>
    IAsyncEnumerable<FileAnnotation> ReadAnnotationsAsync(CancellationToken cancellation);
}
