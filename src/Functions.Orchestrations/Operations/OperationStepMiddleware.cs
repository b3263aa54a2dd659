using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Application.Operations;
using VisionPlatform.Orchestrations.Backups;

namespace VisionPlatform.Orchestrations.Operations;

/// <summary>Puts the activities of an operation's orchestrations under <see cref="OperationWatch"/>. The id of the orchestration tells the operation.</summary>
public sealed class OperationStepMiddleware : IFunctionsWorkerMiddleware
{
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        // A drill removes its database also after a cancellation.
        if (OperationOf(context) is not { } operation || context.FunctionDefinition.Name == nameof(RestoreActivities.EndDrill))
            return next(context);
        return context.InstanceServices.GetRequiredService<OperationWatch>().RunAsync(operation, stop => next(new StoppableContext(context, stop)), context.CancellationToken);
    }

    private static Guid? OperationOf(FunctionContext context) =>
        context.FunctionDefinition.InputBindings.Values.Any(static binding => binding.Type == "activityTrigger")
        && context.BindingContext.BindingData.TryGetValue("instanceId", out var instance) && instance is string text
            ? OperationWork.OfInstance(text.Trim('"'))
            : null;

    /// <summary>The context of a function whose token is another one.</summary>
    private sealed class StoppableContext(FunctionContext inner, CancellationToken stop) : FunctionContext
    {
        public override CancellationToken CancellationToken => stop;

        public override string InvocationId => inner.InvocationId;

        public override string FunctionId => inner.FunctionId;

        public override TraceContext TraceContext => inner.TraceContext;

        public override BindingContext BindingContext => inner.BindingContext;

        public override RetryContext RetryContext => inner.RetryContext;

        public override IServiceProvider InstanceServices
        {
            get => inner.InstanceServices;
            set => inner.InstanceServices = value;
        }

        public override FunctionDefinition FunctionDefinition => inner.FunctionDefinition;

        public override IDictionary<object, object> Items
        {
            get => inner.Items;
            set => inner.Items = value;
        }

        public override IInvocationFeatures Features => inner.Features;
    }
}
