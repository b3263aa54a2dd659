using Microsoft.Extensions.Hosting;

namespace VisionPlatform.Api.Telemetry;

/// <summary>Brings the values from databases up to date before each push of metrics to a collector. A collection that somebody asks for does that by itself.</summary>
public sealed class MetricsRefresh(MetricsReading reading, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var pause = new PeriodicTimer(Pause, time);
        do
            await reading.RefreshAsync(stoppingToken);
        while (await pause.WaitForNextTickAsync(stoppingToken));
    }
}
