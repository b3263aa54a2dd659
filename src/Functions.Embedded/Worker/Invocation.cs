using System.Collections.Immutable;
using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Functions.Embedded.Official;
using RetryContext = Microsoft.Azure.Functions.Worker.RetryContext;

namespace VisionPlatform.Functions.Embedded;

/// <summary>One invocation of a function by the official middleware pipeline. Expensive parts are created on first use.</summary>
internal sealed class Invocation : FunctionContext, IAsyncDisposable
{
    private readonly IServiceProvider _root;
    private readonly Activity? _activity = Activity.Current;
    private readonly InvocationFeatures _features;
    private readonly BindingsFeature _bindings;
    private AsyncServiceScope? _scope;
    private IServiceProvider? _services;

    /// <param name="function">The function to run.</param>
    /// <param name="services">The app's services. A scope is created on first use, unless <see cref="InstanceServices"/> is set.</param>
    /// <param name="cancellation">Cancelled when the caller disconnects, the function's time limit passes or the host stops.</param>
    public Invocation(LoadedFunction function, IServiceProvider services, CancellationToken cancellation)
    {
        Function = function;
        CancellationToken = cancellation;
        _root = services;
        _features = new InvocationFeatures(this);
        _bindings = WorkerInternals.Instance.NewBindings(this);
        _features.Set(WorkerInternals.Instance.BindingsFeatureType, _bindings);
        _features.Set(WorkerInternals.Instance.ConversionFeatureType, function.Conversion);
    }

    public LoadedFunction Function { get; }

    /// <summary>The request of an HTTP trigger; null for other triggers.</summary>
    public HttpContext? Http { get; init; }

    /// <summary>Inputs by the name of the parameter, as objects of its type or as JSON.</summary>
    public IReadOnlyDictionary<string, object?> InputData { get; init; } = ImmutableDictionary<string, object?>.Empty;

    /// <summary>The trigger's metadata: route and query values, or the id of the orchestration.</summary>
    public IReadOnlyDictionary<string, object?> TriggerMetadata => field ??= MetadataSource?.Invoke(this) ?? ImmutableDictionary<string, object?>.Empty;

    /// <summary>Creates <see cref="TriggerMetadata"/> when it is read first.</summary>
    public Func<Invocation, IReadOnlyDictionary<string, object?>>? MetadataSource { get; init; }

    /// <summary>What the function returned, or what middleware set in its place.</summary>
    public object? Result => _bindings.InvocationResult;

    public override string InvocationId => field ??= Guid.NewGuid().ToString();

    public override string FunctionId => Function.Definition.Id;

    public override FunctionDefinition FunctionDefinition => Function.Definition;

    public override CancellationToken CancellationToken { get; }

    public override TraceContext TraceContext => field ??= new ActivityTraceContext(_activity);

    public override BindingContext BindingContext => field ??= new TriggerBindingContext(this);

    public override RetryContext RetryContext => field ??= new RetryOf(RetryCount, Function.Retry?.MaxRetryCount ?? 0);

    /// <summary>How many runs of this firing have failed before.</summary>
    public int RetryCount { get; init; }

    public override IDictionary<object, object> Items
    {
        get => field ??= new Dictionary<object, object>();
        set;
    }

    public override IInvocationFeatures Features => _features;

    public override IServiceProvider InstanceServices
    {
        get
        {
            if (_services is null)
            {
                _scope = _root.CreateAsyncScope();
                _services = _scope.Value.ServiceProvider;
            }

            return _services;
        }
        set => _services = value;
    }

    public async ValueTask DisposeAsync()
    {
        if (_scope is { } scope)
            await scope.DisposeAsync();
    }

    /// <summary>The invocation of a context. Middleware may pass on a context of its own that shares the features.</summary>
    public static Invocation Of(FunctionContext context) => context as Invocation ?? context.Features.Get<Invocation>()
        ?? throw new InvalidOperationException("Middleware passed on a context that does not belong to this invocation.");

    private sealed class TriggerBindingContext(Invocation invocation) : BindingContext
    {
        public override IReadOnlyDictionary<string, object?> BindingData => invocation.TriggerMetadata;
    }

    private sealed class ActivityTraceContext(Activity? activity) : TraceContext
    {
        public override string TraceParent => activity?.Id ?? string.Empty;

        public override string TraceState => activity?.TraceStateString ?? string.Empty;
    }

    private sealed class RetryOf(int count, int most) : RetryContext
    {
        public override int RetryCount => count;

        public override int MaxRetryCount => most;
    }
}
