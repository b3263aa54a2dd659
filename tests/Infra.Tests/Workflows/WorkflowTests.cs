using System.Text.RegularExpressions;
using VisionPlatform.Cli;
using YamlDotNet.Serialization;

namespace VisionPlatform.Infra.Tests.Workflows;

/// <summary>The workflows, as far as they can be known without GitHub.</summary>
public sealed partial class WorkflowTests
{
    private const string Folder = ".github/workflows";

    private static readonly Dictionary<string, Dictionary<object, object>> Workflows = Directory.GetFiles(Path.Combine(Repository.Root, Folder)).ToDictionary(file => Path.GetFileName(file)!,
        file => (Dictionary<object, object>)new Deserializer().Deserialize(File.ReadAllText(file))!);

    private static readonly string Commands = string.Join('\n', Steps().Select(step => step.GetValueOrDefault("run")).OfType<string>());

    [Fact]
    public async Task They_follow_the_rules_of_github()
    {
        var checkedAll = await Repository.RunAsync(Path.Combine(Repository.Root, "platform"), ["workflows"]);

        Assert.Contains($"Checking {Workflows.Count} workflow file(s)", checkedAll.All);
        Assert.True(checkedAll.Code == 0 && checkedAll.All.Contains("All workflow files passed", StringComparison.Ordinal), checkedAll.All);
    }

    [Fact]
    public void Files_that_they_name_exist()
    {
        var named = Commands.Split([' ', '\n', '"', '(', ')'], StringSplitOptions.RemoveEmptyEntries)
            .Where(word => word.StartsWith("./", StringComparison.Ordinal) || word.StartsWith(".ci/", StringComparison.Ordinal) || word.StartsWith("src/", StringComparison.Ordinal))
            .Concat(Jobs().Select(job => job.GetValueOrDefault("uses")).OfType<string>()).ToHashSet();

        Assert.Superset(new HashSet<string> { "./platform", ".ci/run", "src/Cli" }, named);
        Assert.All(named, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), $"{path} is not there."));
        Assert.All(Images(), image => Assert.True(File.Exists(Path.Combine(Repository.Root, image["file"])) && Directory.Exists(Path.Combine(Repository.Root, image["context"])), image["name"]));
        Assert.All(Inputs("parameters"), name => Assert.True(File.Exists(Path.Combine(Repository.Root, $"infra/bicep/{name}.bicepparam")), name));
    }

    [Fact]
    public void Every_trainer_and_the_model_server_have_their_images()
    {
        var template = Repository.Text("infra/bicep/main.bicep");

        Assert.Equal(Repository.Trainers.Keys.Select(name => $"vision-trainer-{name}").Append("vision-model-server").Order(), Images().Select(image => image["name"]).Order());
        Assert.Contains("$REGISTRY.azurecr.io/$NAME:$TAG", Commands, StringComparison.Ordinal);
        Assert.Contains("'${registry.outputs.server}/vision-trainer-${one.name}:${imageTag}'", template, StringComparison.Ordinal);
        Assert.Contains("'${registry.outputs.server}/vision-model-server:${imageTag}'", template, StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_of_platform_cli_are_ones_that_it_has()
    {
        var commands = CliCommand().Matches(Commands).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.Equal(["backup run", "database migrate", "smoke \"$APP_URL\" --wait 300"], commands.Order());
        Assert.All(commands, command => Assert.Empty(CommandLine.Build().Parse(command.Replace("\"$APP_URL\"", "https://app.example.com", StringComparison.Ordinal).Split(' ')).Errors));
    }

    [Fact]
    public void Outputs_that_they_read_are_outputs_of_the_template()
    {
        var read = Output().Matches(Commands).Select(match => match.Groups[1].Value).Distinct().ToList();

        Assert.NotEmpty(read);
        Assert.All(read, name => Assert.Contains($"\noutput {name} ", Repository.Text("infra/bicep/main.bicep")));
    }

    [Fact]
    public void A_deployment_backs_up_before_it_migrates_and_tries_the_app_last()
    {
        var steps = Steps("deploy-environment.yml").Select(step => (string)step.GetValueOrDefault("name", "")).Where(name => name.Length > 0);

        Assert.Equal(["Back up the databases", "Migrate the databases", "Infrastructure", "App", "Smoke test"], steps);
    }

    [Fact]
    public void Production_comes_after_staging_and_both_after_the_tests()
    {
        var jobs = (Dictionary<object, object>)Workflows["deploy.yml"]["jobs"];

        Assert.Superset(new HashSet<string> { "test", "publish", "staging-images", "staging", "production-images" }, Before("production"));
        Assert.DoesNotContain("production", Before("staging"));
        Assert.Contains("test", Before("staging"));
        // Reviewers belong to an environment: a job that names it waits for them.
        Assert.All(Workflows.Where(workflow => workflow.Key is "deploy-environment.yml" or "images.yml" or "roll-back.yml"), workflow =>
            Assert.All(((Dictionary<object, object>)workflow.Value["jobs"]).Values, job => Assert.Equal("${{ inputs.environment }}", ((Dictionary<object, object>)job)["environment"])));

        HashSet<string> Before(string job) => Needs(job).SelectMany(needed => Before(needed).Append(needed)).ToHashSet();
        IEnumerable<string> Needs(string job) => ((Dictionary<object, object>)jobs[job]).GetValueOrDefault("needs") switch { string one => [one], List<object> all => all.Cast<string>(), _ => [] };
    }

    [Fact]
    public void Values_from_outside_do_not_become_parts_of_commands()
    {
        Assert.DoesNotContain("${{", Commands, StringComparison.Ordinal);
    }

    private static IEnumerable<Dictionary<object, object>> Jobs(string? workflow = null) =>
        Workflows.Where(file => workflow is null || file.Key == workflow).SelectMany(file => ((Dictionary<object, object>)file.Value["jobs"]).Values).Cast<Dictionary<object, object>>();

    private static IEnumerable<Dictionary<object, object>> Steps(string? workflow = null) =>
        Jobs(workflow).Where(job => job.ContainsKey("steps")).SelectMany(job => (List<object>)job["steps"]).Cast<Dictionary<object, object>>();

    /// <summary>The images that are built: <c>name</c>, <c>file</c> and <c>context</c> of each.</summary>
    private static List<Dictionary<string, string>> Images() =>
        [.. Jobs("images.yml").SelectMany(job => (List<object>)((Dictionary<object, object>)((Dictionary<object, object>)job["strategy"])["matrix"])["image"])
            .Select(image => ((Dictionary<object, object>)image).ToDictionary(pair => (string)pair.Key, pair => (string)pair.Value))];

    private static List<string> Inputs(string name) =>
        [.. Jobs().Select(job => job.GetValueOrDefault("with")).OfType<Dictionary<object, object>>().Select(with => with.GetValueOrDefault(name)).OfType<string>()];

    [GeneratedRegex(@"platform-cli\.dll (.+)")]
    private static partial Regex CliCommand();

    [GeneratedRegex(@"\$\(output (\w+)\)")]
    private static partial Regex Output();
}
