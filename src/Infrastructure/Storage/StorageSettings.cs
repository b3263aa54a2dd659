using Microsoft.Extensions.Configuration;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Where one bucket lives and who may use it. Works alike for R2, S3, MinIO and Ceph.</summary>
/// <param name="Endpoint">Service URL without the bucket, e.g. <c>https://ACCOUNT.r2.cloudflarestorage.com</c>.</param>
/// <param name="AccessKey">Access key id.</param>
/// <param name="SecretKey">Secret access key; never logged.</param>
/// <param name="Region">Region of the request signature; <c>auto</c> for R2.</param>
/// <param name="Bucket">Bucket name.</param>
public sealed record BucketSettings(Uri Endpoint, string AccessKey, string SecretKey, string Region, string Bucket)
{
    /// <summary>Whether requests travel over TLS, which decides how payloads are signed.</summary>
    public bool IsTls => Endpoint.Scheme == Uri.UriSchemeHttps;

    /// <summary>The settings without the secret.</summary>
    public override string ToString() => $"{Endpoint}{Bucket} as {AccessKey}";
}

/// <summary>The two stores: external holds what users bring (datasets), internal what the platform makes (checkpoints, models, exports, logs).</summary>
public sealed record StorageSettings(BucketSettings External, BucketSettings Internal)
{
    /// <summary>
    /// Reads <c>EXTERNAL_STORAGE_*</c>, <c>INTERNAL_STORAGE_*</c> (each defaults to the external one), <c>EXTERNAL_BUCKET_DATASETS</c>
    /// and <c>INTERNAL_BUCKET_CHECKPOINTS</c>.
    /// </summary>
    /// <exception cref="InvalidOperationException">A needed setting is absent or no URL; the message names it.</exception>
    public static StorageSettings From(IConfiguration configuration)
    {
        string Setting(string side, string name, string? fallback = null) =>
            Value($"{side}_STORAGE_{name}")
            ?? (side == "INTERNAL" ? Value($"EXTERNAL_STORAGE_{name}") : null)
            ?? fallback
            ?? throw new InvalidOperationException($"The setting EXTERNAL_STORAGE_{name} is missing.");

        BucketSettings Bucket(string side, string bucketSetting, string defaultBucket) => new(
            Endpoint(side, Setting(side, "ENDPOINT")),
            Setting(side, "ACCESS_KEY"),
            Setting(side, "SECRET_KEY"),
            Setting(side, "REGION", "auto"),
            Value(bucketSetting) ?? defaultBucket);

        string? Value(string name) => configuration[name] is { Length: > 0 } value ? value : null;

        return new StorageSettings(
            Bucket("EXTERNAL", "EXTERNAL_BUCKET_DATASETS", "vision-platform-datasets"),
            Bucket("INTERNAL", "INTERNAL_BUCKET_CHECKPOINTS", "vision-platform-internal"));
    }

    private static Uri Endpoint(string side, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps)
            ? uri
            : throw new InvalidOperationException($"The setting {side}_STORAGE_ENDPOINT is not an http or https URL.");
}
