using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace VisionPlatform.Infra.Tests.Containers;

/// <summary>The images, as far as they can be known without Docker.</summary>
public sealed partial class DockerfileTests
{
    private const string App = "infra/docker/platform.Dockerfile";
    private const string ModelServer = "infra/docker/model-server.Dockerfile";

    // The folder that each is built from.
    private static readonly Dictionary<string, string> Contexts = Directory.GetFiles(Path.Combine(Repository.Root, "trainers"), "*Dockerfile", SearchOption.AllDirectories)
        .ToDictionary(file => Path.GetRelativePath(Repository.Root, file), _ => "trainers").Append(new(App, ".")).Append(new(ModelServer, ".")).ToDictionary();

    public static TheoryData<string> Files => [.. Contexts.Keys];

    [Theory, MemberData(nameof(Files))]
    public void Bases_are_pinned_and_stages_exist(string path)
    {
        var file = Dockerfile.Read(path);
        var stages = file.Stages.ToList();

        Assert.All(stages, stage => Assert.True(stages.Any(other => other.Stage == stage.Image) || PinnedImage().IsMatch(stage.Image), $"{path}: {stage.Image} has no version."));
        Assert.All(file.Copies.Where(copy => copy.Stage is not null), copy => Assert.Contains(stages, stage => stage.Stage == copy.Stage));
    }

    [Theory, MemberData(nameof(Files))]
    public async Task Everything_that_is_copied_is_in_the_build_context(string path)
    {
        var context = Path.Combine(Repository.Root, Contexts[path]);
        var tracked = (await Repository.RunAsync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], folder: context)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var ignore = Ignore(path, context);

        foreach (var source in Dockerfile.Read(path).Copies.Where(copy => copy.Stage is null).SelectMany(copy => copy.Sources))
            Assert.True(tracked.Any(file => (file == source || file.StartsWith(source + "/", StringComparison.Ordinal)) && !ignore(file)), $"{path} copies {source}, which is not there or is ignored.");
    }

    [Theory, MemberData(nameof(Files))]
    public void Containers_do_not_run_as_root_and_say_whether_they_are_healthy(string path)
    {
        var file = Dockerfile.Read(path);

        Assert.False(file.Of("USER").LastOrDefault() is null or "root" or "0", $"{path} runs as root.");
        Assert.True(file.Instructions.ToList().FindLastIndex(instruction => instruction.Name is "RUN" or "COPY") < file.Instructions.ToList().FindIndex(instruction => instruction.Name == "USER"), "What is in the image must not belong to the user who runs it.");
        Assert.Contains("${PORT", file.Of("HEALTHCHECK").Single().Replace("os.environ.get('PORT'", "${PORT", StringComparison.Ordinal));
        Assert.Equal(["SIGTERM"], file.Of("STOPSIGNAL"));
        // In its exec form: a shell would not pass the signal on.
        Assert.NotEmpty(file.Exec(file.Of("ENTRYPOINT").Any() ? "ENTRYPOINT" : "CMD"));
    }

    [Theory]
    [InlineData(App, "src/Functions.Api/Functions.Api.csproj", "src/Cli/Cli.csproj")]
    [InlineData(ModelServer, "src/ModelServer/ModelServer.csproj")]
    public void An_image_restores_each_project_that_it_publishes(string dockerfile, params string[] published)
    {
        var copied = Dockerfile.Read(dockerfile).Copies.SelectMany(copy => copy.Sources).ToHashSet();
        var projects = new Queue<string>(published);
        var all = new HashSet<string>();
        while (projects.TryDequeue(out var project))
            if (all.Add(project))
                foreach (var reference in XDocument.Parse(Repository.Text(project)).Descendants("ProjectReference"))
                    projects.Enqueue(Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(Repository.Root, Path.GetDirectoryName(project)!, reference.Attribute("Include")!.Value))));

        Assert.All(all, project => Assert.Contains(project, copied));
    }

    [Theory]
    [InlineData(null, null, "http://*:7071")]
    [InlineData("8080", null, "http://*:8080")]
    [InlineData("8080", "http://127.0.0.1:9000", "http://127.0.0.1:9000")]
    public async Task The_app_listens_where_the_host_of_the_container_asks_it_to(string? port, string? urls, string expected)
    {
        Assert.Contains(Dockerfile.Read(App).Copies, copy => copy.Sources is ["infra/docker/start.sh"] && copy.Target == Dockerfile.Read(App).Exec("ENTRYPOINT").Single());
        var tools = Directory.CreateTempSubdirectory("start-").FullName;
        try
        {
            var dotnet = Path.Combine(tools, "dotnet");
            await File.WriteAllTextAsync(dotnet, "#!/bin/sh\necho \"$ASPNETCORE_URLS $*\"\n");
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(dotnet, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            var environment = new Dictionary<string, string?> { ["PATH"] = tools, ["PORT"] = port, ["ASPNETCORE_URLS"] = urls };

            var started = await Repository.RunAsync("/bin/sh", [Path.Combine(Repository.Root, "infra/docker/start.sh"), "--more"], environment);

            Assert.Equal($"{expected} /app/Functions.Api.dll --more", started.Output.Trim());
        }
        finally
        {
            Directory.Delete(tools, recursive: true);
        }
    }

    [Fact]
    public void The_images_without_gpu_have_the_packages_that_the_trainers_need()
    {
        foreach (var (name, values) in Repository.Trainers.Where(trainer => Repository.RunsWithoutGpu(trainer.Key)))
        {
            var needed = $"{values["modules"]} {values["packages"]}".Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(module => module.Split(':')[^1]).Append("python3");
            var installed = Dockerfile.Read($"trainers/{name}/cpu.Dockerfile").Of("RUN").Single(run => run.Contains("apt-get install", StringComparison.Ordinal)).Split(' ').Where(word => word.StartsWith("python3", StringComparison.Ordinal));
            Assert.Equal(needed.Distinct().Order(), installed.Order());
        }
    }

    /// <summary>Whether a file is left out of the build context: the patterns of .dockerignore that are used here.</summary>
    private static Func<string, bool> Ignore(string dockerfile, string context)
    {
        var own = Path.Combine(Repository.Root, dockerfile + ".dockerignore");
        var patterns = File.ReadLines(File.Exists(own) ? own : Path.Combine(context, ".dockerignore")).Where(line => line.Trim().Length > 0 && !line.StartsWith('#'))
            .Select(line => (Keeps: line.StartsWith('!'), Pattern: new Regex($"^{Regex.Escape(line.TrimStart('!')).Replace(@"\*\*/", "(?:.*/)?", StringComparison.Ordinal).Replace(@"\*", "[^/]*", StringComparison.Ordinal)}(?:/.*)?$"))).ToList();
        return file => patterns.LastOrDefault(pattern => pattern.Pattern.IsMatch(file)) is { Pattern: not null, Keeps: false };
    }

    [GeneratedRegex(@"^[a-z0-9./-]+:[0-9][\w.-]*$")]
    private static partial Regex PinnedImage();
}
