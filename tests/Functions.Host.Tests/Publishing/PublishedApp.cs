using System.Diagnostics;
using VisionPlatform.Functions.Host.Tests.Hosts;
using VisionPlatform.Functions.Host.Tests.Publishing;
using VisionPlatform.Platform.Tests.Hosting;

[assembly: AssemblyFixture(typeof(PublishedApp))]

namespace VisionPlatform.Functions.Host.Tests.Publishing;

/// <summary>
/// The app as it is deployed: published at the first use, once for all tests of this assembly, by the commands of docs/hosts.md. Nobody
/// changes the folder; who wants another one takes a copy.
/// </summary>
public sealed class PublishedApp
{
    private const string Page = "docs/hosts.md";
    private readonly Lazy<Task<string>> _folder = new(PublishAsync);

    /// <summary>A folder of the tests' own, so that the one a developer has published stays as it is.</summary>
    private static string Data { get; } = Path.Combine(Repository.Root, ".platform", "published");

    public Task<string> FolderAsync() => _folder.Value;

    /// <summary>A copy to change. Its files are links to those of the original: replace them, do not write into them.</summary>
    public async Task<FolderCopy> CopyAsync()
    {
        var copy = Path.Combine(Data, $"copy-{Guid.CreateVersion7():n}");
        using var cp = Process.Start("cp", ["-al", await FolderAsync(), copy]);
        await cp.WaitForExitAsync();
        Assert.Equal(0, cp.ExitCode);
        return new FolderCopy(copy);
    }

    private static async Task<string> PublishAsync()
    {
        var commands = DocPage.Commands(Page, "Publish");
        Assert.Equal("./platform publish azure", commands[0].Split('#')[0].Trim());
        var ended = (await EntryScript.RunTextAsync(new Dictionary<string, string?> { ["PLATFORM_DIR"] = Data }, string.Join('\n', commands))).Expect(0);
        // Each command prints the folder.
        return Assert.Single(ended.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Distinct());
    }
}

/// <summary>A folder that is deleted with its owner.</summary>
public sealed record FolderCopy(string Path) : IDisposable
{
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>Puts another text in the place of a file.</summary>
    public async Task ReplaceAsync(string name, string text)
    {
        File.Delete(this[name]);
        await File.WriteAllTextAsync(this[name], text);
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
