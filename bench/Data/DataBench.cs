namespace VisionPlatform.Bench.Data;

/// <summary>Moving data, each scenario beside the program that people would take otherwise: <c>seconds</c>, <c>peerSeconds</c>, <c>ratio</c> (peer to ours), <c>peakMb</c>.</summary>
internal static class DataBench
{
    private static readonly Dictionary<string, Func<CancellationToken, Task>> Scenarios = new(StringComparer.Ordinal)
    {
        ["database-copy"] = DatabaseScenarios.CopyAsync,
        ["backup"] = DatabaseScenarios.BackupAsync,
        ["sync-small"] = StorageScenarios.SyncSmallAsync,
        ["sync-large"] = StorageScenarios.SyncLargeAsync,
        ["check"] = StorageScenarios.CheckAsync,
        ["upload"] = DatasetScenarios.UploadAsync,
        ["publish-100000"] = DatasetScenarios.PublishAsync,
    };

    public static async Task RunAsync(string[] arguments, CancellationToken cancellation)
    {
        if (arguments.FirstOrDefault(name => !Scenarios.ContainsKey(name)) is { } unknown)
            throw new BenchArgumentException($"data has no scenario '{unknown}'; there are: {string.Join(", ", Scenarios.Keys)}");
        foreach (var (name, run) in Scenarios)
            if (arguments.Length == 0 || arguments.Contains(name))
                await run(cancellation);
    }
}
