using System.Text.Json;
using VisionPlatform.Functions.Host.Tests.Hosts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Publishing;

/// <summary><c>./platform publish azure</c>: the published folder, its check, and what <c>./platform func</c> says without a host.</summary>
public sealed class PublishTests(PublishedApp published) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("publish-").FullName;
    private readonly string _data = Directory.CreateTempSubdirectory("publish-data-").FullName;

    public void Dispose()
    {
        Directory.Delete(_folder, recursive: true);
        Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task The_published_folder_passes_the_check()
    {
        var folder = await published.FolderAsync();
        Assert.Equal(folder, (await CheckAsync(folder)).Expect(0).Output.Trim());
    }

    // What Functions.Api.deps.json names is not known without it.
    [Theory]
    [InlineData(
        "Functions.Api.dll", "Functions.Api.deps.json", "Functions.Api.runtimeconfig.json", "Functions.Api.xml", "Infrastructure.xml", "Domain.xml", "worker.config.json", "functions.metadata",
        "extensions.json", "host.json", ".azurefunctions")]
    [InlineData("Functions.Embedded.dll", "Microsoft.Azure.Functions.Worker.Grpc.dll", "runtimes/linux-x64/native/libvips.so.42")]
    public async Task Every_missing_file_is_named(params string[] names)
    {
        using var copy = await published.CopyAsync();
        foreach (var name in names)
            if (Directory.Exists(copy[name]))
                Directory.Delete(copy[name], recursive: true);
            else
                File.Delete(copy[name]);

        var said = (await CheckAsync(copy.Path)).Expect(1).Error;

        Assert.All(names, name => Assert.Contains($"publish: {name} is missing", said, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Errors_inside_published_files_are_reported()
    {
        using var copy = await published.CopyAsync();
        var metadata = await File.ReadAllTextAsync(copy["functions.metadata"]);
        await copy.ReplaceAsync("functions.metadata", metadata.Replace("\"TrainModel\"", "\"TrainMode\"", StringComparison.Ordinal));
        await copy.ReplaceAsync("extensions.json", """{"extensions":[]}""");
        await copy.ReplaceAsync("worker.config.json", """{"description":{"defaultWorkerPath":"Another.dll"}}""");
        await copy.ReplaceAsync("host.json", """{ "version": "2.0" }""");
        await copy.ReplaceAsync("local.settings.json", "{}");
        Directory.GetFiles(copy[".azurefunctions"], "Microsoft.Azure.WebJobs.Extensions.DurableTask*").ToList().ForEach(File.Delete);

        var said = (await CheckAsync(copy.Path)).Expect(1).Error;

        Assert.All(
            [
                "functions.metadata does not have the function TrainModel", "extensions.json does not name the Durable Task extension", "worker.config.json does not start Functions.Api.dll",
                "host.json is not the repository's", "local.settings.json must not be published", ".azurefunctions has no Durable Task extension",
            ],
            message => Assert.Contains(message, said));
    }

    [Fact]
    public async Task A_folder_with_other_files_is_not_replaced()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "letters.txt"), "mine");

        var said = (await EntryScript.RunAsync(Own(), "publish", "azure", "--output", _folder)).Expect(2).Error;

        Assert.Contains($"{_folder} has something else in it", said);
        Assert.True(File.Exists(Path.Combine(_folder, "letters.txt")));
    }

    [Theory]
    [InlineData("name what to publish:")]
    [InlineData("unknown option --ouput", "azure", "--ouput")]
    [InlineData("--output needs a folder", "azure", "--output")]
    [InlineData("there is no folder /nowhere/at/all", "azure", "--check", "--output", "/nowhere/at/all")]
    public async Task A_wrong_command_line_is_answered_in_one_line(string message, params string[] arguments)
    {
        var ended = await EntryScript.RunAsync(Own(), ["publish", .. arguments]);
        Assert.InRange(ended.Code, 1, 2);
        Assert.Contains(message, ended.Error);
    }

    [Fact]
    public void The_host_json_sets_every_important_value()
    {
        var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "host.json"))).RootElement;
        var (http, durable) = (host.GetProperty("extensions").GetProperty("http"), host.GetProperty("extensions").GetProperty("durableTask"));

        Assert.Equal(("", "platform"), (http.GetProperty("routePrefix").GetString(), durable.GetProperty("hubName").GetString()));
        Assert.False(durable.GetProperty("extendedSessionsEnabled").GetBoolean());
        Assert.All(["maxConcurrentActivityFunctions", "maxConcurrentOrchestratorFunctions"], limit => Assert.InRange(durable.GetProperty(limit).GetInt32(), 1, 100));
        Assert.Equal("AzureWebJobsStorage", durable.GetProperty("storageProvider").GetProperty("connectionName").GetString());
        Assert.Equal(TimeSpan.FromMinutes(30), TimeSpan.Parse(host.GetProperty("functionTimeout").GetString()!));
        Assert.True(host.GetProperty("logging").GetProperty("applicationInsights").GetProperty("samplingSettings").GetProperty("isEnabled").GetBoolean());
        // The Functions host retries every function by it: a failing request would be answered after all retries, an activity be run by each of its own.
        Assert.False(host.TryGetProperty("retry", out _));
        // Information of the Azure libraries is a line for each request to the storage account; the durable extension warns about tracing without a version.
        Assert.Equal("Warning", host.GetProperty("logging").GetProperty("logLevel").GetProperty("Azure.Core").GetString());
        Assert.Equal("V2", durable.GetProperty("tracing").GetProperty("version").GetString());
    }

    [Fact]
    public async Task Without_a_functions_host_func_says_how_to_get_one_and_ends_with_3()
    {
        // A PATH with what the script needs and no func.
        var tools = Directory.CreateDirectory(Path.Combine(_folder, "tools")).FullName;
        foreach (var folder in (string[])["/bin", "/usr/bin"])
            foreach (var tool in (string[])["bash", "env", "dirname", "readlink", "cat", "mkdir", "chmod", "rm", "sed", "grep", "flock"])
                if (File.Exists(Path.Combine(folder, tool)) && !File.Exists(Path.Combine(tools, tool)))
                    File.CreateSymbolicLink(Path.Combine(tools, tool), Path.Combine(folder, tool));

        var ended = await EntryScript.RunAsync(new Dictionary<string, string?> { ["PATH"] = tools, ["FUNCTIONS_HOST_COMMAND"] = null, ["PLATFORM_DIR"] = _data }, "func");

        Assert.Equal((3, ""), (ended.Code, ended.Output));
        Assert.Contains("npm install -g azure-functions-core-tools@4", Assert.Single(ended.Error.TrimEnd().Split('\n')));
    }

    /// <summary>A data folder of its own, so that this waits for nobody's lock.</summary>
    private Dictionary<string, string?> Own() => new() { ["PLATFORM_DIR"] = _data };

    private static Task<EntryScript.Ended> CheckAsync(string folder) => EntryScript.RunAsync("publish", "azure", "--check", "--output", folder);
}
