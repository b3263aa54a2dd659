using System.Linq.Expressions;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace VisionPlatform.Functions.Embedded.Official;

/// <summary>Creates classes that implement an internal interface of another assembly.</summary>
internal static class InternalInterface
{
    private static readonly Lock s_gate = new();
    private static readonly HashSet<string> s_opened = [];
    private static readonly AssemblyBuilder s_assembly = AssemblyBuilder.DefineDynamicAssembly(
        new AssemblyName("Functions.Embedded.Official"), AssemblyBuilderAccess.Run);

    private static readonly ModuleBuilder s_module = s_assembly.DefineDynamicModule("Official");

    /// <summary>
    /// Derives a class from <paramref name="implementation"/> that implements <paramref name="contract"/>. The runtime matches the methods of the
    /// interface with inherited public virtual methods of the same name and signature.
    /// </summary>
    /// <param name="contract">The interface.</param>
    /// <param name="implementation">A class with a parameterless constructor.</param>
    /// <returns>A function that creates an instance.</returns>
    /// <exception cref="TypeLoadException">The interface has a method that <paramref name="implementation"/> lacks.</exception>
    public static Func<object> Implement(Type contract, Type implementation)
    {
        lock (s_gate)
        {
            Open(contract.Assembly);
            Open(implementation.Assembly);
            foreach (Type argument in implementation.GetGenericArguments())
                Open(argument.Assembly);
            TypeBuilder type = s_module.DefineType(
                $"{contract.Name}.{s_module.GetTypes().Length}", TypeAttributes.Public | TypeAttributes.Sealed, implementation, [contract]);
            type.DefineDefaultConstructor(MethodAttributes.Public);
            return Expression.Lambda<Func<object>>(Expression.New(type.CreateType())).Compile();
        }
    }

    /// <summary>Gives the created classes access to the internal types of an assembly.</summary>
    private static void Open(Assembly assembly)
    {
        string name = assembly.GetName().Name!;
        if (s_opened.Add(name))
            s_assembly.SetCustomAttribute(new CustomAttributeBuilder(typeof(IgnoresAccessChecksToAttribute).GetConstructor([typeof(string)])!, [name]));
    }
}
