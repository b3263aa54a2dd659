using System.Text.Json;
using VisionPlatform.Infra.Tests.Azure;

[assembly: AssemblyFixture(typeof(BicepTemplate))]

namespace VisionPlatform.Infra.Tests.Azure;

/// <summary>
/// <c>infra/bicep</c>, compiled once: the template, and for each parameter file the resources as Azure would make them. What only Azure knows (an
/// address, an identity's id) stays an expression in brackets.
/// </summary>
public sealed class BicepTemplate : IDisposable
{
    public const string Folder = "infra/bicep";
    public static readonly string[] Environments = ["dev", "staging", "prod"];

    private readonly string _copy = Directory.CreateTempSubdirectory("bicep-").FullName;
    private readonly Lazy<Task<JsonElement>> _compiled;
    private readonly Dictionary<string, Lazy<Task<Deployment>>> _deployments;

    public BicepTemplate()
    {
        // The compiler writes its results beside the parameter files.
        foreach (var file in Directory.GetFiles(Path.Combine(Repository.Root, Folder), "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(_copy, Path.GetRelativePath(Path.Combine(Repository.Root, Folder), file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
        _compiled = new(CompileAsync);
        _deployments = Environments.ToDictionary(name => name, name => new Lazy<Task<Deployment>>(() => DeployAsync(name, "v1")));
    }

    /// <summary>The template in the form that Azure takes.</summary>
    public Task<JsonElement> CompiledAsync() => _compiled.Value;

    /// <summary>What a parameter file makes of it.</summary>
    public Task<Deployment> DeploymentAsync(string environment) => _deployments[environment].Value;

    /// <summary>The same with another tag of images; without one it is the first deployment.</summary>
    public async Task<Deployment> DeployAsync(string environment, string imageTag)
    {
        var settings = new Dictionary<string, string?>
        {
            ["EXTERNAL_STORAGE_ENDPOINT"] = "https://account.r2.cloudflarestorage.com", ["ALERT_EMAILS"] = "one@example.com,two@example.com",
            ["BOOTSTRAP_ADMIN_EMAIL"] = "admin@example.com", ["IMAGE_TAG"] = imageTag,
        };
        // Not in the folder of the other deployments: several may be made at once.
        var folder = Directory.CreateTempSubdirectory("bicep-").FullName;
        try
        {
            (await Repository.RunAsync("cp", ["-r", $"{_copy}/.", folder])).Expect();
            (await Repository.RunAsync(Repository.Bicep,
            [
                "snapshot", $"{environment}.bicepparam", "--mode", "overwrite", "--subscription-id", "00000000-0000-0000-0000-00000000beef", "--tenant-id", "00000000-0000-0000-0000-00000000cafe",
                "--resource-group", $"rg-vision-{environment}", "--location", "westeurope", "--deployment-name", "main",
            ], settings, folder)).Expect();
            return new Deployment(JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder, $"{environment}.snapshot.json"))).RootElement);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public void Dispose() => Directory.Delete(_copy, recursive: true);

    private async Task<JsonElement> CompileAsync() =>
        JsonDocument.Parse((await Repository.RunAsync(Repository.Bicep, ["build", "main.bicep", "--stdout"], folder: _copy)).Expect().Output).RootElement;
}

/// <summary>The resources of one parameter file.</summary>
public sealed record Deployment(JsonElement Snapshot)
{
    public IReadOnlyList<JsonElement> Resources { get; } = [.. Snapshot.GetProperty("predictedResources").EnumerateArray()];

    public IEnumerable<JsonElement> Of(string type) => Resources.Where(resource => resource.GetProperty("type").GetString() == type);

    /// <summary>Settings of the function app by name.</summary>
    public IReadOnlyDictionary<string, string> AppSettings => Of("Microsoft.Web/sites/config").Single(config => config.Name().EndsWith("/appsettings", StringComparison.Ordinal))
        .GetProperty("properties").EnumerateObject().ToDictionary(setting => setting.Name, setting => setting.Value.GetString()!);

    public JsonElement Output(string name) => Snapshot.GetProperty("outputs").GetProperty(name);
}

internal static class BicepJson
{
    public static string Name(this JsonElement resource) => resource.GetProperty("name").GetString()!;

    public static JsonElement Properties(this JsonElement resource) => resource.GetProperty("properties");

    /// <summary>Every text in a piece of JSON, with the names of the properties on the way to it.</summary>
    public static IEnumerable<(string Path, string Text)> Texts(this JsonElement element, string path = "") => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => property.Value.Texts($"{path}.{property.Name}")),
        JsonValueKind.Array => element.EnumerateArray().SelectMany((item, index) => item.Texts($"{path}[{index}]")),
        JsonValueKind.String => [(path, element.GetString()!)],
        _ => [],
    };

    internal static Repository.Ended Expect(this Repository.Ended ended)
    {
        Assert.True(ended.Code == 0, ended.All);
        return ended;
    }
}
