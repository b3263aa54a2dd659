namespace VisionPlatform.Images;

/// <summary>Why a file is refused.</summary>
/// <param name="defect">The kind of defect.</param>
/// <param name="predicate">Completes the sentence "The image …".</param>
public sealed class RefusedImageException(ImageDefect defect, string predicate) : Exception($"The image {predicate}.")
{
    public ImageDefect Defect { get; } = defect;

    internal static RefusedImageException NotAnImage(string predicate) => new(ImageDefect.NotAnImage, predicate);

    /// <summary>Type and size, of an image that is too large; null otherwise.</summary>
    public ImageFacts? Facts { get; private init; }

    internal static RefusedImageException TooLarge(string predicate, ImageFacts facts) => new(ImageDefect.TooLarge, predicate) { Facts = facts };

    internal static RefusedImageException Truncated(string predicate = "ends early or is damaged") => new(ImageDefect.Truncated, predicate);
}
