using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Training;

/// <summary>
/// Tells readers in this process that a job has new events, whichever process wrote them. One connection listens for all jobs. A wake carries
/// no data and may get lost, so a reader that waits also reads again after a while.
/// </summary>
public sealed partial class JobEventFeed([FromKeyedServices(Databases.Platform)] NpgsqlDataSource source, ILogger<JobEventFeed> log) : BackgroundService
{
    /// <summary>The PostgreSQL channel that carries the id of a job when events of the job are committed.</summary>
    public const string Channel = "job_events";

    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _waiting = new();

    /// <summary>Ends when the job may have new events, or after <paramref name="limit"/>. Call it before reading, so that no event falls in between.</summary>
    public async Task NextAsync(Guid jobId, TimeSpan limit, CancellationToken cancellation)
    {
        var wake = _waiting.GetOrAdd(jobId, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        try
        {
            await wake.WaitAsync(limit, cancellation);
        }
        catch (TimeoutException)
        {
            // The reader reads again after the limit.
        }
    }

    /// <summary>Drops the wait for a job that has ended. Other readers of the job read once more.</summary>
    public void Forget(Guid jobId)
    {
        if (_waiting.TryRemove(jobId, out var wake))
            wake.TrySetResult();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (Exception lost) when (lost is NpgsqlException or TimeoutException or IOException)
            {
                ConnectionLost(log, lost.Message);
                WakeAll();
                await Task.Delay(TimeSpan.FromSeconds(1), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ListenAsync(CancellationToken cancellation)
    {
        await using var connection = await source.OpenConnectionAsync(cancellation);
        connection.Notification += (_, notification) =>
        {
            if (Guid.TryParse(notification.Payload, out var jobId) && _waiting.TryRemove(jobId, out var wake))
                wake.TrySetResult();
        };
        await using (var listen = new NpgsqlCommand($"LISTEN {Channel}", connection))
            await listen.ExecuteNonQueryAsync(cancellation);
        WakeAll();
        while (true)
        {
            // A connection that a proxy dropped silently is noticed only when it is used.
            if (!await connection.WaitAsync(Probe, cancellation))
                await using (var probe = new NpgsqlCommand("SELECT 1", connection))
                    await probe.ExecuteNonQueryAsync(cancellation);
        }
    }

    private void WakeAll()
    {
        foreach (var jobId in _waiting.Keys)
        {
            if (_waiting.TryRemove(jobId, out var wake))
                wake.TrySetResult();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Lost the connection that listens for job events ({Reason}). Until it is back, readers read every few seconds.")]
    private static partial void ConnectionLost(ILogger log, string reason);
}
