namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>
/// One object in an image, checked by <see cref="AnnotationRules"/>. Coordinates are pixels of the upright image from its top left corner, to the right
/// and down, inside the image, with at most two decimals.
/// </summary>
/// <param name="Class">A name of the dataset's classes.</param>
/// <param name="Box">x, y, width, height; encloses the rest.</param>
/// <param name="Polygons">Outer rings <c>x1, y1, x2, y2, …</c> of at least three points, whose union is the mask. Oriented detection: one ring of four points.</param>
/// <param name="Rle">The mask as runs; never together with polygons.</param>
/// <param name="Keypoints">x, y, visibility (0 not labelled, 1 hidden, 2 visible) of each keypoint of the dataset.</param>
/// <param name="Crowd">Whether it is a group of objects: not trained on, and ignored when measured.</param>
public sealed record Annotation(
    string Class, double[] Box, IReadOnlyList<double[]>? Polygons = null, RleText? Rle = null, IReadOnlyList<double[]>? Keypoints = null, bool Crowd = false);

/// <summary>A mask as COCO writes it: runs of columns in a text.</summary>
/// <param name="Size">Height and width of the image in pixels.</param>
/// <param name="Counts">The compressed runs, see <see cref="RunLengthMask"/>.</param>
public sealed record RleText(int[] Size, string Counts);

/// <summary>An annotation as somebody gives it: nothing about it is checked.</summary>
public sealed record AnnotationDraft
{
    public string? Class { get; init; }
    public IReadOnlyList<double>? Box { get; init; }
    public IReadOnlyList<IReadOnlyList<double>>? Polygons { get; init; }

    /// <summary>Height, width and compressed runs.</summary>
    public RleText? Rle { get; init; }

    /// <summary>The mask as runs that are not compressed, instead of <see cref="Rle"/>.</summary>
    public RunLengthMask? Mask { get; init; }
    public IReadOnlyList<IReadOnlyList<double>>? Keypoints { get; init; }
    public bool Crowd { get; init; }
}

/// <summary>What can be wrong with an entry of an annotation file, or with an annotation.</summary>
public enum AnnotationFault
{
    /// <summary>The entry is not of the form that the format says.</summary>
    Malformed,

    /// <summary>The dataset has no image with this path.</summary>
    ImageNotFound,

    /// <summary>The file lists the same image again.</summary>
    ImageRepeated,

    /// <summary>The file says another width or height than the image has.</summary>
    ImageSizeDiffers,

    /// <summary>The annotation belongs to an image that the file does not list.</summary>
    ImageNotListed,

    /// <summary>The annotation belongs to an image that was refused.</summary>
    ImageRefused,

    /// <summary>The dataset has no class of this name.</summary>
    UnknownClass,

    /// <summary>There is no box, or its numbers are no box.</summary>
    InvalidBox,

    /// <summary>A polygon has too few points, no area, or numbers that are none.</summary>
    InvalidPolygon,

    /// <summary>The runs are damaged, empty, or of another size than the image.</summary>
    InvalidMask,

    /// <summary>The keypoints are not those of the dataset.</summary>
    InvalidKeypoints,

    /// <summary>The task needs a polygon, mask or list of keypoints that is not there.</summary>
    MissingShape,

    /// <summary>It has a member that does not apply to the task.</summary>
    DoesNotApply,

    /// <summary>It lies outside the image.</summary>
    OutsideImage,

    /// <summary>The image has too many annotations.</summary>
    TooMany,
}

/// <summary>What is wrong with an annotation.</summary>
/// <param name="Field">Member of the annotation, for example <c>box</c> or <c>polygons[1]</c>.</param>
/// <param name="Message">A sentence for people.</param>
public sealed record AnnotationProblem(AnnotationFault Fault, string Field, string Message);
