namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>A call, a timer or a wait for an event that is not answered yet.</summary>
internal abstract class OpenTask(EventKind kind, string name, int id)
{
    public EventKind Kind { get; } = kind;

    public string Name { get; } = name;

    public int Id { get; } = id;

    /// <summary>The orchestrator's time when a wait for an event began. Of other tasks the history has the time.</summary>
    public DateTime Since { get; init; }

    /// <summary>False once it was answered or cancelled.</summary>
    public abstract bool IsOpen { get; }

    public abstract void Complete(string? data);

    public abstract void Fail(TaskFailureDetails details);

    public abstract void Cancel(CancellationToken token);
}

internal sealed class OpenTask<T>(EventKind kind, string name, int id, DataConverter converter, Func<TaskFailureDetails, Exception>? failure = null)
    : OpenTask(kind, name, id)
{
    private readonly TaskCompletionSource<T> _source = new();

    public Task<T> Task => _source.Task;

    public override bool IsOpen => !_source.Task.IsCompleted;

    public override void Complete(string? data)
    {
        T value;
        try
        {
            value = data is null ? default! : converter.Deserialize<T>(data)!;
        }
        catch (Exception error)
        {
            // The answer does not have the type that the orchestrator expects; the call fails.
            _source.TrySetException(error);
            return;
        }

        _source.TrySetResult(value);
    }

    public override void Fail(TaskFailureDetails details) =>
        _source.TrySetException(failure?.Invoke(details) ?? new TaskFailedException(Name, Id, details));

    public override void Cancel(CancellationToken token) => _source.TrySetCanceled(token);
}
