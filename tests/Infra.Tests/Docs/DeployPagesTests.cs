using System.Globalization;
using System.Text.RegularExpressions;
using VisionPlatform.Cli;
using VisionPlatform.Domain.Operations;
using VisionPlatform.Infra.Tests.Azure;

namespace VisionPlatform.Infra.Tests.Docs;

/// <summary>What the pages on deployment name exists: files, commands, parameters, outputs, secrets, variables.</summary>
public sealed partial class DeployPagesTests(BicepTemplate template)
{
    private const string Azure = "docs/deploy-azure.md";
    private const string Railway = "docs/deploy-railway.md";

    private static readonly string Main = Repository.Text("infra/bicep/main.bicep");

    [Theory, InlineData(Azure), InlineData(Railway)]
    public void Files_and_pages_exist(string page)
    {
        var text = Repository.Text(page);
        var files = FileName().Matches(text).Select(match => match.Value.TrimStart('/')).Where(file => !file.StartsWith(".platform/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal)).Distinct().ToList();

        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(Path.Exists(Path.Combine(Repository.Root, file)), $"{page} names {file}, which is not there."));
        foreach (Match link in Link().Matches(text))
        {
            var target = Path.Combine("docs", link.Groups[1].Value);
            Assert.True(File.Exists(Path.Combine(Repository.Root, target)), $"{page} links to {target}, which is not there.");
            if (link.Groups[2].Success)
                Assert.Contains(link.Groups[2].Value, Repository.Text(target).Split('\n').Where(line => line.StartsWith('#')).Select(Anchor));
        }
    }

    [Theory, InlineData(Azure), InlineData(Railway)]
    public async Task Commands_are_ones_that_a_shell_and_the_programs_understand(string page)
    {
        var text = Repository.Text(page);
        foreach (Match block in BashBlock().Matches(text))
            Assert.Equal((0, ""), await SyntaxAsync(block.Groups[1].Value));

        var commands = CliCommand().Matches(text).Select(match => match.Groups[1].Value.Trim().Replace("\"$APP_URL\"", "https://app.example.com", StringComparison.Ordinal)).Distinct().ToList();
        Assert.Contains("smoke https://app.example.com", commands);
        Assert.All(commands, command => Assert.Empty(CommandLine.Build().Parse(command.Split(' ')).Errors));
        Assert.All(EntryCommand().Matches(text).Select(match => match.Groups[1].Value), command => Assert.Contains($"\n  {command} ", Repository.Text("platform")));
    }

    [Fact]
    public void Parameters_and_outputs_are_those_of_the_template()
    {
        var text = Repository.Text(Azure);

        var described = TableOf(text, "parameter");
        var declared = Regex.Matches(Main, @"^param (\w+)", RegexOptions.Multiline).Select(match => match.Groups[1].Value).ToList();
        Assert.All(described, name => Assert.Contains(name, declared));
        // These are given by the parameter files and nobody has to know them.
        Assert.Equal(["environmentName", "location", "storageEndpoint"], declared.Except(described).Order());
        var outputs = Regex.Matches(text, @"\$\(output (\w+)\)").Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(outputs);
        Assert.All(outputs, name => Assert.Contains($"\noutput {name} ", Main));
        // What the parameter files read from the environment is exported.
        var read = BicepTemplate.Environments.SelectMany(name => Regex.Matches(Repository.Text($"infra/bicep/{name}.bicepparam"), @"readEnvironmentVariable\('(\w+)'").Select(match => match.Groups[1].Value)).Distinct();
        Assert.All(read, name => Assert.Matches($"export .*\\b{name}=", text));
    }

    [Fact]
    public async Task Every_secret_that_the_app_refers_to_is_put_into_the_vault()
    {
        var put = Regex.Match(Repository.Text(Azure).Replace("\\\n", " ", StringComparison.Ordinal), "for name in ([A-Z_ ]+); do").Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(name => name.Replace('_', '-'));

        foreach (var environment in BicepTemplate.Environments)
            Assert.Equal((await template.DeploymentAsync(environment)).Output("secretNames").EnumerateArray().Select(name => name.GetString()!).Order(), put.Order());
    }

    [Fact]
    public void Buckets_are_those_of_the_parameter_file()
    {
        var parameters = Repository.Text("infra/bicep/prod.bicepparam");

        Assert.All(Regex.Matches(Repository.Text(Azure), @"\b(\w*BUCKET\w*)=([a-z-]+)").ToList(), bucket => Assert.Contains($"{bucket.Groups[1].Value}: '{bucket.Groups[2].Value}'", parameters));
    }

    [Fact]
    public void Variables_and_secrets_of_the_workflows_are_described()
    {
        var used = Directory.GetFiles(Path.Combine(Repository.Root, ".github/workflows")).SelectMany(file => Regex.Matches(File.ReadAllText(file), @"\b(?:vars|secrets)\.([A-Z_]+)").Select(match => match.Groups[1].Value)).Distinct();

        Assert.Equal(used.Order(), TableOf(Repository.Text(Azure), "variable").Order());
    }

    [Theory, InlineData(Azure, 0), InlineData(Railway, 3)]
    public void Costs_are_those_of_the_cost_command(string page, int applications)
    {
        var lines = MonthlyCost.Of(new MonthlyUsage(3, applications, 50_000_000_000, 5_000_000, 20_000_000));
        var expected = lines.Select(line => string.Create(CultureInfo.InvariantCulture, $"{line.Service,-22} {line.Quantity,14}  ${line.Dollars,8:0.00}"))
            .Append(string.Create(CultureInfo.InvariantCulture, $"{"together",-22} {"",14}  ${lines.Sum(line => line.Dollars),8:0.00} a month"));

        Assert.Contains($"```text\n{string.Join('\n', expected)}\n```", Repository.Text(page));
    }

    [Fact]
    public void Services_of_railway_have_the_names_that_the_variables_refer_to()
    {
        var referred = Regex.Matches(Repository.Text("infra/railway/app/variables.env") + Repository.Text("infra/railway/trainer-torchvision/variables.env"), @"\$\{\{([a-z-]+)\.").Select(match => match.Groups[1].Value).Distinct();

        Assert.All(referred, name => Assert.Contains($"`{name}`", Repository.Text(Railway)));
    }

    private static async Task<(int, string)> SyntaxAsync(string script)
    {
        var ended = await Repository.RunAsync("bash", ["-n", "-c", script]);
        return (ended.Code, ended.All);
    }

    /// <summary>The names in backticks in the first column of the table with this heading.</summary>
    private static List<string> TableOf(string page, string heading) =>
        [.. page.Split('\n').SkipWhile(line => !line.StartsWith($"| {heading} |", StringComparison.Ordinal)).Skip(2).TakeWhile(line => line.StartsWith('|')).SelectMany(row => Regex.Matches(row.Split('|')[1], "`(\\w+)`").Select(match => match.Groups[1].Value))];

    private static string Anchor(string heading) => Regex.Replace(heading.TrimStart('#').Trim().ToLowerInvariant(), "[^a-z0-9 -]", "").Replace(' ', '-');

    [GeneratedRegex(@"(?<![\w$""/.])/?(?:infra|trainers|src|docs|\.github|\.platform)/[\w./-]*\w")]
    private static partial Regex FileName();

    [GeneratedRegex(@"\]\(([\w./-]+\.md)(?:#([\w-]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("```bash\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex BashBlock();

    [GeneratedRegex(@"(?<![/=])platform-cli ((?:[a-z]+)[^\n`#|]*)")]
    private static partial Regex CliCommand();

    [GeneratedRegex(@"\./platform ([a-z]+)")]
    private static partial Regex EntryCommand();
}
