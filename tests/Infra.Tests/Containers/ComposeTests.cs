using System.Text.RegularExpressions;
using VisionPlatform.Application.Modules;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace VisionPlatform.Infra.Tests.Containers;

/// <summary>The compose files, as far as they can be known without Docker.</summary>
public sealed partial class ComposeTests
{
    private const string Main = "infra/docker/compose.yaml";
    private const string Gpu = "infra/docker/compose.gpu.yaml";

    private static readonly Dictionary<string, Dictionary<object, object>> Services = Repository.Trainers.Keys.Select(name => $"trainers/{name}/compose.yaml").Prepend(Main).Append(Gpu).ToDictionary(file => file, Read);

    // Images of others run as they are made: their own entry points change the user or need to write.
    private static readonly string[] OfOthers = ["network", "postgres", "storage", "azurite"];

    [Fact]
    public void Images_have_versions_and_no_two_of_one_program_differ()
    {
        var images = All().Where(service => OfOthers.Contains(service.Name)).Select(service => (string)service.Values["image"]).ToList();

        Assert.All(images, image => Assert.Matches(@"^[a-z0-9./-]+:[A-Z0-9][\w.-]*$", image));
        Assert.DoesNotContain(images, image => image.EndsWith(":latest", StringComparison.Ordinal));
        Assert.Equal(images.Distinct().Count(), images.Distinct().Select(image => image.Split(':')[0]).Distinct().Count());
        // The same Azurite as on a developer's machine, the PostgreSQL of the source documents.
        Assert.Contains($"mcr.microsoft.com/azure-storage/azurite:{Regex.Match(Repository.Text("infra/local/azurite.sh"), "AZURITE_VERSION=(.+)").Groups[1].Value}", images);
        Assert.Contains("postgres:16", images);
    }

    [Fact]
    public void What_is_built_here_has_its_dockerfile_and_gets_no_rights()
    {
        foreach (var (file, name, service) in All().Where(service => !OfOthers.Contains(service.Name) && service.File != Gpu && service.Values.ContainsKey("image")))
        {
            Assert.Equal((name, true), (name, (string)service["read_only"] == "true"));
            Assert.Equal(["ALL"], (IEnumerable<object>)service["cap_drop"]);
            Assert.Contains("no-new-privileges:true", (IEnumerable<object>)service["security_opt"]);
            if (!service.TryGetValue("build", out var build))
                continue;
            var (context, dockerfile) = ((string)((Dictionary<object, object>)build)["context"], (string)((Dictionary<object, object>)build)["dockerfile"]);
            // Paths of all files are relative to the folder of the first one.
            Assert.True(File.Exists(Path.Combine(Repository.Root, "infra/docker", context, dockerfile)), $"{file}: {name} is built from {context}/{dockerfile}, which is not there.");
        }
    }

    [Fact]
    public void Services_wait_for_services_that_exist_and_can_say_that_they_are_healthy()
    {
        var named = All().Select(service => service.Name).ToHashSet();
        foreach (var (file, name, service) in All().Where(service => service.Values.ContainsKey("depends_on")))
            foreach (var (other, condition) in (Dictionary<object, object>)service["depends_on"])
            {
                Assert.Contains((string)other, named);
                var target = All().First(candidate => candidate.Name == (string)other && candidate.Values.ContainsKey("image")).Values;
                if ((string)((Dictionary<object, object>)condition)["condition"] == "service_healthy")
                    Assert.True(target.ContainsKey("healthcheck"), $"{file}: {name} waits until {other} is healthy, which never says so.");
            }
    }

    [Fact]
    public void Ports_are_published_on_this_machine_only()
    {
        var ports = All().Where(service => service.Values.ContainsKey("ports")).SelectMany(service => (IEnumerable<object>)service.Values["ports"]).Cast<string>().ToList();

        Assert.NotEmpty(ports);
        Assert.All(ports, port => Assert.StartsWith("127.0.0.1:", port));
    }

    [Fact]
    public void Variables_are_in_the_example_and_settings_are_ones_that_the_app_reads()
    {
        var example = Repository.Text("infra/docker/.env.example").Split('\n').Select(line => line.TrimStart('#', ' ').Split('=')[0]).ToHashSet();
        Assert.All(Services.Keys.SelectMany(file => Variable().Matches(Repository.Text(file))).Select(match => match.Groups[1].Value).Distinct(), name => Assert.Contains(name, example));

        var declared = AppSettings.Declared().Select(setting => setting.Name).ToHashSet();
        var app = All().Where(service => service.Name == "app").SelectMany(service => (Dictionary<object, object>)service.Values["environment"]).Select(pair => (string)pair.Key).ToList();
        Assert.All(app, name => Assert.True(declared.Contains(name) || Regex.IsMatch(name, "^TRAINER_[A-Z0-9]+_URL$"), $"Nothing reads {name}."));
        Assert.DoesNotContain(AppSettings.Declared(), setting => setting.IsNeeded && !app.Contains(setting.Name));
    }

    [Fact]
    public void The_gpu_file_is_for_the_model_server_and_trainers_that_are_there()
    {
        // A service without an image is an error in Compose, so the file cannot name trainers that are not started.
        Assert.NotEmpty(Services[Gpu]);
        Assert.All(Services[Gpu].Keys.Cast<string>(), service => Assert.Contains(service, Repository.Trainers.Keys.Select(name => $"trainer-{name}").Append("model-server")));
    }

    private static IEnumerable<(string File, string Name, Dictionary<object, object> Values)> All() =>
        Services.SelectMany(file => file.Value.Select(service => (file.Key, (string)service.Key, (Dictionary<object, object>)service.Value)));

    private static Dictionary<object, object> Read(string file)
    {
        using var text = new StringReader(Repository.Text(file));
        return (Dictionary<object, object>)new Deserializer().Deserialize<Dictionary<string, object>>(new MergingParser(new Parser(text)))["services"];
    }

    [GeneratedRegex(@"\$\{([A-Z_]+)")]
    private static partial Regex Variable();
}
