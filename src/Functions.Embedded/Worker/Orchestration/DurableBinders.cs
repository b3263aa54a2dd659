using System.Reflection;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Embedded;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>One call of an activity: by which instance, with what serialized input.</summary>
internal sealed record CalledActivityInput(string Name, string InstanceId, string? Input, DataConverter Converter);

/// <summary>Where parameters of orchestrators, activities and durable clients come from.</summary>
internal static class DurableBinders
{
    /// <summary>A client that knows this host's address and key; orchestrators get none, it would break replay.</summary>
    public static ParameterBinder? Client(Type type, TriggerKind kind)
    {
        if (type != typeof(DurableTaskClient) || kind == TriggerKind.Orchestration)
            return null;
        return static invocation =>
        {
            IServiceProvider services = invocation.InstanceServices;
            return new FunctionsDurableTaskClient(
                services.GetRequiredService<DurableTaskClient>(),
                services.GetRequiredService<ManagementAddress>().For(invocation.Trigger as HttpContext));
        };
    }

    public static ParameterBinder? OrchestrationTrigger(Type type)
        => type == typeof(TaskOrchestrationContext) ? static invocation => invocation.Trigger : null;

    public static ParameterBinder? EntityTrigger(Type type) => type == typeof(TaskEntityDispatcher)
        ? static invocation => new TaskEntityDispatcher((EntityBatch)invocation.Trigger, invocation.InstanceServices, invocation.CancellationToken)
        : null;

    /// <summary>The orchestration's input as the parameter's type.</summary>
    public static ParameterBinder? OrchestrationInput(ParameterInfo parameter)
    {
        if (parameter.ParameterType == typeof(CancellationToken))
            return null;
        MethodInfo read = typeof(DurableBinders).GetMethod(nameof(ReadInput), BindingFlags.NonPublic | BindingFlags.Static)!;
        return read.MakeGenericMethod(parameter.ParameterType).CreateDelegate<ParameterBinder>();
    }

    /// <summary>The activity's input, or what the official host passes for the context types.</summary>
    public static ParameterBinder ActivityTrigger(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType;
        if (type == typeof(FunctionContext))
            return static invocation => invocation;
        if (type == typeof(TaskActivityContext))
            return static invocation => invocation.Trigger is CalledActivityInput call ? new CalledActivity(call.Name, call.InstanceId) : null;

        bool nullable = !type.IsValueType || Nullable.GetUnderlyingType(type) is not null;
        string name = parameter.Name!;
        return invocation =>
        {
            var call = (CalledActivityInput)invocation.Trigger;
            object? value;
            try
            {
                value = call.Converter.Deserialize(call.Input, type);
            }
            catch (System.Text.Json.JsonException e)
            {
                throw new FunctionInputConverterException($"The activity's input does not fit parameter '{name}' of type {type}.", e);
            }

            return value ?? (nullable ? null : throw new FunctionInputConverterException($"The activity got no input for parameter '{name}' of type {type}."));
        };
    }

    /// <summary>Binding data of an activity: the calling instance's id, by name.</summary>
    public static ParameterBinder? ActivityValue(ParameterInfo parameter)
        => parameter.ParameterType == typeof(string) && string.Equals(parameter.Name, "instanceId", StringComparison.OrdinalIgnoreCase)
            ? static invocation => ((CalledActivityInput)invocation.Trigger).InstanceId
            : null;

    private static object? ReadInput<T>(Invocation invocation) => ((TaskOrchestrationContext)invocation.Trigger).GetInput<T>();
}
