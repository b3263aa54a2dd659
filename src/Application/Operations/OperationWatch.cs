using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Operations;

namespace VisionPlatform.Application.Operations;

/// <summary>Watches the steps of operations in this process: writes their progress every second, and stops them when their operation is to end.</summary>
public sealed partial class OperationWatch(IServiceScopeFactory scopes, TimeProvider time, ILogger<OperationWatch> logger)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    /// <summary>Runs a step.</summary>
    /// <param name="operation">The operation that it works for.</param>
    /// <param name="step">The step. Its token is cancelled when the operation is to end.</param>
    /// <param name="cancellation">Cancelled when the host stops.</param>
    /// <exception cref="OperationException">The operation was cancelled. Not tried again.</exception>
    public async Task RunAsync(Guid operation, Func<CancellationToken, Task> step, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var ended = new CancellationTokenSource();
        var meter = new OperationMeter();
        if (await AdvanceAsync(operation, meter, null))
            throw Cancelled();
        OperationMeter.Follow(meter);
        var watching = WatchAsync(operation, meter, stop, ended.Token);
        string? problem = null;
        try
        {
            await step(stop.Token);
        }
        catch (Exception) when (stop.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            throw Cancelled();
        }
        catch (Exception failure) when (!cancellation.IsCancellationRequested)
        {
            problem = failure.Message;
            throw;
        }
        finally
        {
            await ended.CancelAsync();
            await watching;
            await AdvanceAsync(operation, meter, problem);
        }
    }

    private static OperationException Cancelled() => new("The operation was cancelled.");

    private async Task WatchAsync(Guid operation, OperationMeter meter, CancellationTokenSource stop, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ended))
                if (await AdvanceAsync(operation, meter, null))
                    await stop.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // The step has ended.
        }
    }

    /// <summary>True if the operation is to end. A database that is away for a moment does not disturb the step.</summary>
    private async Task<bool> AdvanceAsync(Guid operation, OperationMeter meter, string? problem)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            return await scope.ServiceProvider.GetRequiredService<OperationRuns>().AdvanceAsync(operation, meter.Take(), problem, CancellationToken.None);
        }
        catch (ProblemException)
        {
            // The row is gone: the database was replaced by another one, in which this operation is not under way.
            return true;
        }
        catch (Exception unavailable) when (unavailable.GetBaseException() is DbException or TimeoutException or System.Net.Sockets.SocketException)
        {
            NotWritten(operation, unavailable.GetBaseException().Message);
            return false;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The progress of operation {Operation} could not be written: {Reason}")]
    private partial void NotWritten(Guid operation, string reason);
}
