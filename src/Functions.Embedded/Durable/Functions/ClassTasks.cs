using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Invocation;
using Microsoft.DurableTask.Worker;
using VisionPlatform.Functions.Embedded.Official;

namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Runs the orchestrators and activities that are classes in the app's <see cref="DurableTaskRegistry"/>.</summary>
internal sealed class ClassTasks(IDurableTaskFactory factory, DataConverter converter)
{
    /// <summary>Runs an orchestrator class. Its context is among the invocation's inputs.</summary>
    public IFunctionExecutor OrchestratorExecutor { get; } = new Orchestrators(factory);

    /// <summary>Runs an activity class for one call.</summary>
    public IFunctionExecutor ExecutorOf(ActivityCall call) => new OneActivity(factory, converter, call);

    public bool IsOrchestrator(LoadedFunction function) => function.Definition.EntryPoint == WorkerInternals.Instance.ClassOrchestratorEntryPoint;

    public bool IsActivity(LoadedFunction function) => function.Definition.EntryPoint == WorkerInternals.Instance.ClassActivityEntryPoint;

    // No ConfigureAwait(false): an orchestrator's continuations must run on the engine's scheduler.
    private sealed class Orchestrators(IDurableTaskFactory factory) : IFunctionExecutor
    {
        public async ValueTask ExecuteAsync(FunctionContext context)
        {
            Invocation invocation = Invocation.Of(context);
            var orchestration = (OrchestrationContext)invocation.InputData[invocation.Function.Trigger.Name]!;
            if (!factory.TryCreateOrchestrator(invocation.Function.Name, context.InstanceServices, out ITaskOrchestrator? orchestrator))
                throw new InvalidOperationException($"No orchestrator class is registered as '{invocation.Function.Name}'.");
            context.GetInvocationResult().Value = await orchestrator.RunAsync(orchestration, orchestration.GetInput(orchestrator.InputType));
        }
    }

    private sealed class OneActivity(IDurableTaskFactory factory, DataConverter converter, ActivityCall call) : IFunctionExecutor
    {
        public async ValueTask ExecuteAsync(FunctionContext context)
        {
            if (!factory.TryCreateActivity(call.Name, context.InstanceServices, out ITaskActivity? activity))
                throw new InvalidOperationException($"No activity class is registered as '{call.Name}'.");
            context.GetInvocationResult().Value = await activity.RunAsync(new CallContext(call), converter.Deserialize(call.Input, activity.InputType));
        }
    }

    private sealed class CallContext(ActivityCall call) : TaskActivityContext
    {
        public override TaskName Name => new(call.Name);

        public override string InstanceId => call.Key.InstanceId;

        public override string Version => call.Version;
    }
}
