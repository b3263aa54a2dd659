using System.Text.Json;
using Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Http;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>
/// The context of a running orchestrator. It numbers the orchestrator's actions and keeps those of the current turn and those without an answer.
/// <see cref="OrchestrationExecution"/> delivers events to it and takes its actions.
/// </summary>
internal sealed partial class OrchestrationContext(
    InstanceRow instance, TurnScheduler scheduler, DataConverter converter, ILoggerFactory loggers) : TaskOrchestrationContext
{
    private readonly Dictionary<int, OpenTask> _open = [];
    /// <summary>Waits for events, newest on top. The newest wait gets an event, so that an abandoned wait does not take one from a later wait.</summary>
    private readonly Dictionary<string, Stack<OpenTask>> _waiting = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<HistoryEvent> _bufferedEvents = [];
    private readonly Queue<HistoryEvent> _actions = new();
    private readonly List<int> _cancelledTimers = [];
    private int _lastTaskId = -1;
    private int _guids;
    private DateTime _now;
    private bool _replaying;
    private volatile string? _violation;

    public override TaskName Name { get; } = instance.Name;

    public override string InstanceId => instance.InstanceId;

    public override ParentOrchestrationInstance? Parent { get; } =
        instance.ParentId is { } parent ? new ParentOrchestrationInstance(instance.ParentName ?? "", parent) : null;

    public override DateTime CurrentUtcDateTime => _now;

    public override bool IsReplaying => _replaying;

    public override string Version => instance.Version;

    protected override ILoggerFactory LoggerFactory => loggers;

    /// <summary>The status that the orchestrator set, or that the instance had before.</summary>
    public string? CustomStatus { get; private set; } = instance.CustomStatus;

    public ContinueAsNewOptions? Continuation { get; private set; }

    public override T? GetInput<T>()
        where T : default => instance.Input is null ? default : converter.Deserialize<T>(instance.Input);

    /// <summary>The input as a type that is known only at run time; null when there is none.</summary>
    public object? GetInput(Type type) => converter.Deserialize(instance.Input, type);

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        // Overload resolution can take the options for the input.
        if (input is TaskOptions && options is null)
            throw new ArgumentException("The options were passed as the input; name the parameter: options: …", nameof(input));
        string? data = converter.Serialize(input);
        Task<TResult> Call() => WithRetries(
            () => Ask<TResult>(new HistoryEvent(EventKind.TaskScheduled, _now)
            {
                Name = name.Name,
                Data = data,
                Version = options?.Version?.Version ?? instance.Version,
                Tags = TagsOf(options),
            }),
            options?.Retry);
        return input is DurableHttpRequest { HttpRetryOptions: { } retry } && name.Name == DurableHttpCalls.Activity
            ? DurableHttpCalls.CallAsync(this, retry, Call)
            : Call();
    }

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        var sub = options as SubOrchestrationOptions;
        EntityIds.ThrowIfEntity(sub?.InstanceId);
        if (_entities?.SubOrchestrationRefused is { } refused)
            throw new InvalidOperationException(refused);
        string? data = converter.Serialize(input);
        string id = sub?.InstanceId is { Length: > 0 } chosen ? chosen : NewGuid().ToString("N");
        return WithRetries(
            () => Ask<TResult>(new HistoryEvent(EventKind.SubOrchestrationCreated, _now)
            {
                Name = orchestratorName.Name,
                Data = data,
                Target = id,
                Version = (sub?.Version ?? options?.Version)?.Version ?? "",
                Tags = TagsOf(options),
            }),
            options?.Retry);
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        EnsureTurn();
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled(cancellationToken);

        DateTime due = fireAt.Kind == DateTimeKind.Local ? fireAt.ToUniversalTime() : DateTime.SpecifyKind(fireAt, DateTimeKind.Utc);
        // Rounded up, so that the timer never fires early.
        var open = OpenFor<object?>(new HistoryEvent(EventKind.TimerCreated, _now) { FireAt = DatabaseTime.RoundUp(due) });
        if (cancellationToken.CanBeCanceled)
            CancelWith(cancellationToken, open, () =>
            {
                if (_open.Remove(open.Id))
                    _cancelledTimers.Add(open.Id);
            });
        return open.Task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        EnsureTurn();
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<T>(cancellationToken);

        var open = new OpenTask<T>(EventKind.EventRaised, eventName, -1, converter) { Since = _now };
        int early = _bufferedEvents.FindIndex(raised => string.Equals(raised.Name, eventName, StringComparison.OrdinalIgnoreCase));
        if (early >= 0)
        {
            open.Complete(_bufferedEvents[early].Data);
            _bufferedEvents.RemoveAt(early);
            return open.Task;
        }

        if (!_waiting.TryGetValue(eventName, out Stack<OpenTask>? waits))
            _waiting[eventName] = waits = new Stack<OpenTask>();
        waits.Push(open);
        if (cancellationToken.CanBeCanceled)
            CancelWith(cancellationToken, open, null);
        return open.Task;
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        EnsureTurn();
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        EntityIds.ThrowIfEntity(instanceId);
        _actions.Enqueue(new HistoryEvent(EventKind.EventSent, _now)
        {
            TaskId = ++_lastTaskId,
            Name = eventName,
            Target = instanceId,
            Data = converter.Serialize(payload),
        });
    }

    public override void SetCustomStatus(object? customStatus)
    {
        EnsureTurn();
        CustomStatus = converter.Serialize(customStatus);
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) =>
        ContinueAsNew(new ContinueAsNewOptions { NewInput = newInput, PreserveUnprocessedEvents = preserveUnprocessedEvents });

    public override void ContinueAsNew(ContinueAsNewOptions options)
    {
        EnsureTurn();
        ArgumentNullException.ThrowIfNull(options);
        Continuation = options;
    }

    public override Guid NewGuid()
    {
        EnsureTurn();
        return DeterministicGuid.Create(InstanceId, _now, _guids++);
    }

    private Task<T> Ask<T>(HistoryEvent call)
    {
        EnsureTurn();
        ArgumentException.ThrowIfNullOrEmpty(call.Name, "name");
        return OpenFor<T>(call).Task;
    }

    private static string? TagsOf(TaskOptions? options) => options?.Tags is { Count: > 0 } tags ? JsonSerializer.Serialize(tags) : null;

    private string? Serialize(object? value) => converter.Serialize(value);

    private OpenTask<T> OpenFor<T>(HistoryEvent call, Func<TaskFailureDetails, Exception>? failure = null)
    {
        int id = ++_lastTaskId;
        var open = new OpenTask<T>(call.Kind, call.Name ?? "", id, converter, failure);
        _open.Add(id, open);
        _actions.Enqueue(call with { TaskId = id });
        return open;
    }

    private void CancelWith(CancellationToken token, OpenTask open, Action? whenOpen) =>
        token.UnsafeRegister(
            _ =>
            {
                if (!scheduler.IsTurnThread)
                {
                    _violation = $"a wait of orchestrator '{Name}' was cancelled outside of its turn (a CancellationTokenSource with a timeout?)";
                    return;
                }

                if (!open.IsOpen)
                    return;
                whenOpen?.Invoke();
                open.Cancel(token);
            },
            null);

    /// <summary>Refuses code that has left the turn (Task.Run, ConfigureAwait(false), I/O): a replay would not repeat it.</summary>
    private void EnsureTurn()
    {
        if (scheduler.IsTurnThread)
            return;
        _violation = $"code of orchestrator '{Name}' ran outside of its turn (Task.Run, ConfigureAwait(false), or an await of something that is not durable?)";
        throw new InvalidOperationException($"Non-deterministic orchestrator: {_violation}.");
    }
}
