using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Starts and stops the engine's loops with the host.</summary>
internal sealed class DurableEngine(
    DurableStore store,
    Sessions sessions,
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
        sessions.Open();
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

    /// <summary>Fetches nothing more, lets running activities finish for a while, commits what has run, and hands back the rest.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        long begun = time.GetTimestamp();
        TimeSpan most = store.Options.StopTimeout + TimeSpan.FromSeconds(1.5);
        await _stopFetching.CancelAsync();
        sessions.Close();
        await _fetching;
        Task entitiesEnd = entities.FinishAsync(store.Options.StopTimeout);
        ActivityKey[] unfinished = await activities.CloseAsync(store.Options.StopTimeout);
        await entitiesEnd;

        while (!sessions.IsIdle && time.GetElapsedTime(begun) < most)
            await Task.Delay(Tick, CancellationToken.None);
        sessions.Complete();
        if (!sessions.IsIdle)
            committer.GiveUp();
        await orchestrations.FinishAsync();
        await committer.DisposeAsync();
        if (time.GetElapsedTime(begun) >= most)
            results.GiveUp();
        await results.DisposeAsync();
        await _stopRenewing.CancelAsync();
        await _renewing;
        await HandBackAsync(unfinished);
    }

    private async Task HandBackAsync(ActivityKey[] unfinished)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            await leases.ReleaseIdleAsync(TimeSpan.Zero, limit.Token);
            await leases.ReleaseActivitiesAsync(unfinished, limit.Token);
            await entities.ReleaseAsync(limit.Token);
            await hosts.LeaveAsync(limit.Token);
        }
        catch (Exception error) when (DurableStore.IsPassing(error) || limit.IsCancellationRequested)
        {
            logger.LogWarning(error, "{Count} activities could not be handed back; they move on when their leases end", unfinished.Length);
        }
    }
}
