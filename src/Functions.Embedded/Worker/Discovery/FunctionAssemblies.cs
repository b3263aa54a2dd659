using System.Reflection;
using System.Text.Json;

namespace Microsoft.Azure.Functions.Worker.Embedded;

/// <summary>Finds the assemblies that may hold functions.</summary>
internal static class FunctionAssemblies
{
    private static readonly string[] s_frameworkPrefixes = ["System.", "Microsoft.", "System", "mscorlib", "netstandard", "WindowsBase"];

    /// <summary>Every public or internal class of <paramref name="entry"/> and of what it references, directly or not.</summary>
    public static IReadOnlyList<Type> TypesReachableFrom(Assembly entry)
        => [.. ReachableFrom(entry).Where(MayHoldFunctions).SelectMany(a => a.GetTypes()).Where(t => t.IsClass)];

    /// <summary>
    /// The entry assembly and, followed through references, everything that is not the framework. The compiler drops a
    /// reference that no code uses, so the projects named by the build's .deps.json count as referenced too.
    /// </summary>
    private static IEnumerable<Assembly> ReachableFrom(Assembly entry)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { entry.GetName().Name! };
        var queue = new Queue<Assembly>([entry]);
        foreach (string project in ProjectsOf(entry).Where(seen.Add))
        {
            if (TryLoad(new AssemblyName(project)) is { } loaded)
                queue.Enqueue(loaded);
        }

        while (queue.TryDequeue(out Assembly? assembly))
        {
            yield return assembly;
            foreach (AssemblyName reference in assembly.GetReferencedAssemblies())
            {
                if (!IsFramework(reference.Name!) && seen.Add(reference.Name!) && TryLoad(reference) is { } loaded)
                    queue.Enqueue(loaded);
            }
        }
    }

    private static bool MayHoldFunctions(Assembly assembly)
    {
        string api = typeof(FunctionAttribute).Assembly.GetName().Name!;
        return assembly.GetReferencedAssemblies().Any(r => r.Name == api);
    }

    private static bool IsFramework(string name)
        => s_frameworkPrefixes.Any(p => p.EndsWith('.') ? name.StartsWith(p, StringComparison.Ordinal) : name == p);

    /// <summary>Null where a reference was left out of the output, which is the build's right for parts that are never used.</summary>
    private static Assembly? TryLoad(AssemblyName name)
    {
        try
        {
            return Assembly.Load(name);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    private static IReadOnlyList<string> ProjectsOf(Assembly entry)
    {
        string path = Path.Combine(AppContext.BaseDirectory, entry.GetName().Name + ".deps.json");
        if (!File.Exists(path))
            return [];
        using JsonDocument deps = JsonDocument.Parse(File.ReadAllBytes(path));
        HashSet<string> projects = [.. deps.RootElement.GetProperty("libraries").EnumerateObject()
            .Where(l => l.Value.GetProperty("type").GetString() == "project")
            .Select(l => l.Name)];
        return [.. deps.RootElement.GetProperty("targets").EnumerateObject()
            .SelectMany(target => target.Value.EnumerateObject())
            .Where(library => projects.Contains(library.Name) && library.Value.TryGetProperty("runtime", out _))
            .SelectMany(library => library.Value.GetProperty("runtime").EnumerateObject())
            .Select(file => Path.GetFileNameWithoutExtension(file.Name))
            .Distinct()];
    }
}
