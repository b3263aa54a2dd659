using System.Text;
using VisionPlatform.Infrastructure.Resilience;
using VisionPlatform.Infrastructure.Storage;
using VisionPlatform.Infrastructure.StorageSync;
using VisionPlatform.Infrastructure.Tests.Storage;

namespace VisionPlatform.Infrastructure.Tests.StorageSync;

/// <summary>Two buckets on the real S3 server, removed at the end. The target is another service, unless the test wants one.</summary>
internal sealed class TwoBuckets : IAsyncDisposable
{
    public static IntegrationPolicy QuickPolicy { get; } =
        Integrations.StorageSync with { Timeout = TimeSpan.FromSeconds(60), FirstWait = TimeSpan.FromMilliseconds(5), LongestWait = TimeSpan.FromMilliseconds(50) };

    private TwoBuckets(BucketSettings source, BucketSettings target)
    {
        (SourceSettings, TargetSettings) = (source, target);
        (Source, Target) = (new S3Wire(source, TimeProvider.System), new S3Wire(target, TimeProvider.System));
    }

    public BucketSettings SourceSettings { get; }

    public BucketSettings TargetSettings { get; }

    public S3Wire Source { get; }

    public S3Wire Target { get; }

    public static async Task<TwoBuckets> CreateAsync(StorageFixture storage, bool isOneService = false)
    {
        var elsewhere = isOneService ? storage.Settings : SecondStore(storage.Settings);
        var buckets = new TwoBuckets(
            storage.Settings with { Bucket = $"test-source-{Guid.CreateVersion7():n}" }, elsewhere with { Bucket = $"test-target-{Guid.CreateVersion7():n}" });
        foreach (var settings in new[] { buckets.SourceSettings, buckets.TargetSettings })
        {
            using var store = new ObjectStore(settings, TimeProvider.System);
            await store.CreateBucketAsync(CancellationToken.None);
        }
        return buckets;
    }

    /// <summary>Syncs all keys and then the large objects, as the orchestration does. The result counts both.</summary>
    public static async Task<RangeOutcome> SyncAllAsync(StoragePair pair, string prefix, CancellationToken cancellation)
    {
        var range = await pair.SyncAsync(prefix, KeyRange.All, isDryRun: false, cancellation);
        foreach (var large in range.Large)
            Assert.Equal(LargeResult.Copied, await pair.ContinueLargeAsync((await pair.BeginLargeAsync(large.Key, cancellation))!, cancellation));
        return range with { Copied = range.Copied + range.Large.Count };
    }

    /// <summary>The store of SECOND_STORAGE_ENDPOINT, _ACCESS_KEY and _SECRET_KEY, or the first one by another host name, which counts as another service.</summary>
    private static BucketSettings SecondStore(BucketSettings first) => Environment.GetEnvironmentVariable("SECOND_STORAGE_ENDPOINT") is { Length: > 0 } endpoint
        ? first with
        {
            Endpoint = new Uri(endpoint), AccessKey = Environment.GetEnvironmentVariable("SECOND_STORAGE_ACCESS_KEY")!, SecretKey = Environment.GetEnvironmentVariable("SECOND_STORAGE_SECRET_KEY")!,
        }
        : first with { Endpoint = new UriBuilder(first.Endpoint) { Host = "localhost" }.Uri };

    public StoragePair Pair(TransferLimits? limits = null, HttpMessageHandler? fromSource = null, HttpMessageHandler? toTarget = null, Action<Difference>? found = null, Action<long, long>? expected = null,
        Action<long, long>? moved = null) =>
        new(SourceSettings, TargetSettings, limits ?? new TransferLimits(), TimeProvider.System, QuickPolicy, fromSource ?? S3Wire.CreateHandler(), toTarget ?? S3Wire.CreateHandler())
        {
            Found = found, Expected = expected ?? ((_, _) => { }), Moved = moved ?? ((_, _) => { }),
        };

    /// <summary>Puts an object at the source.</summary>
    public Task PutAsync(string key, byte[] content, params (string Name, string Value)[] headers) => PutAsync(Source, key, content, headers);

    public static Task PutAsync(S3Wire store, string key, byte[] content, params (string Name, string Value)[] headers) =>
        store.PutAsync(key, content, S3Wire.Md5(content), new ObjectHeaders([.. headers.Select(header => KeyValuePair.Create(header.Name, header.Value))]), CancellationToken.None);

    public Task PutAsync(string key, string content) => PutAsync(key, Encoding.UTF8.GetBytes(content));

    /// <summary>Puts an object as a multipart upload.</summary>
    public static async Task PutPartsAsync(S3Wire store, string key, byte[] content, int partSize, params (string Name, string Value)[] headers)
    {
        var upload = await store.BeginUploadAsync(key, new ObjectHeaders([.. headers.Select(header => KeyValuePair.Create(header.Name, header.Value))]), CancellationToken.None);
        var parts = new List<StoredPart>();
        foreach (var part in content.Chunk(partSize))
            parts.Add(new StoredPart(parts.Count + 1, part.Length, await store.PutPartAsync(key, upload, parts.Count + 1, part, S3Wire.Md5(part), CancellationToken.None)));
        await store.CompleteUploadAsync(key, upload, parts, CancellationToken.None);
    }

    public static async Task<byte[]?> ReadAsync(S3Wire store, string key)
    {
        using var read = await store.ReadAsync(key, int.MaxValue, CancellationToken.None);
        return read?.Bytes!.Memory.ToArray();
    }

    public static async Task<List<string>> KeysAsync(S3Wire store, string prefix = "")
    {
        var keys = new List<string>();
        await foreach (var found in store.ListAsync(prefix, KeyRange.All, CancellationToken.None))
            keys.Add(found.Key);
        return keys;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (wire, settings) in new[] { (Source, SourceSettings), (Target, TargetSettings) })
        {
            using var store = new ObjectStore(settings, TimeProvider.System);
            await foreach (var left in store.ListMultipartsAsync("", CancellationToken.None))
                await wire.AbortUploadAsync(left.Key, left.UploadId, CancellationToken.None);
            foreach (var batch in (await KeysAsync(wire)).Chunk(1000))
                await wire.DeleteAsync(batch, CancellationToken.None);
            try
            {
                await store.DeleteBucketAsync(CancellationToken.None);
            }
            catch (Amazon.S3.AmazonS3Exception)
            {
                // Do not hide why the test failed.
            }
            wire.Dispose();
        }
    }
}
