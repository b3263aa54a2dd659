namespace VisionPlatform.Domain.Datasets.Annotations;

/// <summary>The part of Ultralytics' <c>data.yaml</c> that labels need.</summary>
/// <param name="Names">Classes by their number.</param>
/// <param name="Keypoints">Keypoints of an object; null when the file does not say.</param>
/// <param name="KeypointValues">Numbers of a keypoint: 2, or 3 with its visibility.</param>
public sealed record YoloDescription(IReadOnlyDictionary<int, string> Names, int? Keypoints, int KeypointValues);
