using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Accounts;

namespace VisionPlatform.Application.Tests.Modules;

public sealed class ModuleTests
{
    [Fact]
    public void Every_permission_belongs_to_one_module() =>
        Assert.Equal(Enum.GetValues<Permission>().Order(), AppModules.All.SelectMany(module => module.Permissions).Order());

    [Fact]
    public void Databases_settings_and_instance_ids_of_two_modules_do_not_collide()
    {
        Assert.Empty(Repeated(AppModules.All.SelectMany(module => module.Databases).SelectMany(database => new[] { database.Name, database.Setting })));
        Assert.Empty(Repeated(AppModules.All.SelectMany(module => module.Settings).Select(section => section.Title)));
        Assert.Empty(Repeated(AppModules.All.SelectMany(module => module.Work).Select(work => work.InstancePrefix)));
    }

    [Fact]
    public void A_folder_that_no_module_lists_is_an_error_that_names_it()
    {
        var failure = Assert.Throws<InvalidOperationException>(() => AppModules.Of(typeof(ModuleTests)));

        Assert.Contains("'Tests'", failure.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Repeated(IEnumerable<string> names) => names.GroupBy(name => name).Where(group => group.Count() > 1).Select(group => group.Key);

    [Fact]
    public void The_documentation_shows_a_declaration_as_it_is()
    {
        var code = File.ReadAllText(Path.Combine(Architecture.LayerTests.Repository(), "src/Application/Modules/LabelingModule.cs"));
        var page = File.ReadAllText(Path.Combine(Architecture.LayerTests.Repository(), "docs/development.md"));

        Assert.Contains(Words(code[code.IndexOf("public static Module Declaration", StringComparison.Ordinal)..code.LastIndexOf('}')]), Words(page));
    }

    /// <summary>A text without the comments and the white space that a page adds.</summary>
    private static string Words(string text) => string.Join(' ', string.Join('\n', text.Split('\n').Select(line => line.Split(" // ")[0])).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
}
