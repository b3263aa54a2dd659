using System.Reflection;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Entities;
using Microsoft.Extensions.DependencyInjection;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Orchestrators, activities and entities that are classes marked <see cref="DurableTaskAttribute"/>, made into functions as the official
/// package's source generator does: an orchestrator is one object for the app, an activity is made anew for each call.</summary>
internal static class ClassFunctions
{
    /// <summary>The method that runs the class and its function's name; null for a class that is none of these.</summary>
    /// <exception cref="InvalidOperationException">The class has the attribute and cannot be run.</exception>
    public static (string Name, MethodInfo Method)? From(Type type)
    {
        if (type.GetCustomAttribute<DurableTaskAttribute>() is not { } attribute)
            return null;
        if (type.IsAbstract || type.ContainsGenericParameters)
            throw new InvalidOperationException($"{type} has [DurableTask] but is abstract or generic.");
        string name = attribute.Name.Name is { Length: > 0 } given ? given : type.Name;
        if (InputOf(type, typeof(TaskOrchestrator<,>)) is { } orchestrated)
            return (name, MethodOf(typeof(OrchestratorClass<,>), type, orchestrated));
        if (InputOf(type, typeof(TaskActivity<,>)) is { } activated)
            return (name, MethodOf(typeof(ActivityClass<,>), type, activated));
        if (typeof(ITaskEntity).IsAssignableFrom(type))
            return (name, typeof(EntityClass<>).MakeGenericType(type).GetMethod("Run")!);
        throw new InvalidOperationException($"{type} has [DurableTask] but is neither a TaskOrchestrator<,>, a TaskActivity<,> nor an ITaskEntity.");
    }

    private static MethodInfo MethodOf(Type runner, Type type, Type input) => runner.MakeGenericType(type, input).GetMethod("Run")!;

    private static Type? InputOf(Type type, Type definition)
    {
        for (Type? t = type; t is not null; t = t.BaseType)
        {
            if (t.IsGenericType && t.GetGenericTypeDefinition() == definition)
                return t.GetGenericArguments()[0];
        }

        return null;
    }

    private static class OrchestratorClass<TOrchestrator, TInput>
        where TOrchestrator : class, ITaskOrchestrator
    {
        private static readonly TOrchestrator s_orchestrator = Activator.CreateInstance<TOrchestrator>();

        public static Task<object?> Run([OrchestrationTrigger] TaskOrchestrationContext context, TInput input) => s_orchestrator.RunAsync(context, input);
    }

    private static class ActivityClass<TActivity, TInput>
        where TActivity : class, ITaskActivity
    {
        public static Task<object?> Run([ActivityTrigger] TInput input, string instanceId, FunctionContext function)
        {
            TActivity activity = ActivatorUtilities.GetServiceOrCreateInstance<TActivity>(function.InstanceServices);
            return activity.RunAsync(new CalledActivity(function.FunctionDefinition.Name, instanceId), input);
        }
    }

    private static class EntityClass<TEntity>
        where TEntity : class, ITaskEntity
    {
        public static Task Run([EntityTrigger] TaskEntityDispatcher dispatcher) => dispatcher.DispatchAsync<TEntity>();
    }
}

/// <summary>What an activity may know of its call.</summary>
internal sealed class CalledActivity(string name, string instanceId) : TaskActivityContext
{
    public override TaskName Name => new(name);

    public override string InstanceId => instanceId;
}
