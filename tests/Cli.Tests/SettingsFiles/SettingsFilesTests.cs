using System.Text.Json;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Settings;
using Files = VisionPlatform.Cli.SettingsFiles.SettingsFiles;

namespace VisionPlatform.Cli.Tests.SettingsFiles;

public sealed class SettingsFilesTests
{
    [Fact]
    public void The_document_lists_what_the_app_reads() =>
        Assert.True(File.ReadAllText(Committed(Files.DocumentPath)) == Files.Document(), $"{Files.DocumentPath} differs from the code: run ./platform settings");

    [Fact]
    public void The_example_file_holds_what_the_app_reads() =>
        Assert.True(File.ReadAllText(Committed(Files.ExamplePath)) == Files.Example(), $"{Files.ExamplePath} differs from the code: run ./platform settings");

    [Fact]
    public void The_example_file_works_as_it_is()
    {
        var values = JsonDocument.Parse(File.ReadAllText(Committed(Files.ExamplePath))).RootElement.GetProperty("Values")
            .EnumerateObject().Select(value => KeyValuePair.Create(value.Name, value.Value.GetString()));

        var settings = AppSettings.From(new ConfigurationBuilder().AddInMemoryCollection(values).Build());

        Assert.NotNull(settings.Get<FunctionsHostSettings>().ConnectionString);
        Assert.Contains("torchvision", settings.Get<TrainerSettings>().Urls.Keys);
    }

    private static string Committed(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Platform.sln")))
            folder = folder.Parent;
        return Path.Combine(folder?.FullName ?? throw new InvalidOperationException("The tests do not run inside the repository."), path);
    }
}
