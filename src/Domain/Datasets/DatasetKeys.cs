namespace VisionPlatform.Domain.Datasets;

/// <summary>Where a dataset's objects lie in the datasets bucket.</summary>
public static class DatasetKeys
{
    /// <summary>The key of an image that is the first under its path.</summary>
    public static string Image(Guid datasetId, string path) => $"datasets/{datasetId}/images/{path}";

    /// <summary>
    /// A fresh key for a path whose plain key is taken by bytes a version still pins: objects are written once, so new bytes go elsewhere.
    /// </summary>
    public static string FreshImage(Guid datasetId, string path, Guid uploadId) => $"{Image(datasetId, path)}~{uploadId:n}";

    /// <summary>The key of the thumbnail that belongs to an image's key.</summary>
    public static string Thumbnail(Guid datasetId, string imageKey) =>
        $"datasets/{datasetId}/thumbnails/{imageKey[$"datasets/{datasetId}/images/".Length..]}.jpg";

    /// <summary>The manifest of a version, JSON lines, gzip.</summary>
    public static string VersionManifest(Guid datasetId, int version) => $"datasets/{datasetId}/versions/{version}/manifest.jsonl.gz";

    /// <summary>The full copy of a version's annotations.</summary>
    public static string VersionAnnotations(Guid datasetId, int version) => $"datasets/{datasetId}/versions/{version}/annotations.json";
}
