namespace System.Runtime.CompilerServices;

/// <summary>The runtime knows this attribute by its name: code of an assembly that has it may use internal types of the named assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName { get; } = assemblyName;
}
