using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Api.Datasets;

/// <summary>A mask as COCO's compressed runs.</summary>
/// <param name="Size">Height and width of the image in pixels.</param>
/// <param name="Counts">Lengths of the runs, column by column, as text.</param>
public sealed record NewMask([property: Required] int[]? Size, [property: Required] string? Counts);

/// <summary>A mask as COCO's compressed runs.</summary>
/// <param name="Size">Height and width of the image in pixels.</param>
/// <param name="Counts">Lengths of the runs, column by column, as text.</param>
public sealed record Mask(int[] Size, string Counts);

/// <summary>An object in an image. Coordinates are pixels of the upright image from its top left corner; a part outside the image is left out.</summary>
/// <param name="Class">Class of the dataset.</param>
/// <param name="Box">Left, top, width and height in pixels. Left out, it is the one around the mask or the keypoints; it is widened to enclose them.</param>
/// <param name="Polygons">Outline as rings <c>x1, y1, x2, y2, …</c> of at least three points. Segmentation needs them or <c>rle</c>; oriented detection needs one of four points.</param>
/// <param name="Rle">The mask as runs, instead of polygons.</param>
/// <param name="Keypoints">Left, top and visibility (0 not labelled, 1 hidden, 2 visible) of each keypoint of the dataset. Needed for keypoint detection.</param>
/// <param name="Crowd">Whether it is a group of objects, which is not trained on; false when left out.</param>
public sealed record NewAnnotation(
    [property: Required, Name(200)] string? Class, double[]? Box, IReadOnlyList<double[]>? Polygons, NewMask? Rle, IReadOnlyList<double[]>? Keypoints, bool? Crowd)
{
    public AnnotationDraft ToDraft() => new()
    {
        Class = Class, Box = Box, Polygons = Polygons, Rle = Rle is null ? null : new RleText(Rle.Size!, Rle.Counts!), Keypoints = Keypoints, Crowd = Crowd ?? false,
    };
}

/// <summary>The annotations of an image.</summary>
/// <param name="Annotations">All objects in the image, at most 10,000. An empty list says that it has none.</param>
public sealed record NewAnnotations([property: Required, MaxLength(10_000)] IReadOnlyList<NewAnnotation>? Annotations);

/// <summary>An object in an image. Members that do not apply to the task are absent.</summary>
/// <param name="Class">Class of the dataset.</param>
/// <param name="Box">Left, top, width and height in pixels; encloses the rest.</param>
/// <param name="Polygons">Outline as rings <c>x1, y1, x2, y2, …</c>.</param>
/// <param name="Rle">The mask as runs.</param>
/// <param name="Keypoints">Left, top and visibility of each keypoint of the dataset.</param>
/// <param name="Crowd">Present and true for a group of objects.</param>
public sealed record AnnotationAnswer(
    string Class, double[] Box,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double[]>? Polygons,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Mask? Rle,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<double[]>? Keypoints,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Crowd)
{
    public static AnnotationAnswer From(Annotation annotation) => new(
        annotation.Class, annotation.Box, annotation.Polygons, annotation.Rle is { } rle ? new Mask(rle.Size, rle.Counts) : null, annotation.Keypoints, annotation.Crowd ? true : null);
}

/// <summary>The annotations of an image.</summary>
/// <param name="ImageId">Id of the image.</param>
/// <param name="Path">Path of the image within the dataset.</param>
/// <param name="Width">Width in pixels of the upright image.</param>
/// <param name="Height">Height in pixels of the upright image.</param>
/// <param name="Annotated">Whether they were given. False: nobody has said what the image shows, also not that it shows nothing.</param>
/// <param name="Annotations">The objects in the image.</param>
/// <param name="AnnotatedBy">Id of the account that gave them last; null before.</param>
/// <param name="AnnotatedAt">When they were given last; null before.</param>
public sealed record ImageAnnotationsAnswer(
    Guid ImageId, string Path, int Width, int Height, bool Annotated, IReadOnlyList<AnnotationAnswer> Annotations, Guid? AnnotatedBy, DateTimeOffset? AnnotatedAt)
{
    public static ImageAnnotationsAnswer From(AnnotatedImage image) => new(
        image.Image.Id, image.Image.Path, image.Image.Width, image.Image.Height, image.Row is not null,
        image.Row is { } row ? [.. AnnotationText.Read(row.Content).Select(AnnotationAnswer.From)] : [], image.Row?.AnnotatedBy, image.Row?.AnnotatedAt);
}

/// <summary>An annotation file to upload.</summary>
/// <param name="Name">Name of the file, for people. Its format is found from the content: COCO or DICE, both JSON, or a ZIP with <c>data.yaml</c> and the labels of YOLO.</param>
/// <param name="Size">Size of the file in bytes.</param>
/// <param name="Mode">What becomes of annotations that an image of the file has already; <c>replace</c> when left out.</param>
/// <param name="AddClasses">Whether classes of the file that the dataset lacks are added to it; otherwise their annotations are refused. False when left out.</param>
/// <param name="Folder">Folder of the dataset in which the file names of the images begin, for example <c>train2017</c>; the dataset itself when left out.</param>
/// <param name="Splits">Whether folders of a YOLO file named train, val, valid, validation or test give their images this split. False when left out.</param>
public sealed record NewAnnotationImport([property: Required, Name(200)] string? Name, [property: Required] long? Size, AnnotationMode? Mode, bool? AddClasses, string? Folder, bool? Splits);

/// <summary>The import of an annotation file, and what became of its entries.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Mode">What becomes of annotations that an image of the file has already.</param>
/// <param name="AddClasses">Whether classes of the file are added to the dataset.</param>
/// <param name="Folder">Folder of the dataset in which the file names begin; empty for the dataset itself.</param>
/// <param name="Splits">Whether folders of a YOLO file give their images a split.</param>
/// <param name="State">How far it is.</param>
/// <param name="Format">Format of the file; null until it is read.</param>
/// <param name="Progress">From 0 to 1: the first half while the file is read, the second while annotations are written.</param>
/// <param name="Images">Images that the file lists; null until it is read.</param>
/// <param name="Annotations">Annotations in the file; null until it is read.</param>
/// <param name="ImagesDone">Images whose annotations were written, also those without objects.</param>
/// <param name="Taken">Annotations that were written.</param>
/// <param name="Clipped">Annotations of which a part outside the image was left out.</param>
/// <param name="RefusedImages">Images of the file that were refused.</param>
/// <param name="RefusedAnnotations">Annotations that were refused.</param>
/// <param name="ImagesLeft">Images that stay as they are, because every annotation of theirs was refused.</param>
/// <param name="Reasons">Why entries were refused, the most frequent reason first.</param>
/// <param name="Refused">The first 100 refused entries.</param>
/// <param name="AddedClasses">Classes that the file added to the dataset.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
/// <param name="ExpiresAt">Until when it can be completed.</param>
/// <param name="EndedAt">When it ended; null before.</param>
public sealed record AnnotationImportAnswer(
    Guid Id, Guid DatasetId, string Name, long Size, AnnotationMode Mode, bool AddClasses, string Folder, bool Splits, AnnotationImportState State, AnnotationFormat? Format, double Progress,
    long? Images, long? Annotations, long ImagesDone, long Taken, long Clipped, long RefusedImages, long RefusedAnnotations, long ImagesLeft,
    IReadOnlyList<RefusedCountAnswer> Reasons, IReadOnlyList<RefusedEntryAnswer> Refused, IReadOnlyList<string> AddedClasses, Failure? Error,
    DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, DateTimeOffset? EndedAt)
{
    public static AnnotationImportAnswer From(AnnotationImport import) => new(
        import.Id, import.DatasetId, import.Name, import.Size, import.Mode, import.AddClasses, import.Folder, import.TakesSplits, import.State, import.Format, ProgressOf(import),
        import.Images, import.Annotations, import.ImagesDone, import.Taken, import.Clipped, import.RefusedImages, import.RefusedAnnotations, import.ImagesLeft,
        [.. import.Reasons.Select(one => new RefusedCountAnswer(one.Reason, one.Count))],
        [.. import.Entries.Select(one => new RefusedEntryAnswer(one.Kind, one.Number, one.Image, one.Reason, one.Field, one.Detail))],
        import.AddedClasses, import.Error, import.CreatedAt, import.ExpiresAt, import.EndedAt);

    private static double ProgressOf(AnnotationImport import) => import switch
    {
        { State: AnnotationImportState.Completed } => 1,
        { Images: { } images } => Math.Round(0.5 + 0.5 * Math.Min(1, (import.ImagesDone + import.ImagesLeft) / Math.Max(1.0, images - import.RefusedImages)), 3),
        _ => Math.Round(0.5 * Math.Min(1, import.ReadBytes / (2.0 * import.Size)), 3),
    };
}

/// <summary>How many entries were refused for one reason.</summary>
/// <param name="Reason">What is wrong with them.</param>
/// <param name="Count">Number of entries.</param>
public sealed record RefusedCountAnswer(AnnotationFault Reason, long Count);

/// <summary>An entry of the file that was refused.</summary>
/// <param name="Kind">What was refused: <c>image</c> or <c>annotation</c>.</param>
/// <param name="Number">Its place among the images or annotations of the file, from 0.</param>
/// <param name="Image">File name of the image; null when it is not known.</param>
/// <param name="Reason">What is wrong.</param>
/// <param name="Field">The member that is wrong; null when it is the entry as a whole.</param>
/// <param name="Detail">What is wrong, in a sentence.</param>
public sealed record RefusedEntryAnswer(string Kind, long Number, string? Image, AnnotationFault Reason, string? Field, string Detail);

/// <summary>Where and how to upload the announced file.</summary>
/// <param name="Import">The import.</param>
/// <param name="Method">HTTP method of the upload: <c>PUT</c>.</param>
/// <param name="Url">Presigned address in object storage. It accepts one file of exactly the announced size, once.</param>
/// <param name="Headers">Headers that the upload must send exactly as given; they are part of the signature, and so is <c>Content-Length</c>, which every HTTP client sets itself.</param>
/// <param name="ExpiresAt">When the address stops working.</param>
public sealed record AnnouncedAnnotationsAnswer(AnnotationImportAnswer Import, string Method, string Url, IReadOnlyDictionary<string, string> Headers, DateTimeOffset ExpiresAt)
{
    public static AnnouncedAnnotationsAnswer From(AnnotationImportTicket ticket) =>
        new(AnnotationImportAnswer.From(ticket.Import), ticket.Request.Method, ticket.Request.Url, ticket.Request.Headers, ticket.Request.ExpiresAt);
}
