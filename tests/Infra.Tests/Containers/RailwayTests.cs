using System.Text.Json;
using System.Text.RegularExpressions;
using VisionPlatform.Application.Modules;
using VisionPlatform.Cli;

namespace VisionPlatform.Infra.Tests.Containers;

/// <summary>The services on Railway: a folder each, with how it is built and started and with its variables.</summary>
public sealed partial class RailwayTests
{
    private static readonly string[] Names = [.. Directory.GetDirectories(Path.Combine(Repository.Root, "infra/railway")).Select(folder => Path.GetFileName(folder)!)];

    // Databases, as the first stages of the move to Railway name them.
    private static readonly string[] Databases = ["user-db", "platform-db", "labeler-db"];

    // The part of Railway's schema that is used here.
    private static readonly Dictionary<string, JsonValueKind> Known = new()
    {
        ["build.builder"] = JsonValueKind.String, ["build.dockerfilePath"] = JsonValueKind.String, ["build.watchPatterns"] = JsonValueKind.Array,
        ["deploy.startCommand"] = JsonValueKind.String, ["deploy.preDeployCommand"] = JsonValueKind.Array, ["deploy.healthcheckPath"] = JsonValueKind.String, ["deploy.healthcheckTimeout"] = JsonValueKind.Number,
        ["deploy.restartPolicyType"] = JsonValueKind.String, ["deploy.restartPolicyMaxRetries"] = JsonValueKind.Number, ["deploy.overlapSeconds"] = JsonValueKind.Number, ["deploy.drainingSeconds"] = JsonValueKind.Number,
    };

    public static TheoryData<string> Services => [.. Names];

    [Theory, MemberData(nameof(Services))]
    public void Each_service_says_how_it_is_built_when_it_is_healthy_and_that_it_starts_again(string service)
    {
        var config = Config(service);
        var values = config.EnumerateObject().Where(section => section.Name != "$schema").SelectMany(section => section.Value.EnumerateObject().Select(value => (Name: $"{section.Name}.{value.Name}", value.Value))).ToList();

        Assert.All(values, value => Assert.Equal(Known.GetValueOrDefault(value.Name, JsonValueKind.Undefined), value.Value.ValueKind));
        Assert.Equal("DOCKERFILE", config.GetProperty("build").GetProperty("builder").GetString());
        Assert.True(File.Exists(Path.Combine(Repository.Root, Root(service), config.GetProperty("build").GetProperty("dockerfilePath").GetString()!)));
        var deploy = config.GetProperty("deploy");
        Assert.Equal(("ON_FAILURE", 10, 100), (deploy.GetProperty("restartPolicyType").GetString(), deploy.GetProperty("restartPolicyMaxRetries").GetInt32(), deploy.GetProperty("healthcheckTimeout").GetInt32()));
        Assert.Equal(IsTrainer(service) ? Repository.Trainers[service["trainer-".Length..]]["health"] : "/health/ready", deploy.GetProperty("healthcheckPath").GetString());
        // A change to any file of the image triggers a deployment.
        Assert.All(config.GetProperty("build").GetProperty("watchPatterns").EnumerateArray(), pattern => Assert.NotEmpty(Matching(pattern.GetString()!)));
    }

    [Fact]
    public void The_app_migrates_its_databases_before_it_starts()
    {
        var command = Assert.Single(Config("app").GetProperty("deploy").GetProperty("preDeployCommand").EnumerateArray()).GetString()!.Split(' ');

        Assert.Equal("platform-cli", command[0]);
        Assert.Empty(CommandLine.Build().Parse(command[1..]).Errors);
    }

    [Fact]
    public void The_app_gets_every_setting_that_it_needs_and_no_secret_is_written_down()
    {
        var variables = Variables("app");
        var declared = AppSettings.Declared();

        Assert.DoesNotContain(declared, setting => setting.IsNeeded && !variables.ContainsKey(setting.Name));
        Assert.All(variables.Keys, name => Assert.True(declared.Any(setting => setting.Name == name) || Regex.IsMatch(name, "^TRAINER_[A-Z0-9]+_URL$"), $"Nothing reads {name}."));
        Assert.All(declared.Where(setting => setting.IsSecret && variables.ContainsKey(setting.Name)), setting => Assert.True(variables[setting.Name] is "" || Reference().IsMatch(variables[setting.Name]), $"{setting.Name} has a value."));
        Assert.Equal(Repository.Trainers.Keys.Where(Repository.RunsWithoutGpu).Select(name => $"trainer-{name}").Order(), Names.Where(IsTrainer).Order());
    }

    [Theory, MemberData(nameof(Services))]
    public void References_are_to_services_that_are_there(string service)
    {
        foreach (var reference in Variables(service).Values.SelectMany(value => Reference().Matches(value)))
            if (reference.Groups[1].Success)
            {
                Assert.Contains(reference.Groups[1].Value, Names.Concat(Databases));
                if (Names.Contains(reference.Groups[1].Value) && !reference.Groups[2].Value.StartsWith("RAILWAY_", StringComparison.Ordinal))
                    Assert.Contains(reference.Groups[2].Value, Variables(reference.Groups[1].Value).Keys);
            }
    }

    [Fact]
    public void The_app_calls_each_trainer_at_the_port_that_it_listens_on()
    {
        Assert.All(Repository.Trainers.Keys.Where(Repository.RunsWithoutGpu), name =>
        {
            Assert.EndsWith($":{Variables($"trainer-{name}")["PORT"]}", Variables("app")[$"TRAINER_{name.ToUpperInvariant()}_URL"], StringComparison.Ordinal);
            // Railway's private network has IPv6 addresses.
            Assert.Equal($"python3 -m {Repository.Trainers[name]["module"]} --host ::", Config($"trainer-{name}").GetProperty("deploy").GetProperty("startCommand").GetString());
        });
    }

    [Fact]
    public void The_app_calls_the_model_server_at_the_port_that_it_listens_on()
    {
        Assert.EndsWith($":{Variables("model-server")["PORT"]}", Variables("app")["MODEL_SERVER_URLS"], StringComparison.Ordinal);
        Assert.Equal("${{app.MODEL_SERVER_API_KEY}}", Variables("model-server")["MODEL_SERVER_API_KEY"]);
    }

    private static bool IsTrainer(string service) => service.StartsWith("trainer-", StringComparison.Ordinal);

    /// <summary>The root folder that is set for the service in Railway.</summary>
    private static string Root(string service) => IsTrainer(service) ? "trainers" : "";

    private static JsonElement Config(string service) => JsonDocument.Parse(Repository.Text($"infra/railway/{service}/railway.json")).RootElement;

    private static Dictionary<string, string> Variables(string service) => Repository.Text($"infra/railway/{service}/variables.env").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.StartsWith('#')).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);

    private static IEnumerable<string> Matching(string pattern)
    {
        var (folder, name) = (Path.Combine(Repository.Root, Path.GetDirectoryName(pattern.TrimStart('/'))!), Path.GetFileName(pattern));
        return name == "**" ? Directory.GetFileSystemEntries(folder) : Directory.GetFiles(folder, name);
    }

    [GeneratedRegex(@"\$\{\{(?:([a-z-]+)\.)?([A-Z_]+)\}\}")]
    private static partial Regex Reference();
}
