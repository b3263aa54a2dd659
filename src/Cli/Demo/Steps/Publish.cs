using VisionPlatform.Cli.Demo.Api;
using VisionPlatform.Cli.Demo.Rendering;

namespace VisionPlatform.Cli.Demo.Steps;

/// <summary>Publishes the dataset as an immutable version and waits until its manifest is written.</summary>
internal static class Publish
{
    private static readonly TimeSpan _limit = TimeSpan.FromMinutes(10);

    public static async Task<DatasetVersion> RunAsync(PlatformClient api, Dataset dataset, Terminal terminal, CancellationToken cancellation)
    {
        var version = await api.PublishVersionAsync(dataset.Id, "demo", cancellation);
        version = await terminal.WhileAsync("publishing", _ => Polling.UntilAsync(
            $"publishing version {version.Id}", _limit, () => api.GetVersionAsync(dataset.Id, version.Id, cancellation), v => v.State != "publishing", cancellation));
        if (version.State != "ready")
            throw new CommandException($"dataset version {version.Id} ended as '{version.State}'.");
        terminal.Line($"version {version.Number}: {Format.Count(version.ImageCount, "image")}, {Format.Size(version.SizeBytes)}, hash {version.Hash}");
        if (version.Splits is { } splits)
            terminal.Line($"splits: {splits.Train} train, {splits.Val} val, {splits.Test} test");
        return version;
    }
}
