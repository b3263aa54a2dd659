using System.Security.Cryptography;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Bench.Data;

/// <summary>A bucket of the store to measure with, under a name for both programs.</summary>
internal sealed class BenchBucket(string name, BucketSettings settings) : IAsyncDisposable
{
    private readonly ObjectStore _store = new(settings, TimeProvider.System);

    public ObjectStore Store => _store;

    public string Rclone => $"{name}:{settings.Bucket}";

    public static async Task<BenchBucket> CreateAsync(string name, string host, CancellationToken cancellation)
    {
        var endpoint = new UriBuilder(Needed("ENDPOINT")) { Host = host }.Uri;
        var bucket = new BenchBucket(name, new BucketSettings(endpoint, Needed("ACCESS_KEY"), Needed("SECRET_KEY"), "auto", $"bench-{Guid.CreateVersion7():n}"));
        await bucket._store.CreateBucketAsync(cancellation);
        return bucket;
    }

    /// <summary>What both programs need to know of the buckets.</summary>
    public static Dictionary<string, string?> Environment(params BenchBucket[] buckets)
    {
        var environment = new Dictionary<string, string?> { ["AWS_CA_BUNDLE"] = null, ["OPERATIONS_DIR"] = Path.Combine(Path.GetTempPath(), "bench-operations") };
        foreach (var bucket in buckets)
            bucket.AddTo(environment);
        return environment;
    }

    /// <summary>What the app needs to know to keep its files in this bucket.</summary>
    public Dictionary<string, string> AppSettings() => new()
    {
        ["EXTERNAL_STORAGE_ENDPOINT"] = settings.Endpoint.ToString(), ["EXTERNAL_STORAGE_ACCESS_KEY"] = settings.AccessKey, ["EXTERNAL_STORAGE_SECRET_KEY"] = settings.SecretKey,
        ["EXTERNAL_BUCKET_DATASETS"] = settings.Bucket, ["INTERNAL_BUCKET_CHECKPOINTS"] = settings.Bucket,
    };

    /// <summary>Puts objects with random content, the same into both.</summary>
    public async Task FillAsync(int objects, int bytes, CancellationToken cancellation, BenchBucket? also = null) =>
        await Parallel.ForAsync(0, objects, new ParallelOptions { MaxDegreeOfParallelism = bytes > 1_000_000 ? 2 : 16, CancellationToken = cancellation }, async (i, token) =>
        {
            var content = RandomNumberGenerator.GetBytes(bytes);
            foreach (var store in also is null ? [_store] : (ObjectStore[])[_store, also._store])
                await store.PutAsync($"datasets/{i % 20:d2}/images/img_{i:d6}.bin", new MemoryStream(content), "application/octet-stream", token);
        });

    public async ValueTask DisposeAsync()
    {
        var keys = new List<string>();
        await foreach (var found in _store.ListAsync("", CancellationToken.None))
            keys.Add(found.Key);
        await _store.DeleteAsync(keys, CancellationToken.None);
        await _store.DeleteBucketAsync(CancellationToken.None);
        _store.Dispose();
    }

    private static string Needed(string part) =>
        System.Environment.GetEnvironmentVariable($"BENCH_STORAGE_{part}") ?? throw new BenchArgumentException($"BENCH_STORAGE_{part} is not set: ./platform bench data sets it");

    private void AddTo(Dictionary<string, string?> environment)
    {
        foreach (var (part, value) in new[] { ("ENDPOINT", settings.Endpoint.ToString()), ("ACCESS_KEY", settings.AccessKey), ("SECRET_KEY", settings.SecretKey), ("BUCKET", settings.Bucket) })
            environment[$"{name}_{part}"] = value;
        foreach (var (part, value) in new[]
                 {
                     ("TYPE", "s3"), ("PROVIDER", "Ceph"), ("ENDPOINT", settings.Endpoint.ToString()), ("ACCESS_KEY_ID", settings.AccessKey), ("SECRET_ACCESS_KEY", settings.SecretKey),
                 })
            environment[$"RCLONE_CONFIG_{name}_{part}"] = value;
    }
}
