using System.Diagnostics;
using System.Text.Json;
using VisionPlatform.Functions.Host.Tests.Hosts;
using VisionPlatform.Platform.Tests.Hosting;

namespace VisionPlatform.Functions.Host.Tests.Publishing;

/// <summary>What of <c>./platform publish azure</c> and <c>./platform func</c> shows without the official packages or a host.</summary>
public sealed class PublishTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("published-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_folder_with_everything_a_functions_host_needs_passes_the_check()
    {
        await MakeAsync();
        Assert.Equal(_folder, (await CheckAsync()).Expect(0).Output.Trim());
    }

    [Theory]
    [InlineData("worker.config.json", "worker.config.json is missing")]
    [InlineData("functions.metadata", "functions.metadata is missing")]
    [InlineData("extensions.json", "extensions.json is missing")]
    [InlineData("host.json", "host.json is missing")]
    [InlineData("Functions.Api.xml", "Functions.Api.xml is missing")]
    [InlineData(".azurefunctions", ".azurefunctions is missing")]
    public async Task What_is_missing_is_named(string name, string message)
    {
        await MakeAsync();
        var path = Path.Combine(_folder, name);
        if (Directory.Exists(path))
            Directory.Delete(path, recursive: true);
        else
            File.Delete(path);
        Assert.Contains(message, (await CheckAsync()).Expect(1).Error);
    }

    [Fact]
    public async Task Functions_that_are_not_listed_another_host_json_and_secrets_are_told()
    {
        await MakeAsync();
        var metadata = await File.ReadAllTextAsync(Path.Combine(_folder, "functions.metadata"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "functions.metadata"), metadata.Replace("\"TrainModel\"", "\"TrainMode\"", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(_folder, "host.json"), """{ "version": "2.0" }""");
        await File.WriteAllTextAsync(Path.Combine(_folder, "local.settings.json"), "{}");

        var said = (await CheckAsync()).Expect(1).Error;

        Assert.All(["functions.metadata does not have the function TrainModel", "host.json is not the repository's", "local.settings.json must not be published"], message => Assert.Contains(message, said));
    }

    [Fact]
    public async Task The_project_asks_for_the_official_packages_and_each_version_can_be_given()
    {
        var packages = await EvaluateAsync("-p:FunctionsHost=Azure", "-p:FunctionsDurableVersion=9.8.7");

        Assert.Equal("9.8.7", packages["Microsoft.Azure.Functions.Worker.Extensions.DurableTask"]);
        Assert.Superset(
            new HashSet<string>
            {
                "Microsoft.Azure.Functions.Worker", "Microsoft.Azure.Functions.Worker.Sdk", "Microsoft.Azure.Functions.Worker.Extensions.Http.AspNetCore", "Microsoft.Azure.Functions.Worker.Extensions.Timer",
            },
            packages.Keys.ToHashSet());
        Assert.DoesNotContain((await EvaluateAsync()).Keys, name => name.StartsWith("Microsoft.Azure.Functions", StringComparison.Ordinal));
    }

    [Fact]
    public void The_host_json_sets_what_matters_on_purpose()
    {
        var host = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "host.json"))).RootElement;
        var (http, durable) = (host.GetProperty("extensions").GetProperty("http"), host.GetProperty("extensions").GetProperty("durableTask"));

        Assert.Equal(("", "platform"), (http.GetProperty("routePrefix").GetString(), durable.GetProperty("hubName").GetString()));
        Assert.False(durable.GetProperty("extendedSessionsEnabled").GetBoolean());
        Assert.All(["maxConcurrentActivityFunctions", "maxConcurrentOrchestratorFunctions"], limit => Assert.InRange(durable.GetProperty(limit).GetInt32(), 1, 100));
        Assert.Equal("AzureWebJobsStorage", durable.GetProperty("storageProvider").GetProperty("connectionName").GetString());
        Assert.Equal(TimeSpan.FromMinutes(30), TimeSpan.Parse(host.GetProperty("functionTimeout").GetString()!));
        Assert.True(host.GetProperty("logging").GetProperty("applicationInsights").GetProperty("samplingSettings").GetProperty("isEnabled").GetBoolean());
        Assert.Equal("fixedDelay", host.GetProperty("retry").GetProperty("strategy").GetString());
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

        var ended = await EntryScript.RunAsync(new Dictionary<string, string?> { ["PATH"] = tools, ["FUNCTIONS_HOST_COMMAND"] = null, ["PLATFORM_DIR"] = Path.Combine(_folder, "data") }, "func");

        Assert.Equal((3, ""), (ended.Code, ended.Output));
        Assert.Contains("npm install -g azure-functions-core-tools@4", Assert.Single(ended.Error.TrimEnd().Split('\n')));
    }

    private Task<EntryScript.Ended> CheckAsync() => EntryScript.RunAsync("publish", "azure", "--check", "--output", _folder);

    /// <summary>The files that the official SDK leaves, by their names and as much of their content as is looked at.</summary>
    private async Task MakeAsync()
    {
        foreach (var name in (string[])["Functions.Api.dll", "Functions.Api.deps.json", "Functions.Api.runtimeconfig.json", "Functions.Api.xml", "Infrastructure.xml", "Domain.xml"])
            await File.WriteAllTextAsync(Path.Combine(_folder, name), "");
        await File.WriteAllTextAsync(Path.Combine(_folder, "worker.config.json"), """{"description":{"language":"dotnet-isolated","defaultExecutablePath":"dotnet","defaultWorkerPath":"Functions.Api.dll","workerIndexing":"true"}}""");
        await File.WriteAllTextAsync(Path.Combine(_folder, "extensions.json"), """{"extensions":[{"name":"DurableTask","typeName":"Microsoft.Azure.WebJobs.Extensions.DurableTask.DurableTaskWebJobsStartup"}]}""");
        Directory.CreateDirectory(Path.Combine(_folder, ".azurefunctions"));
        await File.WriteAllTextAsync(Path.Combine(_folder, ".azurefunctions", "Microsoft.Azure.WebJobs.Extensions.DurableTask.dll"), "");
        File.Copy(Path.Combine(Repository.Root, "host.json"), Path.Combine(_folder, "host.json"));
        var functions = new[] { typeof(Api.OpenApi.ApiDocument).Assembly, typeof(Orchestrations.Training.TrainModel).Assembly }
            .SelectMany(assembly => assembly.GetTypes()).SelectMany(type => type.GetMethods())
            .Select(method => method.GetCustomAttributes(typeof(Microsoft.Azure.Functions.Worker.FunctionAttribute), false).OfType<Microsoft.Azure.Functions.Worker.FunctionAttribute>().FirstOrDefault()?.Name)
            .OfType<string>().Distinct();
        await File.WriteAllTextAsync(Path.Combine(_folder, "functions.metadata"), JsonSerializer.Serialize(functions.Select(name => new { name, language = "dotnet-isolated" })));
    }

    private static async Task<Dictionary<string, string>> EvaluateAsync(params string[] properties)
    {
        var start = new ProcessStartInfo("dotnet", ["msbuild", Path.Combine(Repository.Root, "src", "Functions.Api", "Functions.Api.csproj"), "-getItem:PackageReference", .. properties]) { RedirectStandardOutput = true };
        using var msbuild = Process.Start(start)!;
        var said = await msbuild.StandardOutput.ReadToEndAsync();
        await msbuild.WaitForExitAsync();
        Assert.True(msbuild.ExitCode == 0, said);
        return JsonDocument.Parse(said).RootElement.GetProperty("Items").GetProperty("PackageReference").EnumerateArray()
            .ToDictionary(item => item.GetProperty("Identity").GetString()!, item => item.TryGetProperty("VersionOverride", out var version) ? version.GetString()! : "");
    }
}
