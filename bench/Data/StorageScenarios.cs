using System.Security.Cryptography;
using System.Text.Json.Nodes;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Bench.Data;

/// <summary>
/// <c>storage sync</c> and <c>storage compare</c> beside <c>rclone sync</c> and <c>rclone check</c>, both as programs, between two buckets of one store that
/// are addressed by different host names: neither may let the store copy by itself.
/// </summary>
internal static class StorageScenarios
{
    private const int SmallObjects = 20_000;
    private const int SmallBytes = 10 * 1024;
    private const int LargeObjects = 8;
    private const int LargeBytes = 256 * 1024 * 1024;

    // The fastest of those tried for each: no request that is not needed for the copy.
    private static readonly string[] Rclone = ["--fast-list", "--checksum", "--no-update-modtime", "--s3-no-head", "--s3-no-head-object", "--s3-no-check-bucket", "--checkers", "32", "--config", "/dev/null"];
    private static readonly string[] RcloneSmall = ["--transfers", "32"];
    private static readonly string[] RcloneLarge = ["--transfers", "4", "--s3-upload-concurrency", "4", "--s3-chunk-size", "16M", "--s3-upload-cutoff", "16M"];

    private static readonly string Cli = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../src/Cli/bin/Release/net10.0/platform-cli.dll"));

    public static Task SyncSmallAsync(CancellationToken cancellation) => SyncAsync("sync-small", SmallObjects, SmallBytes, RcloneSmall, cancellation);

    public static Task SyncLargeAsync(CancellationToken cancellation) => SyncAsync("sync-large", LargeObjects, LargeBytes, RcloneLarge, cancellation);

    public static async Task CheckAsync(CancellationToken cancellation)
    {
        await using var source = await BenchBucket.CreateAsync("SOURCE", "127.0.0.1", cancellation);
        await using var target = await BenchBucket.CreateAsync("TARGET", "localhost", cancellation);
        Report.Progress($"putting {SmallObjects} objects into each of two buckets");
        await source.FillAsync(SmallObjects, SmallBytes, cancellation, target);
        var environment = BenchBucket.Environment(source, target);
        // One run before that is not counted: the store keeps what it reads from its disk.
        await MeasuredProcess.RunAsync("rclone", ["check", source.Rclone, target.Rclone, .. Rclone], environment, cancellation);
        var ours = await MeasuredProcess.RunAsync("dotnet", [Cli, "storage", "compare", "env:SOURCE", "env:TARGET"], environment, cancellation);
        var peer = await MeasuredProcess.RunAsync("rclone", ["check", source.Rclone, target.Rclone, .. Rclone], environment, cancellation);
        Result("check", SmallObjects, ours, peer);
    }

    private static async Task SyncAsync(string scenario, int objects, int bytes, string[] rclone, CancellationToken cancellation)
    {
        await using var source = await BenchBucket.CreateAsync("SOURCE", "127.0.0.1", cancellation);
        await using var target = await BenchBucket.CreateAsync("TARGET", "localhost", cancellation);
        await using var peersTarget = await BenchBucket.CreateAsync("PEER", "localhost", cancellation);
        Report.Progress($"putting {objects} objects of {bytes} bytes into a bucket");
        await source.FillAsync(objects, bytes, cancellation);
        var environment = BenchBucket.Environment(source, target, peersTarget);
        var peer = await MeasuredProcess.RunAsync("rclone", ["sync", source.Rclone, peersTarget.Rclone, .. Rclone, .. rclone], environment, cancellation);
        var ours = await MeasuredProcess.RunAsync("dotnet", [Cli, "storage", "sync", "env:SOURCE", "env:TARGET"], environment, cancellation);
        Result(scenario, objects, ours, peer);
    }

    private static void Result(string scenario, int objects, (double Seconds, double PeakMb) ours, (double Seconds, double PeakMb) peer) =>
        Report.Comparison(scenario, objects, ours.Seconds, peer.Seconds, ours.PeakMb, new JsonObject { ["peerPeakMb"] = Report.Rounded(peer.PeakMb) });

    /// <summary>A bucket of the store to measure with, under a name for both programs.</summary>
    private sealed class BenchBucket(string name, BucketSettings settings) : IAsyncDisposable
    {
        private readonly ObjectStore _store = new(settings, TimeProvider.System);

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
}
