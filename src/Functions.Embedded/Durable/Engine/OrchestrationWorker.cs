using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Runs turns: takes an instance that has events, runs its code until it waits, and passes the turn on to be committed.</summary>
internal sealed class OrchestrationWorker(
    LiveInstances live,
    TurnCommitter committer,
    ActivityWorker activities,
    ActivityResults results,
    IDurableFunctions functions,
    DataConverter converter,
    EngineSignals signals,
    TimeProvider time,
    DurableStore store,
    EngineMetrics metrics,
    ILoggerFactory loggers)
{
    private readonly ILogger _logger = loggers.CreateLogger<OrchestrationWorker>();
    private Task[] _loops = [];

    public void Start() =>
        _loops = [.. Enumerable.Range(0, store.Options.MaxConcurrentOrchestrators).Select(_ => Task.Run(RunAsync))];

    /// <summary>Ends when the queue is complete and empty.</summary>
    public Task FinishAsync() => Task.WhenAll(_loops);

    private async Task RunAsync()
    {
        await foreach (LiveInstance instance in live.Queue.ReadAllAsync())
        {
            List<InboxItem> inbox = live.Begin(instance);
            Turn turn = RunTurn(instance, inbox);
            // Not awaited: the next turn runs while this one is committed.
            _ = CommitAsync(instance, turn);
        }
    }

    private Turn RunTurn(LiveInstance instance, List<InboxItem> inbox)
    {
        InstanceRow row = instance.Row;
        DateTime now = time.Now();
        List<HistoryEvent> events =
        [
            .. inbox.Where(item => !item.IsStale && (item.Activity is not { } activity || activity.ExecutionId == row.ExecutionId))
                .Select(item => item.Event with { At = now }),
        ];
        TurnOutcome outcome;
        if (row.HistoryLength == 0)
            events.Insert(0, new HistoryEvent(EventKind.ExecutionStarted, now) { Name = row.Name });
        if (events.Count == 0)
            outcome = new TurnOutcome([], [], [], row.Status) { CustomStatus = row.CustomStatus };
        else
            outcome = RunCode(instance, events, now);
        return new Turn(row, outcome, inbox, KeepLease: !outcome.Status.IsFinal() && live.MayKeep);
    }

    private TurnOutcome RunCode(LiveInstance instance, List<HistoryEvent> events, DateTime now)
    {
        using Activity? trace = EngineTraces.ForLogs(instance.Row.TraceParent);
        try
        {
            if (instance.Corruption is { } corruption)
                throw new InvalidDataException($"The stored state of orchestration '{instance.Row.InstanceId}' is corrupt: {corruption}.");
            instance.Execution ??= Replayed(instance);
            TurnOutcome outcome = instance.Execution.RunTurn(events, now);
            if (outcome.Failure is { } failure)
                LogFailure(instance.Row, Failures.Read(failure));
            return outcome;
        }
        catch (Exception error)
        {
            _logger.LogError(error, "Orchestration {InstanceId} ({Name}) failed", instance.Row.InstanceId, instance.Row.Name);
            instance.Execution = null;
            return OrchestrationExecution.Fail(instance.Row, instance.Corruption is null ? events : [], now, error);
        }
    }

    private OrchestrationExecution Replayed(LiveInstance instance)
    {
        var execution = new OrchestrationExecution(instance.Row, functions, converter, loggers);
        if (instance.Row.HistoryLength > 0)
            execution.Replay(instance.History ?? throw new InvalidOperationException("The history was not read."));
        instance.History = null;
        return execution;
    }

    private void LogFailure(InstanceRow row, TaskFailureDetails failure) => _logger.LogWarning(
        "Orchestration {InstanceId} ({Name}) failed: {ErrorType}: {ErrorMessage}", row.InstanceId, row.Name, failure.ErrorType, failure.ErrorMessage);

    private async Task CommitAsync(LiveInstance instance, Turn turn)
    {
        TurnResult result = await committer.CommitAsync(turn);
        List<InboxItem> left;
        if (result.IsCommitted)
        {
            metrics.Committed(turn);
            if (turn.IsFinal)
                EngineTraces.Ended(turn);
            foreach (InboxItem item in turn.Consumed)
            {
                if (item.Activity is { } activity)
                    activities.Settled(activity);
            }

            left = live.End(instance, turn.After, turn.KeepLease);
            if (result.DueIn is { } dueIn)
                WakeIn(dueIn);
        }
        else
        {
            _logger.LogDebug("A turn of orchestration {InstanceId} was refused: the instance has gone on without it", turn.InstanceId);
            left = [.. turn.Consumed, .. live.Abandon(instance)];
            // If the commit succeeded and only its answer was lost, the instance is still this engine's and can be read at once.
            signals.Instances.Set();
        }

        foreach (InboxItem item in left)
        {
            if (item.Activity is { } activity)
                results.Add(activity, item.Event);
        }
    }

    private void WakeIn(TimeSpan dueIn)
    {
        if (dueIn <= TimeSpan.Zero)
            signals.Instances.Set();
        else if (dueIn < store.Options.PollInterval)
            _ = WakeLaterAsync(dueIn);
    }

    /// <summary>For times before the next regular query, which finds what is due later.</summary>
    private async Task WakeLaterAsync(TimeSpan dueIn)
    {
        await Task.Delay(dueIn, time);
        signals.Instances.Set();
    }
}
