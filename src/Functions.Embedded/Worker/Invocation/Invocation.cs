using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>
/// The host's <see cref="FunctionContext"/>. What costs (scope, features, binding data) is made on first use:
/// an orchestrator turn needs none of it.
/// </summary>
internal sealed class Invocation(FunctionInvoker invoker, IServiceProvider root, object trigger, CancellationToken cancellation)
    : FunctionContext, IAsyncDisposable
{
    private readonly Activity? _activity = Activity.Current;
    private AsyncServiceScope? _scope;
    private IServiceProvider? _services;
    private object? _instance;
    private BindingContext? _bindingContext;

    /// <summary>What started the function: an HttpContext, a TimerInfo, an orchestration context or an activity's call.</summary>
    public object Trigger => trigger;

    public FunctionInvoker Invoker => invoker;

    public ResultSlot Result { get; } = new();

    /// <summary>Gives <see cref="BindingContext"/> its values when they are asked for.</summary>
    public Func<object, IReadOnlyDictionary<string, object?>>? BindingDataSource { get; init; }

    public override string InvocationId => field ??= Guid.NewGuid().ToString();

    public override string FunctionId => invoker.Function.Definition.Id;

    public override FunctionDefinition FunctionDefinition => invoker.Function.Definition;

    public override CancellationToken CancellationToken => cancellation;

    public override TraceContext TraceContext => field ??= new ActivityTraceContext(_activity);

    public override BindingContext BindingContext => _bindingContext ??= new TriggerBindingContext(
        BindingDataSource?.Invoke(trigger) ?? ImmutableDictionary<string, object?>.Empty);

    public override RetryContext RetryContext => FirstTry.Instance;

    public override IDictionary<object, object> Items
    {
        get => field ??= new Dictionary<object, object>();
        set;
    }

    public override IInvocationFeatures Features
    {
        get
        {
            if (field is null)
            {
                field = new InvocationFeatures();
                field.Set(this);
            }

            return field;
        }
    }

    public override IServiceProvider InstanceServices
    {
        get
        {
            if (_services is null)
            {
                _scope = root.CreateAsyncScope();
                _services = _scope.Value.ServiceProvider;
            }

            return _services;
        }
        set => _services = value;
    }

    /// <summary>The object whose method runs, made by <paramref name="factory"/> from this invocation's services and disposed with it.</summary>
    public object Instance(ObjectFactory factory) => _instance ??= factory(InstanceServices, null);

    public async ValueTask DisposeAsync()
    {
        if (_instance is IAsyncDisposable asyncDisposable)
            await asyncDisposable.DisposeAsync();
        else if (_instance is IDisposable disposable)
            disposable.Dispose();
        if (_scope is { } scope)
            await scope.DisposeAsync();
    }

    /// <summary>The invocation behind a context; a middleware may have passed on a context of its own that shares the features.</summary>
    public static Invocation Of(FunctionContext context) => context as Invocation ?? context.Features.Get<Invocation>()
        ?? throw new FunctionWorkerException("The context passed to the next step is not the one of this invocation.");

    private sealed class TriggerBindingContext(IReadOnlyDictionary<string, object?> data) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => data;
    }

    private sealed class ActivityTraceContext(Activity? activity) : TraceContext
    {
        public override string TraceParent => activity?.Id ?? string.Empty;

        public override string TraceState => activity?.TraceStateString ?? string.Empty;
    }

    private sealed class FirstTry : RetryContext
    {
        public static readonly FirstTry Instance = new();

        public override int RetryCount => 0;

        public override int MaxRetryCount => 0;
    }
}
