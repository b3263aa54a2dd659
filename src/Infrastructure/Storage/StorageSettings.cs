using Microsoft.Extensions.Configuration;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infrastructure.Storage;

/// <summary>Address, keys and name of one bucket on R2, S3, MinIO or Ceph.</summary>
/// <param name="Endpoint">Service URL without the bucket, e.g. <c>https://ACCOUNT.r2.cloudflarestorage.com</c>.</param>
/// <param name="AccessKey">Access key id.</param>
/// <param name="SecretKey">Secret access key; never logged.</param>
/// <param name="Region">Region of the request signature; <c>auto</c> for R2.</param>
/// <param name="Bucket">Bucket name.</param>
public sealed record BucketSettings(Uri Endpoint, string AccessKey, string SecretKey, string Region, string Bucket)
{
    /// <summary>Access key id of the identity that signs upload URLs; null when that is <see cref="AccessKey"/>.</summary>
    public string? UploadAccessKey { get; init; }

    /// <summary>Its secret access key; never logged.</summary>
    public string? UploadSecretKey { get; init; }

    /// <summary>The same bucket with the identity that signs upload URLs. It needs no right but to put objects.</summary>
    public BucketSettings ForUploads => UploadAccessKey is { } key && UploadSecretKey is { } secret ? this with { AccessKey = key, SecretKey = secret } : this;

    /// <summary>Whether requests use TLS. This decides how payloads are signed.</summary>
    public bool IsTls => Endpoint.Scheme == Uri.UriSchemeHttps;

    /// <summary>The settings without the secret.</summary>
    public override string ToString() => $"{Endpoint}{Bucket} as {AccessKey}";
}

/// <summary>The two stores: external holds what users upload (datasets), internal holds what the platform produces (checkpoints, models, exports, logs).</summary>
public sealed record StorageSettings(BucketSettings External, BucketSettings Internal)
{
    /// <summary>Bucket of the labeler's exports.</summary>
    public required string AnnotationsBucket { get; init; }

    /// <summary>Bucket of pretrained weights, in the internal store.</summary>
    public required string WeightsBucket { get; init; }

    /// <summary>Address and keys of that bucket.</summary>
    public BucketSettings Weights => Internal with { Bucket = WeightsBucket };

    /// <exception cref="SettingsException">Names every problem.</exception>
    public static StorageSettings From(IConfiguration configuration) => SettingsReader.Read(configuration, From);

    /// <summary>
    /// Reads <c>EXTERNAL_STORAGE_*</c>, <c>INTERNAL_STORAGE_*</c> (each defaults to the external one) and the buckets. <c>R2_*</c> are aliases of
    /// the external ones.
    /// </summary>
    public static StorageSettings From(SettingsReader settings)
    {
        const string endpointPurpose = "S3 endpoint without a bucket, `https://ACCOUNT_ID.r2.cloudflarestorage.com` for R2";
        var account = settings.Text("R2_ACCOUNT_ID", "makes the endpoint of Cloudflare R2 when no endpoint is set");
        var endpoint = account is null
            ? settings.Needed("EXTERNAL_STORAGE_ENDPOINT", endpointPurpose, example: "http://127.0.0.1:9000", type: "URL", aliases: "R2_ENDPOINT")
            : settings.Text("EXTERNAL_STORAGE_ENDPOINT", endpointPurpose, $"https://{account}.r2.cloudflarestorage.com", aliases: "R2_ENDPOINT")!;
        var access = settings.Needed("EXTERNAL_STORAGE_ACCESS_KEY", "access key id", example: "platform", aliases: "R2_ACCESS_KEY_ID");
        var secret = settings.Needed("EXTERNAL_STORAGE_SECRET_KEY", "secret access key", secret: true, example: "platform-storage", aliases: "R2_SECRET_ACCESS_KEY");
        var region = settings.Text("EXTERNAL_STORAGE_REGION", "region of the signature", "auto")!;
        var datasets = settings.Text("EXTERNAL_BUCKET_DATASETS", "images, thumbnails, dataset versions", "vision-platform-datasets", aliases: "R2_BUCKET")!;
        var (uploadAccess, uploadSecret) = Uploads(settings, "EXTERNAL");
        var external = new BucketSettings(Endpoint(settings, "EXTERNAL_STORAGE_ENDPOINT", endpoint), access, secret, region, datasets)
        {
            UploadAccessKey = uploadAccess, UploadSecretKey = uploadSecret,
        };
        var own = settings.Inherited("INTERNAL_STORAGE_ENDPOINT", "EXTERNAL_STORAGE_ENDPOINT", null, "a second store for what the platform makes", type: "URL");
        var inside = new BucketSettings(
            own is null ? external.Endpoint : Endpoint(settings, "INTERNAL_STORAGE_ENDPOINT", own),
            settings.Inherited("INTERNAL_STORAGE_ACCESS_KEY", "EXTERNAL_STORAGE_ACCESS_KEY", access, "its access key id")!,
            settings.Inherited("INTERNAL_STORAGE_SECRET_KEY", "EXTERNAL_STORAGE_SECRET_KEY", secret, "its secret access key", secret: true)!,
            settings.Inherited("INTERNAL_STORAGE_REGION", "EXTERNAL_STORAGE_REGION", region, "region of its signature")!,
            settings.Text("INTERNAL_BUCKET_CHECKPOINTS", "checkpoints, models, exports, logs", "vision-platform-internal")!);
        var (ownUploadAccess, ownUploadSecret) = Uploads(settings, "INTERNAL");
        // The identity for uploads belongs to the account whose keys sign the rest.
        var isSameAccount = inside.Endpoint == external.Endpoint && inside.AccessKey == external.AccessKey;
        return new StorageSettings(external, inside with
        {
            UploadAccessKey = ownUploadAccess ?? (isSameAccount ? uploadAccess : null), UploadSecretKey = ownUploadSecret ?? (isSameAccount ? uploadSecret : null),
        })
        {
            WeightsBucket = settings.Text("INTERNAL_BUCKET_WEIGHTS", "pretrained weights, in the internal store", "model-weights")!,
            AnnotationsBucket = settings.Text("S3_BUCKET_ANNOTATIONS", "exports of the labeler; nothing reads it yet", "labeler-annotations")!,
        };
    }

    private static (string? Access, string? Secret) Uploads(SettingsReader settings, string store)
    {
        var (name, isExternal) = ($"{store}_STORAGE_UPLOAD_ACCESS_KEY", store == "EXTERNAL");
        const string purpose = "access key id that signs upload URLs, of an identity that may only put objects; docs/storage.md";
        const string secretPurpose = "its secret access key";
        var access = isExternal
            ? settings.Text(name, purpose, type: "text")
            : settings.Inherited(name, "EXTERNAL_STORAGE_UPLOAD_ACCESS_KEY", null, purpose);
        var secretName = $"{store}_STORAGE_UPLOAD_SECRET_KEY";
        var secret = isExternal
            ? settings.Text(secretName, secretPurpose, secret: true)
            : settings.Inherited(secretName, "EXTERNAL_STORAGE_UPLOAD_SECRET_KEY", null, secretPurpose, secret: true);
        if (access is null != secret is null)
            settings.Problem($"{name} and {secretName} belong together: set both or neither.");
        return (access, secret);
    }

    private static Uri Endpoint(SettingsReader settings, string name, string text) =>
        (text.Length == 0 ? null : settings.AbsoluteUrl(name, text)) ?? new Uri("http://not-set.invalid");
}
