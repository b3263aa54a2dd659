using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.ExceptionServices;
using Microsoft.DurableTask.Entities;

namespace Microsoft.DurableTask.Embedded;

/// <summary>Operations of entities as methods of objects.</summary>
internal static class EntityMethods
{
    /// <exception cref="AmbiguousMatchException">There are several methods of the name.</exception>
    public static bool Has(object target, string operation) => Find(target, operation) is not null;

    /// <summary>Runs the method of the operation's name; false when there is none.</summary>
    /// <exception cref="AmbiguousMatchException">There are several methods of the name.</exception>
    /// <exception cref="InvalidOperationException">A parameter cannot be given a value.</exception>
    public static bool TryInvoke(object target, TaskEntityOperation operation, [NotNullWhen(true)] out Task<object?>? result)
    {
        result = null;
        if (Find(target, operation.Name) is not { } method)
            return false;
        result = InvokeAsync(target, method, operation);
        return true;
    }

    private static MethodInfo? Find(object target, string operation)
    {
        MethodInfo[] named =
        [
            .. target.GetType().GetMethods(BindingFlags.Public | BindingFlags.Instance).Where(method =>
                string.Equals(method.Name, operation, StringComparison.OrdinalIgnoreCase)
                && !method.IsSpecialName
                && method.GetBaseDefinition().DeclaringType is { } declared
                && declared != typeof(object)
                && !(declared.IsGenericType && declared.GetGenericTypeDefinition() == typeof(TaskEntity<>))),
        ];
        return named.Length <= 1
            ? named.FirstOrDefault()
            : throw new AmbiguousMatchException($"{target.GetType()} has several methods named '{operation}'; an operation needs one.");
    }

    private static async Task<object?> InvokeAsync(object target, MethodInfo method, TaskEntityOperation operation)
    {
        object? returned;
        try
        {
            returned = method.Invoke(target, ArgumentsOf(method, operation));
        }
        catch (TargetInvocationException error) when (error.InnerException is { } own)
        {
            ExceptionDispatchInfo.Throw(own);
            throw;
        }

        return await ValueOf(returned, method.ReturnType);
    }

    private static object?[] ArgumentsOf(MethodInfo method, TaskEntityOperation operation)
    {
        ParameterInfo[] parameters = method.GetParameters();
        var values = new object?[parameters.Length];
        var taken = new HashSet<string>();
        for (int i = 0; i < parameters.Length; i++)
        {
            ParameterInfo parameter = parameters[i];
            (string what, values[i]) = parameter.ParameterType switch
            {
                Type type when type == typeof(TaskEntityContext) => ("context", operation.Context),
                Type type when type == typeof(TaskEntityOperation) => ("operation", (object?)operation),
                _ => ("input", InputOf(parameter, operation)),
            };
            if (!taken.Add(what))
                throw new InvalidOperationException($"The method '{method.Name}' of the entity has two parameters for the {what}.");
        }

        return values;
    }

    private static object? InputOf(ParameterInfo parameter, TaskEntityOperation operation) => operation.HasInput
        ? operation.GetInput(parameter.ParameterType)
        : parameter.HasDefaultValue
            ? parameter.DefaultValue
            : throw new InvalidOperationException($"The operation '{operation}' needs an input for the parameter '{parameter.Name}', and was given none.");

    private static async Task<object?> ValueOf(object? returned, Type declared)
    {
        switch (returned)
        {
            case Task task:
                await task;
                return IsGeneric(declared, typeof(Task<>)) ? declared.GetProperty("Result")!.GetValue(task) : null;
            case ValueTask task:
                await task;
                return null;
            case not null when IsGeneric(declared, typeof(ValueTask<>)):
                var inner = (Task)declared.GetMethod("AsTask")!.Invoke(returned, null)!;
                await inner;
                return inner.GetType().GetProperty("Result")!.GetValue(inner);
            default:
                return returned;
        }
    }

    private static bool IsGeneric(Type type, Type definition) => type.IsGenericType && type.GetGenericTypeDefinition() == definition;
}
