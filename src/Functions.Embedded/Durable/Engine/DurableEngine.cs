using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Starts and stops the engine's loops together with the host.</summary>
internal sealed class DurableEngine(
    DurableStore store,
    LiveInstances live,
    InstanceFetcher instanceFetcher,
    ActivityFetcher activityFetcher,
    OrchestrationWorker orchestrations,
    ActivityWorker activities,
    EntityWorker entities,
    ActivityResults results,
    TurnCommitter committer,
    LeaseKeeper leases,
    HostRegistry hosts,
    Retention retention,
    Notifications notifications,
    HubReading hub,
    TimeProvider time,
    ILogger<DurableEngine> logger) : IHostedService
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>How long, after <see cref="DurableEngineOptions.StopTimeout"/>, finished work may take to reach the database.</summary>
    private static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopFetching = new();
    private readonly CancellationTokenSource _stopRenewing = new();
    private Task _fetching = Task.CompletedTask;
    private Task _renewing = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        logger.LogInformation(
            "Durable engine on hub {Hub}: at most {Activities} activities and {Orchestrators} orchestrators at a time",
            store.Hub,
            store.Options.MaxConcurrentActivities,
            store.Options.MaxConcurrentOrchestrators);
        live.Open();
        orchestrations.Start();
        CancellationToken stop = _stopFetching.Token;
        _fetching = Task.WhenAll(
            Task.Run(() => notifications.RunAsync(stop), CancellationToken.None),
            Task.Run(() => hosts.RunAsync(stop), CancellationToken.None),
            Task.Run(() => instanceFetcher.RunAsync(stop), CancellationToken.None),
            Task.Run(() => activityFetcher.RunAsync(stop), CancellationToken.None),
            Task.Run(() => entities.RunAsync(stop), CancellationToken.None),
            Task.Run(() => retention.RunAsync(stop), CancellationToken.None),
            Task.Run(() => hub.RunAsync(stop), CancellationToken.None));
        _renewing = Task.WhenAll(
            Task.Run(() => leases.RunAsync(_stopRenewing.Token), CancellationToken.None),
            Task.Run(() => entities.RenewAsync(_stopRenewing.Token), CancellationToken.None));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Stops fetching and releases at once what has not started. Lets running activities finish for a while, commits what has run and releases the
    /// rest. Each step has a time limit, which also holds when the database does not answer or code ignores its token.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        TimeSpan running = store.Options.StopTimeout;
        TimeSpan committing = running + CommitTimeout;
        // Not awaited: a callback may block, as the driver asks the server to cancel a query and waits for the answer.
        _ = _stopFetching.CancelAsync();
        live.Close();
        activities.Close();
        var ending = new CancellationTokenSource();
        Task releasing = ReleaseUnstartedAsync(ending.Token);
        await _fetching.EndsWithinAsync(ReleaseTimeout);
        await Task.WhenAll(activities.FinishAsync(Left(running)), entities.FinishAsync(Left(running)));
        while (!live.IsIdle && Left(committing) > TimeSpan.Zero)
            await Task.Delay(Tick, CancellationToken.None);

        // The engine that takes over runs again what has not reached the database by now.
        live.Complete();
        if (!live.IsIdle)
            committer.GiveUp();
        await orchestrations.FinishAsync().EndsWithinAsync(Left(committing));
        if (!await committer.DisposeAsync().AsTask().EndsWithinAsync(Left(committing)))
            committer.GiveUp();
        if (!await results.DisposeAsync().AsTask().EndsWithinAsync(Left(committing)))
            results.GiveUp();
        _ = _stopRenewing.CancelAsync();
        _ = ending.CancelAsync();
        await Task.WhenAll(_fetching, _renewing, releasing).EndsWithinAsync(Left(committing));
        TimeSpan rest = Left(committing) + ReleaseTimeout;
        await ReleaseAsync(rest, async limit =>
        {
            await leases.ReleaseAllAsync(limit);
            await entities.ReleaseAsync(limit);
            await hosts.LeaveAsync(limit);
        });

        TimeSpan Left(TimeSpan after) => after - time.GetElapsedTime(begun) is { Ticks: > 0 } left ? left : TimeSpan.Zero;
    }

    /// <summary>Releases what has not started, again and again: a fetch or a commit that was under way may still bring in more.</summary>
    private async Task ReleaseUnstartedAsync(CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            await ReleaseAsync(store.Options.StopTimeout, leases.ReleaseUnstartedAsync);
            await Task.Delay(TimeSpan.FromMilliseconds(100), ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReleaseAsync(TimeSpan most, Func<CancellationToken, Task> release)
    {
        using var limit = new CancellationTokenSource(most);
        try
        {
            // The driver may take longer than the limit to give up on a server that does not answer.
            await Task.Run(() => release(limit.Token), CancellationToken.None).WaitAsync(most, CancellationToken.None);
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "The engine could not release its leases; other engines take over when they end");
        }
    }
}
