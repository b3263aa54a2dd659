using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Starts and stops the engine's loops with the host.</summary>
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
    TimeProvider time,
    ILogger<DurableEngine> logger) : IHostedService
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>Time after <see cref="DurableEngineOptions.StopTimeout"/> for what has run to reach the database, then to hand back the rest.</summary>
    private static readonly TimeSpan CommitTimeout = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource _stopFetching = new();
    private readonly CancellationTokenSource _stopRenewing = new();
    private Task _fetching = Task.CompletedTask;
    private Task _renewing = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        logger.LogInformation(
            "Durable engine on hub {Hub}: up to {Activities} activities and {Orchestrators} orchestrators at a time",
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
            Task.Run(() => retention.RunAsync(stop), CancellationToken.None));
        _renewing = Task.WhenAll(
            Task.Run(() => leases.RunAsync(_stopRenewing.Token), CancellationToken.None),
            Task.Run(() => entities.RenewAsync(_stopRenewing.Token), CancellationToken.None));
        return Task.CompletedTask;
    }

    /// <summary>
    /// Fetches nothing more and hands back at once what has not begun; lets running activities finish for a while, commits what has run, and
    /// hands back the rest. Every step has an end, also when the database is away or code does not listen.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        TimeSpan running = store.Options.StopTimeout;
        TimeSpan committing = running + CommitTimeout;
        // What is told of a cancellation may block: the driver asks the server to cancel, and waits for it. So no cancellation is waited for.
        _ = _stopFetching.CancelAsync();
        live.Close();
        activities.Close();
        var ending = new CancellationTokenSource();
        Task releasing = ReleaseUnstartedAsync(ending.Token);
        await _fetching.EndsWithinAsync(ReleaseTimeout);
        await Task.WhenAll(activities.FinishAsync(Left(running)), entities.FinishAsync(Left(running)));
        while (!live.IsIdle && Left(committing) > TimeSpan.Zero)
            await Task.Delay(Tick, CancellationToken.None);

        // What is still on its way to the database now is done again by whoever takes over.
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

    /// <summary>Others go on at once with what has not begun here, also with what a fetch or a commit that was under way brings in now.</summary>
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
            logger.LogWarning(error, "What this engine holds could not be handed back; it moves on when its leases end");
        }
    }
}
