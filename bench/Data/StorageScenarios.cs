using System.Text.Json.Nodes;

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

    // No request that is not needed for the copy, and as many transfers at once as ours.
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

    private static void Result(string scenario, int objects, Used ours, Used peer) =>
        Report.Comparison(scenario, objects, ours.Seconds, peer.Seconds, ours.PeakMb, new JsonObject
        {
            ["peerPeakMb"] = Report.Rounded(peer.PeakMb), ["processorSeconds"] = Report.Rounded(ours.ProcessorSeconds), ["peerProcessorSeconds"] = Report.Rounded(peer.ProcessorSeconds),
        });
}
