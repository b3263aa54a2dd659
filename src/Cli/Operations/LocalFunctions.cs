using System.Reflection;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.Extensions.DependencyInjection;
using VisionPlatform.Orchestrations.Operations;

namespace VisionPlatform.Cli.Operations;

/// <summary>The platform's orchestrators and activities, found by their function names and called directly.</summary>
internal sealed class LocalFunctions(IServiceProvider services)
{
    /// <summary>How inputs and results are written; the same as on the hosts.</summary>
    internal static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static readonly Dictionary<string, MethodInfo> Methods = typeof(OperationRetry).Assembly.DefinedTypes
        .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
        .Select(method => (method, function: method.GetCustomAttribute<FunctionAttribute>()))
        .Where(pair => pair.function is not null)
        .ToDictionary(pair => pair.function!.Name, pair => pair.method, StringComparer.Ordinal);

    /// <summary>Names of the orchestrators.</summary>
    public static IReadOnlyCollection<string> Orchestrators { get; } = Named<OrchestrationTriggerAttribute>();

    /// <summary>Names of the activities.</summary>
    public static IReadOnlyCollection<string> Activities { get; } = Named<ActivityTriggerAttribute>();

    /// <summary>Calls an orchestrator for the sake of a replay; its result is not looked at.</summary>
    public static Task ReplayAsync(string name, TaskOrchestrationContext context) => CallAsync(name, context);

    /// <summary>Calls an orchestrator and returns its result as JSON.</summary>
    public Task<string?> CallOrchestratorAsync(string name, TaskOrchestrationContext context) => CallAsync(name, context);

    /// <summary>Calls an activity with an input in JSON and returns its result as JSON.</summary>
    public async Task<string?> CallActivityAsync(string name, string input, CancellationToken cancellation)
    {
        var method = Method(name);
        await using var scope = services.CreateAsyncScope();
        var target = ActivatorUtilities.CreateInstance(scope.ServiceProvider, method.DeclaringType!);
        return await InvokeAsync(method, target, parameter =>
            parameter.ParameterType == typeof(CancellationToken) ? cancellation
            : parameter.GetCustomAttribute<ActivityTriggerAttribute>() is not null ? JsonSerializer.Deserialize(input, parameter.ParameterType, Json)
            : null);
    }

    private static Task<string?> CallAsync(string name, TaskOrchestrationContext context) =>
        InvokeAsync(Method(name), null, parameter => parameter.ParameterType == typeof(TaskOrchestrationContext) ? context : null);

    private static string[] Named<TTrigger>()
        where TTrigger : Attribute =>
        [.. Methods.Where(named => named.Value.GetParameters().Any(parameter => parameter.GetCustomAttribute<TTrigger>() is not null)).Select(named => named.Key)];

    private static MethodInfo Method(string name) =>
        Methods.GetValueOrDefault(name) ?? throw new InvalidOperationException($"There is no function '{name}' in the platform.");

    private static async Task<string?> InvokeAsync(MethodInfo method, object? target, Func<ParameterInfo, object?> value)
    {
        var result = method.Invoke(target, BindingFlags.DoNotWrapExceptions, null, [.. method.GetParameters().Select(value)], null);
        if (result is Task task)
        {
            await task;
            result = task.GetType() is { IsGenericType: true } type && method.ReturnType.IsGenericType ? type.GetProperty(nameof(Task<int>.Result))!.GetValue(task) : null;
        }
        return result is null ? null : JsonSerializer.Serialize(result, Json);
    }
}
