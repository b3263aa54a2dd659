using Microsoft.DurableTask;
using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.Logging;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>The app's orchestrators and activities, run through the app's middleware.</summary>
internal sealed class AppDurableFunctions(
    FunctionSet functions,
    InvocationPipeline pipeline,
    HostSettings settings,
    HostDrain drain,
    DataConverter converter,
    IServiceProvider services,
    ILoggerFactory logging)
    : IDurableFunctions
{
    private readonly ILogger _log = logging.CreateLogger(HostLog.Activities);

    private readonly Dictionary<string, FunctionInvoker> _entities = functions.OfKind(TriggerKind.Entity).ToDictionary(
        invoker => ((EntityTriggerAttribute)invoker.Function.Trigger).EntityName is { Length: > 0 } given ? given : invoker.Function.Name,
        StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> Orchestrators => functions.OfKind(TriggerKind.Orchestration).Select(f => f.Function.Name);

    public IEnumerable<string> Activities => functions.OfKind(TriggerKind.Activity).Select(f => f.Function.Name).Append(DurableHttpCalls.Activity);

    public IEnumerable<string> Entities => _entities.Keys;

    public bool HasOrchestrator(string name) => functions.Find(name, TriggerKind.Orchestration) is not null;

    public bool HasActivity(string name) => functions.Find(name, TriggerKind.Activity) is not null || name == DurableHttpCalls.Activity;

    public bool HasEntity(string name) => _entities.ContainsKey(name);

    /// <remarks>
    /// Every await between the engine and the orchestrator keeps the engine's scheduler. An orchestrator that is left
    /// waiting for good never gets to the end of this method; its invocation then holds nothing that needs disposing,
    /// unless middleware asked for scoped services.
    /// </remarks>
    public async Task<object?> RunOrchestratorAsync(string name, TaskOrchestrationContext context)
    {
        FunctionInvoker invoker = Require(name, TriggerKind.Orchestration);
        await using var invocation = new Invocation(invoker, services, context, CancellationToken.None)
        {
            BindingDataSource = static trigger => new Dictionary<string, object?>
            {
                ["instanceId"] = ((TaskOrchestrationContext)trigger).InstanceId,
            },
        };
        await pipeline.RunAsync(invocation);
        return invocation.Result.Value;
    }

    public async Task<object?> RunActivityAsync(string name, string instanceId, string? serializedInput, CancellationToken cancellation)
    {
        using CancellationTokenSource limited = drain.ForFunction(settings.FunctionTimeout, cancellation);
        if (name == DurableHttpCalls.Activity)
            return await DurableHttpCalls.RunAsync(converter.Deserialize<DurableHttpCalls.Request>(serializedInput)!, limited.Token);
        FunctionInvoker invoker = Require(name, TriggerKind.Activity);
        await using var invocation = new Invocation(invoker, services, new CalledActivityInput(name, instanceId, serializedInput, converter), limited.Token)
        {
            BindingDataSource = static trigger => new Dictionary<string, object?> { ["instanceId"] = ((CalledActivityInput)trigger).InstanceId },
        };
        try
        {
            await pipeline.RunAsync(invocation);
        }
        catch (Exception e) when (!limited.IsCancellationRequested)
        {
            _log.LogWarning(e, "Activity {Function} of instance {InstanceId} failed ({InvocationId})", name, instanceId, invocation.InvocationId);
            throw;
        }

        return invocation.Result.Value;
    }

    public async Task RunEntityAsync(string name, EntityBatch batch, CancellationToken cancellation)
    {
        using CancellationTokenSource limited = drain.ForFunction(settings.FunctionTimeout, cancellation);
        await using var invocation = new Invocation(_entities[name], services, batch, limited.Token)
        {
            BindingDataSource = static trigger => new Dictionary<string, object?> { ["instanceId"] = ((EntityBatch)trigger).Id.ToString() },
        };
        await pipeline.RunAsync(invocation);
    }

    private FunctionInvoker Require(string name, TriggerKind kind) => functions.Find(name, kind)
        ?? throw new InvalidOperationException($"This app has no {kind.ToString().ToLowerInvariant()} function named '{name}'.");
}
