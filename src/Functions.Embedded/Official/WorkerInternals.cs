using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Context.Features;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace VisionPlatform.Functions.Embedded.Official;

/// <summary>
/// All uses of internal types of the official packages. They are looked up when the host starts. If a version of the packages lacks one of them, the
/// start fails with a message that names it.
/// </summary>
/// <remarks>
/// The rest of the host uses public API: it derives from <see cref="FunctionContext"/> and <see cref="FunctionDefinition"/>, takes the
/// middleware pipeline (<see cref="Microsoft.Azure.Functions.Worker.Middleware.FunctionExecutionDelegate"/>) and the generated executor
/// from the services, and reads functions from <see cref="Microsoft.Azure.Functions.Worker.Core.FunctionMetadata.IFunctionMetadataManager"/>.
/// </remarks>
internal sealed class WorkerInternals
{
    private const string Core = "Microsoft.Azure.Functions.Worker.Core";
    private const string AspNetCore = "Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore";
    private const string Durable = "Microsoft.Azure.Functions.Worker.Extensions.DurableTask";

    private static readonly Lazy<WorkerInternals> s_instance = new(() => new WorkerInternals(name => Type.GetType(name, throwOnError: false)));

    private readonly Func<string, Type?> _find;
    private readonly List<string> _used = [];
    private readonly List<string> _missing = [];
    private readonly Type _worker;
    private readonly Type _coordinator;
    private readonly Type _bindingsInfoProvider;
    private readonly Type _conversionFeature;
    private readonly MethodInfo _getBindingsInfo;
    private readonly MethodInfo _useAspNetCore;
    private readonly Func<object> _newBindings;
    private readonly Func<object> _newWorker;
    private readonly Func<object> _newCoordinator;
    private readonly Func<DurableTaskClient, string?, string?, DurableTaskClient> _newClient;
    private readonly ObjectFactory _newInputBinding;
    private readonly ObjectFactory _newConversion;

    /// <param name="find">Finds a type by its name with the name of its assembly; null when there is none.</param>
    /// <exception cref="InvalidOperationException">The official packages lack something that the embedded host needs; the message names it.</exception>
    internal WorkerInternals(Func<string, Type?> find)
    {
        _find = find;
        // Starts and stops the connection to a Functions host.
        _worker = TypeOf(Core, "Microsoft.Azure.Functions.Worker.IWorker");
        // The ASP.NET Core middleware waits here for the request of an invocation.
        _coordinator = TypeOf(AspNetCore, "Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore.IHttpCoordinator");
        // Adds that middleware, once. Called early, so that our coordinator is registered after the official one and replaces it.
        _useAspNetCore = Method(TypeOf(AspNetCore, "Microsoft.Azure.Functions.Worker.WorkerBuilderExtensions"), "UseAspNetCoreIntegration");
        // Holds inputs and result of an invocation.
        BindingsFeatureType = TypeOf(Core, "Microsoft.Azure.Functions.Worker.Context.Features.IFunctionBindingsFeature");
        _bindingsInfoProvider = TypeOf(Core, "Microsoft.Azure.Functions.Worker.OutputBindings.IOutputBindingsInfoProvider");
        _getBindingsInfo = Method(_bindingsInfoProvider, "GetBindingsInfo");
        // The converters, and the feature that fills a function's parameters with them.
        ConversionFeatureType = TypeOf(Core, "Microsoft.Azure.Functions.Worker.Context.Features.IInputConversionFeature");
        _conversionFeature = TypeOf(Core, "Microsoft.Azure.Functions.Worker.Context.Features.DefaultInputConversionFeature");
        Type inputBinding = TypeOf(Core, "Microsoft.Azure.Functions.Worker.Context.Features.DefaultFunctionInputBindingFeature");
        // The client that builds management URLs.
        Type client = TypeOf(Durable, "Microsoft.Azure.Functions.Worker.FunctionsDurableTaskClient");
        // Entry points of orchestrators and activities that are registered as classes.
        Type durable = TypeOf(Durable, "Microsoft.Azure.Functions.Worker.Extensions.DurableTask.Execution.DurableFunctionExecutor");
        ClassOrchestratorEntryPoint = Text(durable, "OrchestrationEntryPoint");
        ClassActivityEntryPoint = Text(durable, "ActivityEntryPoint");

        _newWorker = Implement(_worker, typeof(IdleWorker));
        _newCoordinator = Implement(_coordinator, typeof(InProcessHttpCoordinator));
        _newBindings = Implement(BindingsFeatureType, typeof(BindingsFeature<>).MakeGenericType(_getBindingsInfo.ReturnType));
        _newClient = ClientConstructor(client);
        _newInputBinding = Factory(inputBinding);
        _newConversion = Factory(_conversionFeature);
        if (_missing.Count > 0)
            throw new InvalidOperationException(Explain(_missing));
    }

    /// <exception cref="InvalidOperationException">The official packages lack something that the embedded host needs; the message names it.</exception>
    public static WorkerInternals Instance => s_instance.Value;

    /// <summary>What the packages keep internal and this class uses, by name. An interface is implemented whole.</summary>
    internal IReadOnlyList<string> Used => _used;

    /// <summary>The interface under which the official middleware looks for an invocation's inputs and result.</summary>
    public Type BindingsFeatureType { get; }

    /// <summary>The interface under which the official code looks for the converters.</summary>
    public Type ConversionFeatureType { get; }

    /// <summary>The entry point of orchestrators that are classes in the <c>DurableTaskRegistry</c>.</summary>
    public string ClassOrchestratorEntryPoint { get; }

    /// <summary>The entry point of activities that are classes in the <c>DurableTaskRegistry</c>.</summary>
    public string ClassActivityEntryPoint { get; }

    /// <summary>Replaces the connection to a Functions host: requests reach functions in this process.</summary>
    public void TakeThePlaceOfTheFunctionsHost(IFunctionsWorkerApplicationBuilder builder)
    {
        // The official registration adds a worker only when there is none.
        builder.Services.AddSingleton(_worker, _ => _newWorker());
        _useAspNetCore.Invoke(null, [builder]);
        builder.Services.AddSingleton(_coordinator, _ => _newCoordinator());
    }

    /// <summary>Creates the feature that holds an invocation's inputs and result, as the official middleware expects it.</summary>
    public BindingsFeature NewBindings(Invocation invocation)
    {
        var bindings = (BindingsFeature)_newBindings();
        bindings.Invocation = invocation;
        return bindings;
    }

    /// <summary>The output bindings of a function, which the official middleware applies to its result.</summary>
    public object OutputBindingsOf(FunctionDefinition function, IServiceProvider services) =>
        _getBindingsInfo.Invoke(services.GetRequiredService(_bindingsInfoProvider), [function])!;

    /// <summary>Creates the feature that fills the parameters of an invocation.</summary>
    public IFunctionInputBindingFeature NewInputBinding(IServiceProvider services) => (IFunctionInputBindingFeature)_newInputBinding(services, null);

    /// <summary>Creates the converters. One object serves all invocations.</summary>
    public object NewConversion(IServiceProvider services) => _newConversion(services, null);

    /// <summary>Creates a client whose management URLs begin with <paramref name="baseUrl"/> and contain <paramref name="query"/>.</summary>
    public DurableTaskClient NewClient(DurableTaskClient inner, string? query, string? baseUrl) => _newClient(inner, query, baseUrl);

    internal static string Explain(IEnumerable<string> missing) =>
        "The embedded host does not support the installed versions of the Azure Functions packages. "
        + string.Join(" ", missing)
        + " Use the versions of Directory.Packages.props, or adapt WorkerInternals.";

    private Type TypeOf(string assembly, string name)
    {
        _used.Add(name);
        Type? found = _find($"{name}, {assembly}");
        if (found is null)
            _missing.Add($"{assembly} has no type {name}.");
        return found ?? typeof(Missing);
    }

    private MethodInfo Method(Type type, string name)
    {
        _used.Add($"{type}.{name}()");
        MethodInfo? found = type.GetMethod(name, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static);
        if (found is null && type != typeof(Missing))
            _missing.Add($"{type} has no method {name}.");
        return found ?? typeof(Missing).GetMethod(nameof(Missing.Nothing))!;
    }

    private string Text(Type type, string field)
    {
        _used.Add($"{type}.{field}");
        if (type.GetField(field, BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static)?.GetValue(null) is string text)
            return text;
        if (type != typeof(Missing))
            _missing.Add($"{type} has no text {field}.");
        return "";
    }

    private Func<object> Implement(Type contract, Type implementation)
    {
        try
        {
            if (contract != typeof(Missing))
                return InternalInterface.Implement(contract, implementation);
        }
        catch (Exception error) when (error is TypeLoadException or ArgumentException)
        {
            _missing.Add($"{contract} does not match {implementation.Name}: {error.Message}");
        }

        return () => throw new InvalidOperationException(Explain(_missing));
    }

    private Func<DurableTaskClient, string?, string?, DurableTaskClient> ClientConstructor(Type client)
    {
        _used.Add($"new {client}(client, query, address)");
        Type[] types = [typeof(DurableTaskClient), typeof(string), typeof(string)];
        ConstructorInfo? constructor = client.GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance).FirstOrDefault(
            found => found.GetParameters() is { Length: >= 3 } wanted
                && wanted.Take(3).Select(parameter => parameter.ParameterType).SequenceEqual(types)
                && wanted.Skip(3).All(parameter => parameter.HasDefaultValue));
        if (constructor is not null)
        {
            ParameterExpression[] parameters = [.. types.Select(type => Expression.Parameter(type))];
            IEnumerable<Expression> absent = constructor.GetParameters().Skip(3).Select(parameter => Expression.Default(parameter.ParameterType));
            return Expression.Lambda<Func<DurableTaskClient, string?, string?, DurableTaskClient>>(
                Expression.New(constructor, [.. parameters, .. absent]), parameters).Compile();
        }

        if (client != typeof(Missing))
            _missing.Add($"{client} has no constructor with a client, a query and an address.");
        return (_, _, _) => throw new InvalidOperationException(Explain(_missing));
    }

    private ObjectFactory Factory(Type type)
    {
        _used.Add($"new {type}()");
        try
        {
            return ActivatorUtilities.CreateFactory(type, Type.EmptyTypes);
        }
        catch (InvalidOperationException error)
        {
            _missing.Add($"{type} cannot be created: {error.Message}");
            return (_, _) => throw new InvalidOperationException(Explain(_missing));
        }
    }

    /// <summary>Stands for a type that was not found, so that one message can name everything that is missing.</summary>
    private sealed class Missing
    {
        public static object? Nothing() => null;
    }
}
