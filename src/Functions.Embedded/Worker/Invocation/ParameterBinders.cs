using System.Reflection;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Azure.Functions.Worker.Http;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Decides once, at start, where each parameter of a function comes from.</summary>
internal static class ParameterBinders
{
    /// <summary>Builds the function's invoker; null, with the reasons added to <paramref name="errors"/>, when a parameter cannot be filled.</summary>
    public static FunctionInvoker? InvokerFor(DiscoveredFunction function, List<string> errors)
    {
        ParameterInfo[] parameters = function.Method.GetParameters();
        var binders = new ParameterBinder[parameters.Length];
        int before = errors.Count;
        for (int i = 0; i < parameters.Length; i++)
        {
            if (BinderFor(function, parameters[i]) is { } binder)
                binders[i] = binder;
            else
                errors.Add($"Function '{function.Name}' ({function.EntryPoint}): nothing can fill parameter '{parameters[i].Name}' of type {parameters[i].ParameterType}.");
        }

        return errors.Count == before ? new FunctionInvoker(function, binders) : null;
    }

    private static ParameterBinder? BinderFor(DiscoveredFunction function, ParameterInfo parameter)
    {
        if (parameter == function.TriggerParameter)
            return TriggerBinder(function.Kind, parameter);
        if (parameter.ParameterType == typeof(FunctionContext))
            return static invocation => invocation;
        if (parameter.ParameterType == typeof(CancellationToken) && function.Kind != TriggerKind.Orchestration)
            return static invocation => invocation.CancellationToken;
        if (parameter.IsDefined(typeof(DurableClientAttribute)))
            return DurableBinders.Client(parameter.ParameterType, function.Kind);
        ParameterBinder? binder = function.Kind switch
        {
            TriggerKind.Http => HttpValue(parameter),
            TriggerKind.Activity => DurableBinders.ActivityValue(parameter),
            TriggerKind.Orchestration => DurableBinders.OrchestrationInput(parameter),
            _ => null,
        };
        return binder ?? Default(parameter);
    }

    private static ParameterBinder? TriggerBinder(TriggerKind kind, ParameterInfo parameter) => kind switch
    {
        TriggerKind.Http => HttpObject(parameter.ParameterType),
        TriggerKind.Timer => parameter.ParameterType == typeof(TimerInfo) ? static invocation => invocation.Trigger : null,
        TriggerKind.Orchestration => DurableBinders.OrchestrationTrigger(parameter.ParameterType),
        TriggerKind.Activity => DurableBinders.ActivityTrigger(parameter),
        TriggerKind.Entity => DurableBinders.EntityTrigger(parameter.ParameterType),
        _ => null,
    };

    private static ParameterBinder? Default(ParameterInfo parameter)
    {
        if (!parameter.HasDefaultValue)
            return null;
        object? value = parameter.DefaultValue;
        return _ => value;
    }

    private static ParameterBinder? HttpObject(Type type)
    {
        if (type == typeof(HttpRequest))
            return static invocation => ((HttpContext)invocation.Trigger).Request;
        if (type == typeof(HttpContext))
            return static invocation => invocation.Trigger;
        if (type == typeof(HttpRequestData))
            return static invocation => new AspNetRequestData(invocation, (HttpContext)invocation.Trigger);
        if (type == typeof(ClaimsPrincipal))
            return static invocation => ((HttpContext)invocation.Trigger).User;
        return null;
    }

    /// <summary>A request object by type, else the route value or the query value of the parameter's name.</summary>
    private static ParameterBinder? HttpValue(ParameterInfo parameter)
    {
        if (HttpObject(parameter.ParameterType) is { } binder)
            return binder;
        if (TextConversions.To(parameter.ParameterType) is not { } convert)
            return null;

        string name = parameter.Name!;
        Type type = Nullable.GetUnderlyingType(parameter.ParameterType) ?? parameter.ParameterType;
        bool optional = parameter.HasDefaultValue || !parameter.ParameterType.IsValueType || type != parameter.ParameterType;
        object? absent = parameter.HasDefaultValue ? parameter.DefaultValue : null;
        bool emptyIsValue = type == typeof(string);
        return invocation =>
        {
            var http = (HttpContext)invocation.Trigger;
            string? text = http.GetRouteValue(name)?.ToString() ?? (http.Request.Query.TryGetValue(name, out var values) ? values[0] : null);
            if (text is null || (text.Length == 0 && !emptyIsValue))
                return optional ? absent : throw new FunctionInputConverterException($"The value '{name}' is missing.");
            return convert(text, out object? value)
                ? value
                : throw new FunctionInputConverterException($"The value '{name}' is not a valid {type.Name}.");
        };
    }
}
