using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>
/// Tells readers in this process that something about an id has changed, whichever process changed it. One connection listens on one PostgreSQL
/// channel, whose payloads are ids. A wake carries no data and may get lost, so a reader that waits also reads again after a while.
/// </summary>
public abstract partial class NotificationFeed(NpgsqlDataSource source, string channel, ILogger log) : BackgroundService
{
    private static readonly TimeSpan Probe = TimeSpan.FromSeconds(30);
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource> _waiting = new();

    /// <summary>Completes with the next change. Get it before reading, so that no change falls in between.</summary>
    public Task NextOf(Guid id) => _waiting.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>Drops the wait for an id that changes no more. Other readers of it read once more.</summary>
    public void Forget(Guid id) => Wake(id);

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
                ConnectionLost(log, channel, lost.Message);
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
            if (Guid.TryParse(notification.Payload, out var id))
                Wake(id);
        };
        await using (var listen = new NpgsqlCommand($"LISTEN {channel}", connection))
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

    private void Wake(Guid id)
    {
        if (_waiting.TryRemove(id, out var wake))
            wake.TrySetResult();
    }

    private void WakeAll()
    {
        foreach (var id in _waiting.Keys)
            Wake(id);
    }

    [LoggerMessage(LogLevel.Warning, "Lost the connection that listens on {Channel} ({Reason}). Until it is back, readers read every few seconds.")]
    private static partial void ConnectionLost(ILogger log, string channel, string reason);
}
