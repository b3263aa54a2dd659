namespace VisionPlatform.Domain.Datasets;

/// <summary>Keys that upload URLs may write to. Nothing else in the datasets bucket can be written by a URL.</summary>
public static class StagingKeys
{
    /// <summary>One prefix for the whole bucket, so that a sweep lists only what is under way, and a policy of the store can name it.</summary>
    public const string Prefix = "incoming/";

    public static string Of(Guid uploadId) => Prefix + uploadId;

    /// <summary>The upload that may write to a key; null for a key of another kind.</summary>
    public static Guid? UploadOf(string key) => Has(key) && Guid.TryParse(key.AsSpan(Prefix.Length), out var id) ? id : null;

    /// <summary>Whether a key is one of these. An upload that an earlier release announced has the key that its image would have got.</summary>
    public static bool Has(string key) => key.StartsWith(Prefix, StringComparison.Ordinal);
}
