using Microsoft.DurableTask.Embedded;

namespace Microsoft.DurableTask.Entities;

/// <summary>An entity: runs one operation at a time on its state.</summary>
public interface ITaskEntity
{
    /// <summary>Runs an operation and gives its result. What it throws undoes the operation and is told to the caller.</summary>
    ValueTask<object?> RunAsync(TaskEntityOperation operation);
}

/// <summary>
/// An entity whose operations are its public methods, found by name without regard to case. A method may take the operation's input, the
/// <see cref="TaskEntityContext"/> and the <see cref="TaskEntityOperation"/>; an operation <c>delete</c> that no method has removes the state.
/// </summary>
public abstract class TaskEntity<TState> : ITaskEntity
{
    /// <summary>Whether operations that the entity has no method for go to methods of the state.</summary>
    protected virtual bool AllowStateDispatch => false;

    /// <summary>The state: read before each operation and stored after it. Null removes it.</summary>
    protected TState State { get; set; } = default!;

    protected TaskEntityContext Context { get; private set; } = null!;

    /// <exception cref="NotSupportedException">There is no method for the operation.</exception>
    public async ValueTask<object?> RunAsync(TaskEntityOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        Context = operation.Context;
        bool isDelete = string.Equals(operation.Name, "delete", StringComparison.OrdinalIgnoreCase);
        try
        {
            State = operation.State.GetState(typeof(TState)) is { } stored ? (TState)stored : InitializeState(operation);
        }
        catch (Exception) when (isDelete && !EntityMethods.Has(this, operation.Name))
        {
            // A state that cannot be read any more can still be deleted.
            operation.State.SetState(null);
            return null;
        }

        if (EntityMethods.TryInvoke(this, operation, out Task<object?>? result)
            || (AllowStateDispatch && EntityMethods.TryInvoke(
                State ?? throw new InvalidOperationException("The operation is for the state, and there is none."), operation, out result)))
        {
            object? value = await result;
            operation.State.SetState(State);
            return value;
        }

        if (!isDelete)
            throw new NotSupportedException($"The entity {operation.Context.Id} has no operation '{operation.Name}'.");
        operation.State.SetState(null);
        return null;
    }

    /// <summary>The state an entity begins with: a new object, or the default of a value.</summary>
    protected virtual TState InitializeState(TaskEntityOperation entityOperation) => Nullable.GetUnderlyingType(typeof(TState)) is { } underlying
        ? (TState)Activator.CreateInstance(underlying)!
        : Activator.CreateInstance<TState>();
}

/// <summary>What an operation may do besides changing the state. It happens with the operation's commit, or not at all.</summary>
public abstract class TaskEntityContext
{
    public abstract EntityInstanceId Id { get; }

    public virtual void SignalEntity(EntityInstanceId id, string operationName, SignalEntityOptions options) =>
        SignalEntity(id, operationName, null, options);

    public abstract void SignalEntity(EntityInstanceId id, string operationName, object? input = null, SignalEntityOptions? options = null);

    public virtual string ScheduleNewOrchestration(TaskName name, StartOrchestrationOptions options) => ScheduleNewOrchestration(name, null, options);

    /// <summary>Starts an orchestration and gives its id.</summary>
    public abstract string ScheduleNewOrchestration(TaskName name, object? input = null, StartOrchestrationOptions? options = null);
}

/// <summary>An operation that an entity is asked for.</summary>
public abstract class TaskEntityOperation
{
    public abstract string Name { get; }

    public abstract TaskEntityContext Context { get; }

    public abstract TaskEntityState State { get; }

    public abstract bool HasInput { get; }

    public virtual T? GetInput<T>() => (T?)GetInput(typeof(T));

    public abstract object? GetInput(Type inputType);

    public override string ToString() => $"{Context.Id}/{Name}";
}

/// <summary>The state of an entity while an operation runs.</summary>
public abstract class TaskEntityState
{
    public abstract bool HasState { get; }

    public virtual T? GetState<T>(T? defaultValue = default) => HasState && GetState(typeof(T)) is { } state ? (T)state : defaultValue;

    public abstract object? GetState(Type type);

    public abstract void SetState(object? state);
}

/// <summary>How an entity is called.</summary>
public record CallEntityOptions;

/// <summary>How an entity is signalled.</summary>
public record SignalEntityOptions
{
    /// <summary>When the signal is delivered; null: at once.</summary>
    public DateTimeOffset? SignalTime { get; init; }

    public static implicit operator SignalEntityOptions?(bool? value) => value is null ? null : new();

    public static implicit operator SignalEntityOptions(DateTimeOffset value) => new() { SignalTime = value };
}

/// <summary>An operation that was called failed; its effects are undone.</summary>
public sealed class EntityOperationFailedException(EntityInstanceId entityId, string operationName, TaskFailureDetails failureDetails)
    : Exception($"Operation '{operationName}' of entity '{entityId}' failed: {failureDetails.ErrorMessage}")
{
    public EntityInstanceId EntityId { get; } = entityId;

    public string OperationName { get; } = operationName;

    public TaskFailureDetails FailureDetails { get; } = failureDetails;
}
