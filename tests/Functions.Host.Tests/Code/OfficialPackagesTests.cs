using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using VisionPlatform.Functions.Host.Tests.Publishing;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Code;

/// <summary>The app is built against the official packages: it declares none of their types and looks into them in one place only.</summary>
public sealed partial class OfficialPackagesTests(PublishedApp published)
{
    /// <summary>Where what the packages keep internal is used; <c>WorkerInternalsTests</c> names each thing.</summary>
    private const string Official = "src/Functions.Embedded/Official/";

    [Fact]
    public void No_source_file_declares_a_namespace_of_microsoft() =>
        Assert.Empty(from file in Sources("src", "tests", "bench") from Match found in MicrosoftNamespace().Matches(file.Text) select $"{file.Path}: {found.Value.Trim()}");

    [Fact]
    public async Task No_assembly_of_ours_has_a_type_in_a_namespace_of_microsoft()
    {
        var folder = await published.FolderAsync();
        string[] ours = [.. Directory.GetFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories).Select(Path.GetFileNameWithoutExtension).OfType<string>()
            .Select(name => Path.Combine(folder, name + ".dll")).Where(File.Exists)];
        Assert.Contains(ours, path => path.EndsWith("Functions.Api.dll", StringComparison.Ordinal));
        Assert.Contains(ours, path => path.EndsWith("Functions.Embedded.dll", StringComparison.Ordinal));

        Assert.Empty(ours.SelectMany(TypesOfMicrosoft));
    }

    [Fact]
    public void Internals_of_the_official_packages_are_looked_for_in_one_folder_only() =>
        Assert.Empty(from file in Sources("src") where !file.Path.StartsWith(Official, StringComparison.Ordinal) from Match found in LooksInside().Matches(file.Text) select $"{file.Path}: {found.Value}");

    [Fact]
    public void Types_of_the_official_packages_are_named_by_text_in_one_folder_only()
    {
        var named = from file in Sources("src") where !file.Path.StartsWith(Official, StringComparison.Ordinal) from Match found in NameOfAType().Matches(file.Text) select found.Groups[1].Value;
        // The category of a log filter, which can only be given as text.
        Assert.Equal(["Microsoft.Azure.Functions.Worker.Logging.WorkerLoggerProvider"], named);
    }

    private static IEnumerable<(string Path, string Text)> Sources(params string[] folders) =>
        from folder in folders
        from path in Directory.EnumerateFiles(Path.Combine(Repository.Root, folder), "*.cs", SearchOption.AllDirectories)
        let relative = Path.GetRelativePath(Repository.Root, path)
        where !relative.Contains("/obj/", StringComparison.Ordinal) && !relative.Contains("/bin/", StringComparison.Ordinal)
        select (relative, File.ReadAllText(path));

    private static IEnumerable<string> TypesOfMicrosoft(string assembly)
    {
        using var file = new PEReader(File.OpenRead(assembly));
        var metadata = file.GetMetadataReader();
        foreach (var type in metadata.TypeDefinitions.Select(metadata.GetTypeDefinition))
            // The compiler adds attributes that it needs to assemblies that lack them.
            if (metadata.GetString(type.Namespace).StartsWith("Microsoft.", StringComparison.Ordinal) && !type.GetCustomAttributes().Any(attribute => IsCompilerGenerated(metadata, attribute)))
                yield return $"{Path.GetFileName(assembly)}: {metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }

    private static bool IsCompilerGenerated(MetadataReader metadata, CustomAttributeHandle attribute) =>
        metadata.GetCustomAttribute(attribute).Constructor is { Kind: HandleKind.MemberReference } constructor
        && metadata.GetMemberReference((MemberReferenceHandle)constructor).Parent is { Kind: HandleKind.TypeReference } type
        && metadata.GetString(metadata.GetTypeReference((TypeReferenceHandle)type).Name) == "CompilerGeneratedAttribute";

    [GeneratedRegex(@"^\s*namespace\s+Microsoft\b.*$", RegexOptions.Multiline)]
    private static partial Regex MicrosoftNamespace();

    [GeneratedRegex(@"BindingFlags\.NonPublic|\bType\.GetType\(|\bAssembly\.(Load|GetType)\w*\(|IgnoresAccessChecksTo|UnsafeAccessor|DefineDynamicAssembly")]
    private static partial Regex LooksInside();

    [GeneratedRegex("\"(Microsoft\\.(?:Azure\\.Functions|DurableTask|Azure\\.WebJobs)[\\w.]*)\"")]
    private static partial Regex NameOfAType();
}
