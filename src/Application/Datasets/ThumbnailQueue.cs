using System.Data.Common;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Application.Datasets;

/// <summary>
/// Lets <see cref="Thumbnails"/> work in the background. It gives way to uploads that are being completed by this process, at most for half a
/// minute before each batch, so that a day of uploads does not keep it from its work. A thumbnail that somebody asks for
/// meanwhile is made at once.
/// </summary>
public sealed partial class ThumbnailQueue(IServiceScopeFactory scopes, TimeProvider time, ILogger<ThumbnailQueue> logger) : BackgroundService
{
    /// <summary>Wake is for images of this instance; the interval is for those of other instances that have ended, and for new tries.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>For how long no upload was completed when a batch begins.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _woken = new(0, 1);
    private int _completing;
    private long _lastCompleted;

    /// <summary>Says that uploads are being completed, until the result is disposed. Their thumbnails are made then.</summary>
    public IDisposable Completing()
    {
        Interlocked.Increment(ref _completing);
        return new Completion(this);
    }

    public override void Dispose()
    {
        _woken.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await WaitForQuietAsync(stoppingToken);
                await using var scope = scopes.CreateAsyncScope();
                if (await scope.ServiceProvider.GetRequiredService<Thumbnails>().MakeDueAsync(stoppingToken) == 0)
                    await _woken.WaitAsync(Interval, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure.GetBaseException() is DbException or SocketException or TimeoutException or ProblemException or IOException)
            {
                // What was taken is due again when its lease ends.
                Stopped(failure.GetBaseException().Message);
                await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task WaitForQuietAsync(CancellationToken cancellation)
    {
        var began = time.GetTimestamp();
        while ((Volatile.Read(ref _completing) > 0 || (_lastCompleted != 0 && time.GetElapsedTime(Volatile.Read(ref _lastCompleted)) < Quiet)) && time.GetElapsedTime(began) < LongestWait)
            await Task.Delay(Quiet / 5, time, cancellation);
    }

    private void Completed()
    {
        Volatile.Write(ref _lastCompleted, time.GetTimestamp());
        Interlocked.Decrement(ref _completing);
        try
        {
            _woken.Release();
        }
        catch (Exception known) when (known is SemaphoreFullException or ObjectDisposedException)
        {
            // Woken already, or the process is ending.
        }
    }

    private sealed class Completion(ThumbnailQueue queue) : IDisposable
    {
        public void Dispose() => queue.Completed();
    }

    [LoggerMessage(LogLevel.Warning, "Thumbnails cannot be made at present: {Reason}")]
    private partial void Stopped(string reason);
}
