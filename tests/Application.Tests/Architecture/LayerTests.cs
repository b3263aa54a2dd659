using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VisionPlatform.Application.Tests.Architecture;

/// <summary>The rules that docs/development.md states about where code is.</summary>
public sealed partial class LayerTests
{
    private static readonly string Source = Path.Combine(Repository(), "src");

    [Theory]
    [InlineData("Domain")]
    [InlineData("Images")]
    [InlineData("Infrastructure", "Domain", "Images")]
    [InlineData("ModelServer", "Domain", "Images")]
    [InlineData("Application", "Infrastructure")]
    [InlineData("Functions.Orchestrations", "Application")]
    [InlineData("Functions.Embedded")]
    [InlineData("Functions.Api", "Functions.Embedded", "Functions.Orchestrations")]
    [InlineData("Cli", "Functions.Embedded", "Functions.Orchestrations")]
    public void A_project_refers_only_to_the_layer_below(string project, params string[] below)
    {
        var references = XDocument.Load(Path.Combine(Source, project, $"{project}.csproj")).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value)).Order();

        Assert.Equal(below.Order(), references);
    }

    [Fact]
    public void Functions_and_activities_change_no_state_themselves()
    {
        var changes = new[] { "Functions.Api", "Functions.Orchestrations" }
            .SelectMany(project => Directory.EnumerateFiles(Path.Combine(Source, project), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Split(Path.DirectorySeparatorChar).Intersect(["bin", "obj"]).Any())
            .SelectMany(file => File.ReadLines(file).Select((line, number) => (line, place: $"{Path.GetRelativePath(Source, file)}:{number + 1}")))
            .Where(found => ChangeOfState().IsMatch(found.line)).Select(found => found.place);

        Assert.Empty(changes);
    }

    [Fact]
    public void Each_capability_has_the_same_name_in_every_layer()
    {
        string[] known = [.. VisionPlatform.Application.Modules.AppModules.All.SelectMany(module => module.Capabilities)];
        string[] shared = ["Idempotency", "Modules"];

        var folders = new[] { "Application", "Functions.Api", "Functions.Orchestrations" }
            .SelectMany(project => Directory.EnumerateDirectories(Path.Combine(Source, project)).Select(Path.GetFileName))
            .Where(folder => folder is not ("bin" or "obj" or "Properties"));

        Assert.Empty(folders.Except([.. known, .. shared]));
    }

    internal static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository.");
    }

    [GeneratedRegex(@"\b(BeginTransaction\w*|SaveChanges\w*|ExecuteSql\w*|ExecuteUpdate\w*|ExecuteDelete\w*|ExecuteNonQuery\w*)\(")]
    private static partial Regex ChangeOfState();
}
