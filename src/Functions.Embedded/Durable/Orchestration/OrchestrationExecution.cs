using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>One execution of an instance as running code. It replays its history, then runs turn by turn. Not thread-safe.</summary>
internal sealed class OrchestrationExecution
{
    private readonly InstanceRow _instance;
    private readonly IDurableFunctions _functions;
    private readonly DataConverter _converter;
    private readonly TurnScheduler _scheduler = new();
    private readonly OrchestrationContext _context;
    private readonly List<HistoryEvent> _heldBack = [];
    private readonly List<HistoryEvent> _late = [];
    private Task<object?>? _code;
    private bool _suspended;
    private DateTime _now;

    public OrchestrationExecution(InstanceRow instance, IDurableFunctions functions, DataConverter converter, ILoggerFactory loggers)
    {
        _instance = instance;
        _functions = functions;
        _converter = converter;
        _context = new OrchestrationContext(instance, _scheduler, converter, loggers);
    }

    /// <summary>Calls, timers and waits for events that are not answered.</summary>
    public IEnumerable<OpenTask> OpenTasks => _context.OpenTasks;

    /// <summary>Why the code failed; null while it runs or after it succeeded.</summary>
    public Exception? Failure => _code?.Exception?.InnerException;

    /// <summary>Whether the code can go on when something is answered.</summary>
    public bool IsWaiting => !HasEnded && _context.IsWaiting;

    private bool HasEnded => _code is { IsCompleted: true };

    /// <summary>Runs the code through its history.</summary>
    /// <exception cref="NonDeterministicOrchestrationException">The code does not repeat the history.</exception>
    public void Replay(IReadOnlyList<HistoryEvent> history)
    {
        foreach (HistoryEvent recorded in history)
        {
            switch (recorded.Kind)
            {
                case EventKind.OrchestratorStarted:
                    _context.EnsureNothingExtra();
                    _now = recorded.At;
                    _context.BeginTurn(_now, replaying: true);
                    break;
                case var kind when kind.IsAction():
                    _context.Match(recorded);
                    break;
                default:
                    Apply(recorded);
                    break;
            }
        }

        _context.EnsureNothingExtra();
        _context.TakeCancelledTimers();
    }

    /// <summary>Delivers events and runs the code until it waits or ends. Exceptions of the code fail the instance and are not thrown.</summary>
    public TurnOutcome RunTurn(IReadOnlyList<HistoryEvent> events, DateTime now)
    {
        // The orchestrator's clock never goes back, and a timer is never seen before it is due, even when the clocks of processes differ.
        foreach (HistoryEvent happened in events)
            now = happened.FireAt is { } due && happened.Kind == EventKind.TimerFired && due > now ? due : now;
        _now = now > _now ? now : _now;
        _context.BeginTurn(_now, replaying: false);

        List<HistoryEvent> recorded = [new HistoryEvent(EventKind.OrchestratorStarted, _now)];
        foreach (HistoryEvent happened in events)
        {
            recorded.Add(happened);
            Apply(happened);
        }

        return Finish(recorded);
    }

    /// <summary>A turn that ends the instance without running code, for example when the replay failed.</summary>
    public static TurnOutcome Fail(InstanceRow instance, IReadOnlyList<HistoryEvent> events, DateTime now, Exception error)
    {
        string failure = Failures.Write(error);
        return new TurnOutcome(
            [
                new HistoryEvent(EventKind.OrchestratorStarted, now),
                .. events,
                new HistoryEvent(EventKind.ExecutionCompleted, now) { Name = nameof(OrchestrationRuntimeStatus.Failed), Data = failure },
            ],
            [],
            [],
            OrchestrationRuntimeStatus.Failed)
        {
            Failure = failure,
            CustomStatus = instance.CustomStatus,
        };
    }

    private void Apply(HistoryEvent happened)
    {
        switch (happened.Kind)
        {
            case EventKind.ExecutionStarted:
                _scheduler.Pump(() => _code = Start());
                break;
            case EventKind.ExecutionSuspended when !HasEnded:
                _suspended = true;
                break;
            case EventKind.ExecutionResumed when !HasEnded:
                _suspended = false;
                foreach (HistoryEvent held in _heldBack)
                    Deliver(held);
                _heldBack.Clear();
                break;
            default:
                if (_suspended)
                    _heldBack.Add(happened);
                else
                    Deliver(happened);
                break;
        }
    }

    private void Deliver(HistoryEvent happened)
    {
        if (HasEnded)
            _late.Add(happened);
        else
            _scheduler.Pump(() => _context.Deliver(happened));
    }

    private Task<object?> Start()
    {
        try
        {
            return _functions.RunOrchestratorAsync(_instance.Name, _context);
        }
        catch (Exception error)
        {
            return Task.FromException<object?>(error);
        }
    }

    private TurnOutcome Finish(List<HistoryEvent> recorded)
    {
        if (HasEnded)
            _context.LeaveCriticalSection();
        var outcome = new TurnOutcome(recorded, _context.TakeActions(), _context.TakeCancelledTimers(), OrchestrationRuntimeStatus.Running)
        {
            CustomStatus = _context.CustomStatus,
        };
        recorded.AddRange(outcome.Actions);

        if (_context.Violation is { } violation)
            return End(outcome, OrchestrationRuntimeStatus.Failed, null, new NonDeterministicOrchestrationException($"Non-deterministic orchestrator: {violation}."));
        if (_code is { IsFaulted: true } or { IsCanceled: true })
            return End(outcome, OrchestrationRuntimeStatus.Failed, null, ErrorOf(_code));
        if (HasEnded && _context.Continuation is { } continuation)
            return outcome with { Next = NextOf(continuation) };
        if (HasEnded)
            return EndWithResult(outcome, _code!.Result);
        if (_suspended)
            return outcome with { Status = OrchestrationRuntimeStatus.Suspended };
        if (!_context.IsWaiting)
        {
            return End(outcome, OrchestrationRuntimeStatus.Failed, null, new NonDeterministicOrchestrationException(
                $"Non-deterministic orchestrator: '{_instance.Name}' awaits something that is not durable, so nothing can continue it."));
        }

        return outcome;
    }

    private TurnOutcome EndWithResult(TurnOutcome outcome, object? result)
    {
        try
        {
            return End(outcome, OrchestrationRuntimeStatus.Completed, _converter.Serialize(result), null);
        }
        catch (Exception error) when (error is NotSupportedException or System.Text.Json.JsonException or InvalidOperationException)
        {
            return End(outcome, OrchestrationRuntimeStatus.Failed, null, error);
        }
    }

    private static Exception ErrorOf(Task code)
    {
        try
        {
            code.GetAwaiter().GetResult();
            return new InvalidOperationException("The orchestrator did not fail.");
        }
        catch (Exception error)
        {
            return error;
        }
    }

    private TurnOutcome End(TurnOutcome outcome, OrchestrationRuntimeStatus status, string? output, Exception? error)
    {
        string? failure = error is null ? null : Failures.Write(error);
        outcome.Recorded.Add(new HistoryEvent(EventKind.ExecutionCompleted, _now) { Name = status.ToString(), Data = output ?? failure });
        return outcome with { Status = status, Output = output, Failure = failure };
    }

    /// <summary>The next execution receives the events that no wait has taken, in the order in which they arrived.</summary>
    private NextExecution NextOf(ContinueAsNewOptions continuation)
    {
        IEnumerable<HistoryEvent> inherited = continuation.PreserveUnprocessedEvents
            ? _context.BufferedEvents.Concat(_late.Where(late => late.Kind == EventKind.EventRaised))
            : [];
        return new NextExecution(
            Guid.CreateVersion7(),
            _converter.Serialize(continuation.NewInput),
            continuation.NewVersion,
            [.. inherited.Concat(_late.Where(late => late.Kind is EventKind.ExecutionSuspended or EventKind.ExecutionResumed))]);
    }
}
