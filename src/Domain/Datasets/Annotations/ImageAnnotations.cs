namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>
/// The annotations of one image. An image without a row was never annotated; one with an empty list has no objects, because somebody said so or a file
/// lists it without any.
/// </summary>
public sealed class ImageAnnotations
{
    public required Guid ImageId { get; init; }
    public required Guid DatasetId { get; init; }

    /// <summary>By <see cref="AnnotationText"/>.</summary>
    public required string Content { get; set; }

    /// <summary>Classes of the objects, each once, in ordinal order.</summary>
    public required string[] ClassNames { get; set; }

    /// <summary>Number of objects of each of these classes.</summary>
    public required int[] ClassObjects { get; set; }
    public required Guid AnnotatedBy { get; set; }
    public DateTimeOffset AnnotatedAt { get; set; }

    /// <summary>Changes with every write; the database gives it.</summary>
    public uint Version { get; init; }

    /// <summary>Puts other annotations in the place of the present ones.</summary>
    public void Replace(IReadOnlyList<Annotation> annotations, Guid by, DateTimeOffset now)
    {
        var counts = AnnotationText.Count(annotations);
        Content = AnnotationText.Write(annotations);
        ClassNames = [.. counts.Keys.Order(StringComparer.Ordinal)];
        ClassObjects = [.. ClassNames.Select(name => counts[name])];
        (AnnotatedBy, AnnotatedAt) = (by, now);
    }
}

/// <summary>The annotations of one image as a version pins them.</summary>
public sealed class VersionAnnotations
{
    public required Guid VersionId { get; init; }
    public required string Path { get; init; }
    public required string Content { get; init; }
    public required string[] ClassNames { get; init; }
    public required int[] ClassObjects { get; init; }
}
