using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Invocation;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Logging;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>The app's orchestrators, activities and entities. They run through the official middleware pipeline.</summary>
internal sealed class AppDurableFunctions(
    FunctionCatalog functions,
    FunctionExecutionDelegate pipeline,
    IFunctionExecutor executor,
    ClassTasks classes,
    HostSettings settings,
    HostDrain drain,
    DataConverter converter,
    IServiceProvider services,
    ILoggerFactory logging)
    : IDurableFunctions
{
    private readonly ILogger _log = logging.CreateLogger(HostLog.Activities);

    private readonly Dictionary<string, LoadedFunction> _entities = functions.OfKind(TriggerKind.Entity).ToDictionary(
        function => function.Trigger.EntityName is { Length: > 0 } given ? given : function.Name,
        StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> Orchestrators => functions.OfKind(TriggerKind.Orchestration).Select(function => function.Name);

    public IEnumerable<string> Activities => functions.OfKind(TriggerKind.Activity).Select(function => function.Name).Append(DurableHttpCalls.Activity);

    public IEnumerable<string> Entities => _entities.Keys;

    public bool HasOrchestrator(string name) => functions.Find(name, TriggerKind.Orchestration) is not null;

    public bool HasActivity(string name) => functions.Find(name, TriggerKind.Activity) is not null || name == DurableHttpCalls.Activity;

    public bool HasEntity(string name) => _entities.ContainsKey(name);

    /// <remarks>
    /// Every await between the engine and the orchestrator keeps the engine's scheduler: the official pipeline has no ConfigureAwait(false), and
    /// everything that it awaits before the orchestrator has completed. An orchestrator that waits forever never reaches the end of this method. Its
    /// invocation then holds nothing to dispose, unless middleware resolved a disposable service.
    /// </remarks>
    public async Task<object?> RunOrchestratorAsync(string name, OrchestrationContext context)
    {
        LoadedFunction function = Require(name, TriggerKind.Orchestration);
        await using var invocation = new Invocation(function, services, CancellationToken.None)
        {
            InputData = InputOf(function, context),
            MetadataSource = static invocation => InstanceOf(((OrchestrationContext)invocation.InputData[invocation.Function.Trigger.Name]!).InstanceId),
        };
        // The official executor of orchestrators expects a history from a Functions host.
        invocation.Features.Set(classes.IsOrchestrator(function) ? classes.OrchestratorExecutor : executor);
        await pipeline(invocation);
        return invocation.Result;
    }

    public async Task<object?> RunActivityAsync(ActivityCall call, CancellationToken cancellation)
    {
        using CancellationTokenSource limited = drain.ForFunction(settings.FunctionTimeout, cancellation);
        if (call.Name == DurableHttpCalls.Activity)
            return await DurableHttpCalls.RunAsync(call.Input, converter, limited.Token);
        LoadedFunction function = Require(call.Name, TriggerKind.Activity);
        await using var invocation = new Invocation(function, services, limited.Token)
        {
            InputData = new Dictionary<string, object?> { [function.Trigger.Name] = call.Input },
            MetadataSource = _ => InstanceOf(call.Key.InstanceId),
        };
        // The official executor of activities wraps exceptions for a Functions host.
        invocation.Features.Set(classes.IsActivity(function) ? classes.ExecutorOf(call) : executor);
        try
        {
            await pipeline(invocation);
        }
        catch (Exception e) when (!limited.IsCancellationRequested)
        {
            _log.LogWarning(e, "Activity {Function} of instance {InstanceId} failed ({InvocationId})", call.Name, call.Key.InstanceId, invocation.InvocationId);
            throw;
        }

        return invocation.Result;
    }

    public async Task RunEntityAsync(string name, EntityBatch batch, CancellationToken cancellation)
    {
        using CancellationTokenSource limited = drain.ForFunction(settings.FunctionTimeout, cancellation);
        LoadedFunction function = _entities[name];
        await using var invocation = new Invocation(function, services, limited.Token)
        {
            InputData = new Dictionary<string, object?> { [function.Trigger.Name] = batch.ToRequest() },
            MetadataSource = _ => InstanceOf(batch.Id.ToString()),
        };
        await pipeline(invocation);
        batch.Complete(invocation.Result as string);
    }

    /// <summary>The context and, for a function with a parameter for it, the orchestration's input.</summary>
    private static Dictionary<string, object?> InputOf(LoadedFunction function, OrchestrationContext context)
    {
        var input = new Dictionary<string, object?> { [function.Trigger.Name] = context };
        FunctionDefinition definition = function.Definition;
        FunctionParameter? wanted = definition.Parameters.FirstOrDefault(parameter =>
            parameter.Type != typeof(FunctionContext) && parameter.Type != typeof(CancellationToken) && !definition.InputBindings.ContainsKey(parameter.Name));
        if (wanted is not null)
            input[wanted.Name] = context.GetInput(wanted.Type);
        return input;
    }

    private static Dictionary<string, object?> InstanceOf(string id) => new(StringComparer.OrdinalIgnoreCase) { ["instanceId"] = id };

    private LoadedFunction Require(string name, TriggerKind kind) => functions.Find(name, kind)
        ?? throw new InvalidOperationException($"This app has no {kind.ToString().ToLowerInvariant()} function named '{name}'.");
}
