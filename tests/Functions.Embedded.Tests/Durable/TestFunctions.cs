using System.Collections.Concurrent;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using VisionPlatform.Functions.Embedded.Durable;
using Microsoft.DurableTask.Entities;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace VisionPlatform.Functions.Embedded.Tests.Durable;

/// <summary>Orchestrators and activities made of delegates.</summary>
internal sealed class TestFunctions : IDurableFunctions
{
    private readonly ConcurrentDictionary<string, Func<TaskOrchestrationContext, Task<object?>>> _orchestrators = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<string, Func<string, string?, CancellationToken, Task<object?>>> _activities = new(StringComparer.OrdinalIgnoreCase);

    private readonly ConcurrentDictionary<string, Func<ITaskEntity>> _entities = new(StringComparer.OrdinalIgnoreCase);
    private IServiceProvider? _services;

    public TestFunctions Orchestrator<T>(string name, Func<TaskOrchestrationContext, Task<T>> code)
    {
        _orchestrators[name] = async context => await code(context);
        return this;
    }

    public TestFunctions Orchestrator(string name, Func<TaskOrchestrationContext, Task> code)
    {
        _orchestrators[name] = async context =>
        {
            await code(context);
            return null;
        };
        return this;
    }

    public TestFunctions Activity<TInput, TResult>(string name, Func<TInput, TResult> code) =>
        Activity<TInput, TResult>(name, (input, _) => Task.FromResult(code(input)));

    public TestFunctions Activity<TInput, TResult>(string name, Func<TInput, CancellationToken, Task<TResult>> code)
    {
        _activities[name] = async (_, input, cancellation) => await code(Read<TInput>(input), cancellation);
        return this;
    }

    /// <summary>An activity that is told by whom it is called.</summary>
    public TestFunctions Activity<TInput, TResult>(string name, Func<string, TInput, CancellationToken, Task<TResult>> code)
    {
        _activities[name] = async (instance, input, cancellation) =>
            await code(instance, Read<TInput>(input), cancellation);
        return this;
    }

    public TestFunctions Entity(string name, Func<ITaskEntity> create)
    {
        _entities[name] = create;
        return this;
    }

    public TestFunctions Entity<TEntity>(string name)
        where TEntity : ITaskEntity, new() => Entity(name, () => new TEntity());

    /// <summary>The converter that entities read and write their state with; the default one unless set.</summary>
    public TestFunctions WithConverter(DataConverter converter)
    {
        _services = new ServiceCollection()
            .AddSingleton(new DurableTaskShimFactory(new DurableTaskWorkerOptions { DataConverter = converter }, NullLoggerFactory.Instance))
            .BuildServiceProvider();
        return this;
    }

    public IEnumerable<string> Entities => _entities.Keys;

    public bool HasEntity(string name) => _entities.ContainsKey(name);

    public Task RunEntityAsync(string name, EntityBatch batch, CancellationToken cancellation) => batch.ExecuteAsync(_entities[name](), _services);

    public IEnumerable<string> Orchestrators => _orchestrators.Keys;

    public IEnumerable<string> Activities => _activities.Keys;

    public bool HasOrchestrator(string name) => _orchestrators.ContainsKey(name);

    public bool HasActivity(string name) => _activities.ContainsKey(name);

    public Task<object?> RunOrchestratorAsync(string name, OrchestrationContext context) => _orchestrators[name](context);

    public Task<object?> RunActivityAsync(ActivityCall call, CancellationToken cancellation) =>
        _activities[call.Name](call.Key.InstanceId, call.Input, cancellation);

    private static T Read<T>(string? input) => input is null ? default! : JsonDataConverter.Default.Deserialize<T>(input)!;
}
