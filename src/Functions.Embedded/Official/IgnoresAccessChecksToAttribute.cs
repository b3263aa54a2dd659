namespace System.Runtime.CompilerServices;

/// <summary>The runtime recognizes this attribute by its name: an assembly that has it may use internal types of the named assembly.</summary>
[AttributeUsage(AttributeTargets.Assembly, AllowMultiple = true)]
internal sealed class IgnoresAccessChecksToAttribute(string assemblyName) : Attribute
{
    public string AssemblyName { get; } = assemblyName;
}
