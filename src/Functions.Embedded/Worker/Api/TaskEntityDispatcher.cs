using Microsoft.DurableTask.Embedded;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker;

/// <summary>Hands the operations that an entity function was started for to the entity.</summary>
public sealed class TaskEntityDispatcher
{
    private readonly EntityBatch _batch;
    private readonly IServiceProvider _services;
    private readonly CancellationToken _cancellation;

    internal TaskEntityDispatcher(EntityBatch batch, IServiceProvider services, CancellationToken cancellation) =>
        (_batch, _services, _cancellation) = (batch, services, cancellation);

    public Task DispatchAsync(ITaskEntity entity) => _batch.ExecuteAsync(entity, _cancellation);

    /// <summary>Dispatches to a new <typeparamref name="T"/>: an entity, made with the app's services, or a class whose methods are the
    /// operations and whose object is the state.</summary>
    public Task DispatchAsync<T>() => DispatchAsync(typeof(ITaskEntity).IsAssignableFrom(typeof(T))
        ? (ITaskEntity)ActivatorUtilities.GetServiceOrCreateInstance(_services, typeof(T))
        : new StateEntity<T>(_services));

    public Task DispatchAsync(Func<TaskEntityOperation, ValueTask<object?>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return DispatchAsync(new HandlerEntity(handler));
    }

    private sealed class StateEntity<T>(IServiceProvider services) : TaskEntity<T>
    {
        protected override bool AllowStateDispatch => true;

        protected override T InitializeState(TaskEntityOperation entityOperation) => (T)ActivatorUtilities.GetServiceOrCreateInstance(services, typeof(T));
    }

    private sealed class HandlerEntity(Func<TaskEntityOperation, ValueTask<object?>> handler) : ITaskEntity
    {
        public ValueTask<object?> RunAsync(TaskEntityOperation operation) => handler(operation);
    }
}
