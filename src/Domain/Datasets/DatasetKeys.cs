namespace VisionPlatform.Domain.Datasets;

/// <summary>Where a dataset's objects lie in the datasets bucket.</summary>
public static class DatasetKeys
{
    /// <summary>What the keys of all objects of a dataset begin with.</summary>
    public static string All(Guid datasetId) => $"datasets/{datasetId}/";

    /// <summary>What the keys of all images of a dataset begin with.</summary>
    public static string Images(Guid datasetId) => $"{All(datasetId)}images/";

    /// <summary>
    /// The key of an image. It contains the hash of the bytes, so whoever writes to it again writes the same bytes, and two completions of one
    /// upload that read different bytes cannot overwrite each other.
    /// </summary>
    public static string Image(Guid datasetId, Guid imageId, string sha256) => $"{Images(datasetId)}{imageId}/{sha256}";

    /// <summary>The key of the thumbnail that belongs to an image's key.</summary>
    public static string Thumbnail(Guid datasetId, string imageKey) => $"{All(datasetId)}thumbnails/{imageKey[Images(datasetId).Length..]}.jpg";

    /// <summary>The manifest of a version, JSON lines, gzip.</summary>
    public static string VersionManifest(Guid datasetId, int version) => $"{All(datasetId)}versions/{version}/manifest.jsonl.gz";

    /// <summary>The full copy of a version's annotations.</summary>
    public static string VersionAnnotations(Guid datasetId, int version) => $"{All(datasetId)}versions/{version}/annotations.json";
}
