using VisionPlatform.Functions.Host.Tests.Hosts.StandIn;
using VisionPlatform.Functions.Host.Tests.Publishing;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Worker;

/// <summary>How the worker of a Functions host ends.</summary>
public sealed class WorkerEndTests(PlatformHost installation, PublishedApp published)
{
    [Fact]
    public async Task A_worker_ends_when_its_host_asks_it_to()
    {
        await using var host = new FunctionsHostStandIn(await published.FolderAsync());
        await using var app = await installation.StartAppAsync(on: host);

        host.Terminate();

        await Waiting.UntilAsync(() => !Directory.Exists($"/proc/{app.ProcessId}"), "the worker ends");
        Assert.Equal(0, await app.StopAsync());
    }

    [Fact]
    public async Task A_worker_outlives_the_stream_to_its_host_and_ends_when_it_is_stopped()
    {
        await using var host = new FunctionsHostStandIn(await published.FolderAsync());
        await using var app = await installation.StartAppAsync(on: host);

        await host.CloseAsync();

        using var http = new HttpClient();
        using var answer = await http.GetAsync((await host.Worker).Capabilities["HttpUri"]);
        Assert.Equal(500, (int)answer.StatusCode); // It takes requests, but none that no host has announced.
        Assert.Equal(0, await app.StopAsync());
    }
}
