using VisionPlatform.Api.Datasets;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Api.Training;

/// <summary>An image of a prediction and what came of it.</summary>
/// <param name="Path">Path of the image within the dataset.</param>
/// <param name="Result">What the model answered.</param>
/// <param name="Picture">The image; null when its dataset was deleted.</param>
public sealed record PredictedImageAnswer(string Path, ImageResult Result, PredictedPicture? Picture);

/// <summary>What a model answered for an image, in short.</summary>
/// <param name="Outcome">Whether the answer agrees with the annotations.</param>
/// <param name="TrueClass">Class that the image has; null unless it is a classification.</param>
/// <param name="Class">Class of the answer; null unless it is a classification.</param>
/// <param name="Confidence">Confidence of that class or of the surest object, from 0 to 1; null where there is none.</param>
/// <param name="TrueObjects">Number of objects that the image has; null for a classification.</param>
/// <param name="FoundObjects">Number of objects that the model found; null for a classification.</param>
/// <param name="Missed">Number of objects that it missed, of classes in a semantic segmentation; null where that was not measured.</param>
/// <param name="Spurious">Number of objects that it found where there are none, of classes in a semantic segmentation; null where that was not measured.</param>
public sealed record ImageResult(ImageOutcome Outcome, string? TrueClass, string? Class, double? Confidence, int? TrueObjects, int? FoundObjects, int? Missed, int? Spurious)
{
    public static ImageResult Of(PredictedImage image) =>
        new(image.Outcome, image.TrueClass, image.Class, image.Confidence, image.TrueObjects, image.FoundObjects, image.Missed, image.Spurious);
}

/// <summary>An image of a dataset version to look at.</summary>
/// <param name="Width">Width in pixels of the upright image.</param>
/// <param name="Height">Height in pixels of the upright image.</param>
/// <param name="Size">Size of the file in bytes.</param>
/// <param name="Split">Split that the image belongs to.</param>
/// <param name="Url">Presigned address of the file; it works for an hour by default.</param>
/// <param name="ThumbnailUrl">Presigned address of a small JPEG; null when the dataset has the image no longer, or no small one yet.</param>
public sealed record PredictedPicture(int Width, int Height, long Size, Split Split, string Url, string? ThumbnailUrl);

/// <summary>An image of a prediction with everything that it has and that was answered.</summary>
/// <param name="Path">Path of the image within the dataset.</param>
/// <param name="Result">The answer in short.</param>
/// <param name="Picture">The image; null when its dataset was deleted.</param>
/// <param name="Truth">Objects that the dataset version has in the image; empty for a classification.</param>
/// <param name="Answer">What the model answered.</param>
public sealed record PredictedImageDetail(string Path, ImageResult Result, PredictedPicture? Picture, IReadOnlyList<AnnotationAnswer> Truth, PredictedAnswer Answer);

/// <summary>Two predictions of one dataset version, compared image by image.</summary>
/// <param name="First">Id of the first prediction.</param>
/// <param name="Second">Id of the second prediction.</param>
/// <param name="Counts">Number of images by which of the two is right.</param>
public sealed record PredictionComparisonAnswer(Guid First, Guid Second, AgreementCounts Counts);

/// <summary>An image that two predictions have.</summary>
/// <param name="Path">Path of the image within the dataset.</param>
/// <param name="First">What the first model answered.</param>
/// <param name="Second">What the second model answered.</param>
/// <param name="Picture">The image; null when its dataset was deleted.</param>
public sealed record ComparedImageAnswer(string Path, ImageResult First, ImageResult Second, PredictedPicture? Picture);
