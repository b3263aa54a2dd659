using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Application.Deployments;

/// <summary>What this instance counts in memory, so that a prediction writes no row.</summary>
public interface ICounts
{
    /// <summary>Adds what was counted so far to the rows, so that who reads next sees it. What could not be written stays in memory.</summary>
    Task FlushAsync(CancellationToken cancellation);
}

/// <summary>Writes counts every few seconds and when the app stops. What a process that is killed has counted since is lost.</summary>
public sealed partial class CountWriter(IEnumerable<ICounts> all, TimeProvider time, ILogger<CountWriter> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await WriteAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stoppingToken.IsCancellationRequested)
                await WriteAsync(stoppingToken);
        }
    }

    private async Task WriteAsync(CancellationToken cancellation)
    {
        foreach (var counts in all)
        {
            try
            {
                await counts.FlushAsync(cancellation);
            }
            catch (Exception failure) when (failure is OperationCanceledException || failure.GetBaseException() is DbException or SocketException or TimeoutException)
            {
                LogNotWritten(failure.GetBaseException().Message);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The usage of deployments was not written and is tried again: {Reason}")]
    private partial void LogNotWritten(string reason);
}
