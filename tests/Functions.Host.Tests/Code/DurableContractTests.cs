using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Azure.Functions.Worker;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Functions.Host.Tests.Code;

/// <summary>
/// What crosses between orchestrations and activities is the same on both hosts. The embedded one writes JSON with fields; the Functions worker
/// without them and reads names in any case. Types of properties only, of values that both can make, come back the same from either.
/// </summary>
public sealed class DurableContractTests
{
    private static readonly IReadOnlyList<MethodInfo> Functions =
    [
        .. typeof(TrainModel).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => method.IsDefined(typeof(FunctionAttribute))),
    ];

    [Fact]
    public void Inputs_and_outputs_are_types_that_both_hosts_write_and_read_alike()
    {
        var problems = Functions.SelectMany(function => Crossing(function).SelectMany(type => Problems(type, [])).Select(problem => $"{function.Name}: {problem}"));
        Assert.Empty(problems.Distinct());
    }

    [Fact]
    public void An_orchestrator_takes_only_its_context_and_an_activity_one_input_so_that_both_hosts_can_call_them() => Assert.All(Functions, function =>
    {
        var triggers = function.GetParameters().Where(parameter => parameter.IsDefined(typeof(OrchestrationTriggerAttribute)) || parameter.IsDefined(typeof(ActivityTriggerAttribute))).ToList();
        Assert.Single(triggers);
        if (triggers[0].IsDefined(typeof(OrchestrationTriggerAttribute)))
            Assert.True(function.IsStatic && function.GetParameters().Length == 1, $"{function.Name} is an orchestrator: static, with its context alone.");
    });

    private static IEnumerable<Type> Crossing(MethodInfo function)
    {
        foreach (var parameter in function.GetParameters().Where(parameter => parameter.IsDefined(typeof(ActivityTriggerAttribute))))
            yield return parameter.ParameterType;
        if (function.ReturnType.IsGenericType)
            yield return function.ReturnType.GetGenericArguments()[0];
    }

    private static IEnumerable<string> Problems(Type type, HashSet<Type> seen)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (!seen.Add(type) || type.IsPrimitive || type.IsEnum || type == typeof(string) || type == typeof(Guid) || type == typeof(DateTimeOffset) || type == typeof(TimeSpan)
            || type == typeof(Uri) || type == typeof(decimal) || type == typeof(JsonElement))
            yield break;
        if (typeof(ITuple).IsAssignableFrom(type))
            yield return $"a tuple is all fields: {type}";
        else if (type == typeof(object))
            yield return "object loses its type";
        else if (typeof(Exception).IsAssignableFrom(type) || typeof(Stream).IsAssignableFrom(type) || type == typeof(byte[]))
            yield return $"{type} does not belong into a history";
        else if (typeof(IEnumerable).IsAssignableFrom(type))
            foreach (var problem in type.IsArray ? Problems(type.GetElementType()!, seen) : type.GetGenericArguments().SelectMany(argument => Problems(argument, seen)))
                yield return problem;
        else
        {
            if (type.IsAbstract || type.IsInterface)
                yield return $"{type} is abstract: what is read back is another type";
            foreach (var field in type.GetFields(BindingFlags.Public | BindingFlags.Instance))
                yield return $"{type.Name}.{field.Name} is a field";
            foreach (var property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
                foreach (var problem in Problems(property.PropertyType, seen))
                    yield return problem;
        }
    }
}
