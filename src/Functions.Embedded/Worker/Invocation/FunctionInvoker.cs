using System.Linq.Expressions;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Gives one parameter its value; throws <see cref="FunctionInputConverterException"/> when there is none.</summary>
internal delegate object? ParameterBinder(Invocation invocation);

/// <summary>Calls a function's method through a delegate compiled once; exceptions of the method come out as themselves.</summary>
internal sealed class FunctionInvoker
{
    private static readonly Task<object?> s_nothing = Task.FromResult<object?>(null);

    private readonly Func<object?, object?[], Task<object?>> _call;
    private readonly ParameterBinder[] _binders;
    private readonly ObjectFactory? _factory;

    public FunctionInvoker(DiscoveredFunction function, ParameterBinder[] binders)
    {
        Function = function;
        _binders = binders;
        _call = Compile(function.Method);
        _factory = function.Method.IsStatic ? null : ActivatorUtilities.CreateFactory(function.Method.DeclaringType!, Type.EmptyTypes);
    }

    public DiscoveredFunction Function { get; }

    /// <summary>Binds the parameters and starts the method on the calling thread; the result is null for void and plain tasks.</summary>
    public Task<object?> Invoke(Invocation invocation)
    {
        var arguments = new object?[_binders.Length];
        for (int i = 0; i < arguments.Length; i++)
            arguments[i] = _binders[i](invocation);
        return _call(_factory is null ? null : invocation.Instance(_factory), arguments);
    }

    private static Func<object?, object?[], Task<object?>> Compile(MethodInfo method)
    {
        ParameterExpression instance = Expression.Parameter(typeof(object));
        ParameterExpression arguments = Expression.Parameter(typeof(object?[]));
        Expression call = Expression.Call(
            method.IsStatic ? null : Expression.Convert(instance, method.DeclaringType!),
            method,
            method.GetParameters().Select((p, i) => Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), p.ParameterType)));
        return Expression.Lambda<Func<object?, object?[], Task<object?>>>(AsTask(call), instance, arguments).Compile();
    }

    private static Expression AsTask(Expression call)
    {
        Type type = call.Type;
        if (type == typeof(void))
            return Expression.Block(call, Expression.Constant(s_nothing));
        if (type == typeof(Task))
            return Expression.Call(Adapter(nameof(FromTask), 0), call);
        if (type == typeof(ValueTask))
            return Expression.Call(Adapter(nameof(FromValueTask), 0), call);
        for (Type? t = type; t is not null; t = t.BaseType)
        {
            if (t.IsGenericType && t.GetGenericTypeDefinition() == typeof(Task<>))
                return Expression.Call(Adapter(nameof(FromTask), 1).MakeGenericMethod(t.GetGenericArguments()), call);
        }

        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            return Expression.Call(Adapter(nameof(FromValueTask), 1).MakeGenericMethod(type.GetGenericArguments()), call);
        return Expression.Call(Adapter(nameof(FromValue), 0), Expression.Convert(call, typeof(object)));
    }

    private static MethodInfo Adapter(string name, int genericArguments)
        => typeof(FunctionInvoker).GetMethods(BindingFlags.NonPublic | BindingFlags.Static)
            .Single(m => m.Name == name && m.GetGenericArguments().Length == genericArguments);

    private static Task<object?> FromValue(object? value) => Task.FromResult(value);

    // No ConfigureAwait(false) here: an orchestrator's continuations must stay where the engine runs them.
    private static async Task<object?> FromTask(Task task)
    {
        await task;
        return null;
    }

    private static async Task<object?> FromTask<T>(Task<T> task) => await task;

    private static async Task<object?> FromValueTask(ValueTask task)
    {
        await task;
        return null;
    }

    private static async Task<object?> FromValueTask<T>(ValueTask<T> task) => await task;
}
