using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using VisionPlatform.Application.Modules;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Infra.Tests.Azure;

/// <summary>What can be known of the Azure template without Azure.</summary>
public sealed partial class TemplateTests(BicepTemplate template)
{
    // Read by Azure or the Functions host, not by the app.
    private static readonly string[] OfTheHost =
        ["AzureWebJobsStorage__credential", "AzureWebJobsStorage__clientId", "AzureWebJobsDisableHomepage", "AZURE_CLIENT_ID"];

    public static TheoryData<string> Environments => [.. BicepTemplate.Environments];

    [Fact]
    public async Task The_template_compiles_and_the_linter_has_nothing_to_say()
    {
        var files = Directory.GetFiles(Path.Combine(Repository.Root, BicepTemplate.Folder), "*.bicep*", SearchOption.AllDirectories).Where(file => !file.EndsWith(".json", StringComparison.Ordinal)).ToList();
        Assert.Equal(BicepTemplate.Environments.Length, files.Count(file => file.EndsWith(".bicepparam", StringComparison.Ordinal)));

        var linted = await Repository.RunAsync(Repository.Bicep, ["lint", "main.bicep"], folder: Path.Combine(Repository.Root, BicepTemplate.Folder));

        Assert.Equal((0, ""), (linted.Code, linted.All.Trim()));
    }

    [Fact]
    public async Task Every_module_of_the_folder_is_used_and_gets_each_of_its_parameters()
    {
        var modules = (await template.CompiledAsync()).GetProperty("resources").EnumerateObject().Select(resource => resource.Value)
            .Where(resource => resource.GetProperty("type").GetString() == "Microsoft.Resources/deployments").Select(resource => resource.Properties()).ToList();

        Assert.All(modules, module =>
        {
            var takes = module.GetProperty("template").TryGetProperty("parameters", out var parameters) ? parameters.EnumerateObject().Select(parameter => parameter.Name) : [];
            var gets = module.TryGetProperty("parameters", out var given) ? given.EnumerateObject().Select(parameter => parameter.Name) : [];
            Assert.Equal(takes.Order(), gets.Order());
        });
        var used = ModuleFile().Matches(Repository.Text($"{BicepTemplate.Folder}/main.bicep")).Select(match => match.Groups[1].Value).ToHashSet();
        Assert.Equal(Directory.GetFiles(Path.Combine(Repository.Root, BicepTemplate.Folder, "modules")).Select(Path.GetFileName).Order(), used.Order());
    }

    [Theory, MemberData(nameof(Environments))]
    public async Task Every_setting_that_the_app_needs_is_set(string environment)
    {
        var set = (await template.DeploymentAsync(environment)).AppSettings;

        Assert.DoesNotContain(AppSettings.Declared(), setting => setting.IsNeeded && !setting.Aliases.Prepend(setting.Name).Any(set.ContainsKey));
        // Settings with a default that is good on one machine only.
        Assert.All(["PUBLIC_URL", "CORS_ORIGINS", "AzureWebJobsStorage__accountName", "APPLICATIONINSIGHTS_CONNECTION_STRING", "TRAINER_API_KEY", "BACKUP_BUCKET", "BACKUP_ENCRYPTION_KEY"], name => Assert.Contains(name, set));
    }

    [Theory, MemberData(nameof(Environments))]
    public async Task Every_setting_that_is_set_is_one_that_the_app_or_the_host_reads(string environment)
    {
        var declared = AppSettings.Declared().SelectMany(setting => setting.Aliases.Prepend(setting.Name)).ToList();
        var families = declared.Where(name => name.Contains('<', StringComparison.Ordinal)).Select(name => new Regex($"^{Placeholder().Replace(name, "[A-Z0-9_]+")}$")).ToList();

        Assert.All((await template.DeploymentAsync(environment)).AppSettings.Keys.Except(OfTheHost), name => Assert.True(declared.Contains(name) || families.Any(family => family.IsMatch(name)), $"Nothing reads {name}."));
    }

    [Theory, MemberData(nameof(Environments))]
    public async Task Secrets_come_from_the_vault_and_the_outputs_name_each_of_them(string environment)
    {
        var deployment = await template.DeploymentAsync(environment);
        var secrets = AppSettings.Declared().Where(setting => setting.IsSecret).Select(setting => setting.Name).Append("EXTERNAL_STORAGE_ACCESS_KEY").ToHashSet();
        var named = deployment.Output("secretNames").EnumerateArray().Select(name => name.GetString()!).ToList();
        var settings = deployment.AppSettings.Where(setting => secrets.Contains(setting.Key) && setting.Key != "APPLICATIONINSIGHTS_CONNECTION_STRING").ToList();

        Assert.All(settings, setting =>
        {
            Assert.Matches($@"^\[format\('@Microsoft\.KeyVault\(SecretUri=\{{0\}}secrets/\{{1\}}\)', reference\(.+\)\.vaultUri, '{setting.Key.Replace('_', '-')}'\)\]$", setting.Value);
            Assert.Contains(setting.Key.Replace('_', '-'), named);
        });
        Assert.Equal(named.Order(), settings.Select(setting => setting.Key.Replace('_', '-')).Order());
        // Containers refer to the same secrets.
        var containers = deployment.Of("Microsoft.App/containerApps").ToList();
        Assert.NotEmpty(containers);
        Assert.All(containers, container =>
        {
            var given = container.Properties().GetProperty("configuration").GetProperty("secrets").EnumerateArray().ToDictionary(secret => secret.Name(), secret => secret.GetProperty("keyVaultUrl").GetString()!);
            Assert.All(given.Values, url => Assert.Contains(named, name => url.EndsWith($"'{name}')]", StringComparison.Ordinal)));
            foreach (var variable in container.Properties().GetProperty("template").GetProperty("containers")[0].GetProperty("env").EnumerateArray())
                if (secrets.Contains(variable.Name()))
                    Assert.Contains(variable.GetProperty("secretRef").GetString()!, given.Keys);
        });
    }

    [Fact]
    public async Task The_template_holds_and_hands_out_no_key()
    {
        var compiled = await template.CompiledAsync();

        Assert.All(compiled.Texts(), found => Assert.DoesNotMatch(KeyLike(), found.Text));
        // Keys that Azure makes are asked for in one place only: the environment of the containers writes its logs with that of the workspace.
        Assert.Equal(["sharedKey"], compiled.Texts().Where(found => found.Text.Contains("listKeys", StringComparison.OrdinalIgnoreCase)).Select(found => found.Path.Split('.')[^1]));
        Assert.DoesNotContain(compiled.GetProperty("outputs").GetRawText(), "list", StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Environments))]
    public async Task Names_are_ones_that_azure_takes(string environment)
    {
        var deployment = await template.DeploymentAsync(environment);

        Assert.All(deployment.Resources, resource =>
        {
            var (type, name) = (resource.GetProperty("type").GetString()!, resource.Name().Split('/')[^1]);
            Assert.True(NameRules.TryGetValue(type, out var rule), $"There is no rule for names of {type}.");
            Assert.Matches($"^(?:{rule})$", name);
        });
        Assert.Equal(deployment.Resources.Count, deployment.Resources.Select(resource => resource.GetProperty("id").GetString()).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }

    [Fact]
    public async Task Names_of_different_environments_do_not_meet()
    {
        var names = new List<string>();
        foreach (var environment in BicepTemplate.Environments)
            foreach (var type in (string[])["Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults", "Microsoft.ContainerRegistry/registries", "Microsoft.Web/sites"])
                names.Add((await template.DeploymentAsync(environment)).Of(type).Single().Name());

        Assert.Equal(names.Count, names.Distinct().Count());
    }

    [Theory, MemberData(nameof(Environments))]
    public async Task The_app_runs_without_keys_of_its_storage_account(string environment)
    {
        var deployment = await template.DeploymentAsync(environment);
        var (app, storage) = (deployment.Of("Microsoft.Web/sites").Single().Properties(), deployment.Of("Microsoft.Storage/storageAccounts").Single());

        Assert.False(storage.Properties().GetProperty("allowSharedKeyAccess").GetBoolean());
        Assert.False(storage.Properties().GetProperty("allowBlobPublicAccess").GetBoolean());
        Assert.Equal((storage.Name(), "managedidentity"), (deployment.AppSettings["AzureWebJobsStorage__accountName"], deployment.AppSettings["AzureWebJobsStorage__credential"]));
        Assert.DoesNotContain("AzureWebJobsStorage", deployment.AppSettings.Keys);
        // Flex Consumption refuses an app with these two: the runtime is a property of the app.
        Assert.Empty(deployment.AppSettings.Keys.Intersect(["FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_EXTENSION_VERSION"]));
        var config = app.GetProperty("functionAppConfig");
        Assert.Equal(("dotnet-isolated", "10.0"), (config.GetProperty("runtime").Name(), config.GetProperty("runtime").GetProperty("version").GetString()));
        Assert.Equal("UserAssignedIdentity", config.GetProperty("deployment").GetProperty("storage").GetProperty("authentication").GetProperty("type").GetString());
        Assert.Equal("FC1", deployment.Of("Microsoft.Web/serverfarms").Single().GetProperty("sku").Name());
        Assert.True(app.GetProperty("httpsOnly").GetBoolean());
    }

    [Theory, MemberData(nameof(Environments))]
    public async Task Each_trainer_is_a_folder_here_and_fits_its_machine(string environment)
    {
        var deployment = await template.DeploymentAsync(environment);
        var profiles = deployment.Of("Microsoft.App/managedEnvironments").Single().Properties().GetProperty("workloadProfiles").EnumerateArray().ToDictionary(profile => profile.Name(), profile => profile.GetProperty("workloadProfileType").GetString()!);

        foreach (var app in TrainersOf(deployment))
        {
            var name = app.Name()["trainer-".Length..];
            var (properties, container) = (app.Properties(), app.Properties().GetProperty("template").GetProperty("containers")[0]);
            var (cpu, memory) = (container.GetProperty("resources").GetProperty("cpu").GetInt32(), container.GetProperty("resources").GetProperty("memory").GetString()!);
            Assert.Contains(name, Repository.Trainers.Keys);
            Assert.Equal(Repository.Trainers[name]["port"], properties.GetProperty("configuration").GetProperty("ingress").GetProperty("targetPort").GetRawText());
            Assert.False(properties.GetProperty("configuration").GetProperty("ingress").GetProperty("allowInsecure").GetBoolean());
            Assert.Contains($"TRAINER_{name.ToUpperInvariant()}_URL", deployment.AppSettings.Keys);
            Assert.All(container.GetProperty("probes").EnumerateArray(), probe => Assert.Equal(Repository.Trainers[name]["health"], probe.GetProperty("httpGet").GetProperty("path").GetString()));
            // Container Apps sells these sizes; the machine of the T4 has 8 cores.
            Assert.True(profiles[properties.GetProperty("workloadProfileName").GetString()!] is "Consumption" ? cpu <= 4 && memory == $"{2 * cpu}Gi" : cpu <= 8 && memory == $"{7 * cpu}Gi", $"{cpu} cores with {memory}");
        }
    }

    [Theory]
    [InlineData("dev", 0)]
    [InlineData("staging", 1)]
    [InlineData("prod", 1)]
    public async Task A_trainer_that_is_started_for_each_job_has_a_job_that_the_app_knows(string environment, int expected)
    {
        var deployment = await template.DeploymentAsync(environment);
        var settings = TrainerSettings.From(new ConfigurationBuilder().AddInMemoryCollection(
            deployment.AppSettings.Where(setting => setting.Key.StartsWith("TRAINER_", StringComparison.Ordinal) && setting.Key != "TRAINER_API_KEY").Select(setting => KeyValuePair.Create(setting.Key, (string?)(setting.Key.EndsWith("_URL", StringComparison.Ordinal) ? "https://trainer.example" : setting.Value)))).Build());
        var jobs = deployment.Of("Microsoft.App/jobs").ToList();

        Assert.Equal(expected, jobs.Count);
        Assert.Equal(jobs.Select(job => job.GetProperty("id").GetString()).Order(), settings.Jobs.Values.Select(job => job.ResourceId).Order());
        Assert.All(jobs, job =>
        {
            var (name, configuration) = (job.Name()["train-".Length..], job.Properties().GetProperty("configuration"));
            Assert.Contains(name, Repository.Trainers.Keys);
            // The platform starts the next attempt: a container that Azure started again would find its attempt begun.
            Assert.Equal(0, configuration.GetProperty("replicaRetryLimit").GetInt32());
            Assert.Equal((1, 1), (configuration.GetProperty("manualTriggerConfig").GetProperty("parallelism").GetInt32(), configuration.GetProperty("manualTriggerConfig").GetProperty("replicaCompletionCount").GetInt32()));
            var service = deployment.Of("Microsoft.App/containerApps").Single(app => app.Name() == $"trainer-{name}").Properties();
            var profile = job.Properties().GetProperty("workloadProfileName").GetString();
            Assert.Equal((environment == "prod" ? "gpu" : "Consumption", "Consumption"), (profile, service.GetProperty("workloadProfileName").GetString()));
            Assert.Equal(0, service.GetProperty("template").GetProperty("scale").GetProperty("minReplicas").GetInt32());
            Assert.Equal(service.GetProperty("template").GetProperty("containers")[0].GetProperty("image").GetRawText(), job.Properties().GetProperty("template").GetProperty("containers")[0].GetProperty("image").GetRawText());
            var resources = job.Properties().GetProperty("template").GetProperty("containers")[0].GetProperty("resources");
            Assert.Equal($"{(profile == "gpu" ? 7 : 2) * resources.GetProperty("cpu").GetInt32()}Gi", resources.GetProperty("memory").GetString());
        });
        // A service without a job holds its jobs itself.
        Assert.All(TrainersOf(deployment).Where(app => jobs.All(job => job.Name()["train-".Length..] != app.Name()["trainer-".Length..])), app =>
            Assert.Equal(1, app.Properties().GetProperty("template").GetProperty("scale").GetProperty("minReplicas").GetInt32()));
    }

    [Theory]
    [InlineData("dev", 1)]
    [InlineData("staging", 1)]
    [InlineData("prod", 2)]
    public async Task The_app_knows_each_model_server_and_both_have_its_key(string environment, int expected)
    {
        var deployment = await template.DeploymentAsync(environment);
        var servers = deployment.Of("Microsoft.App/containerApps").Where(app => app.Name().StartsWith("model-server-", StringComparison.Ordinal)).ToList();

        Assert.Equal(expected, servers.Count);
        // The domain is known only to Azure, so that the addresses are an expression with the numbers of the servers.
        var numbers = ModelServerNumber().Matches(deployment.AppSettings["MODEL_SERVER_URLS"]).Select(match => $"model-server-{match.Groups[1].Value}");
        Assert.Equal(servers.Select(server => server.Name()).Order(), numbers.Order());
        Assert.Contains("MODEL_SERVER_API_KEY", deployment.AppSettings.Keys);
        Assert.All(servers, server =>
        {
            var (configuration, container) = (server.Properties().GetProperty("configuration"), server.Properties().GetProperty("template").GetProperty("containers")[0]);
            var variables = container.GetProperty("env").EnumerateArray().ToDictionary(variable => variable.Name());
            Assert.Equal(configuration.GetProperty("ingress").GetProperty("targetPort").GetRawText(), variables["PORT"].GetProperty("value").GetString());
            Assert.Equal("model-server-api-key", variables["MODEL_SERVER_API_KEY"].GetProperty("secretRef").GetString());
            // Models stay in memory, so that it never sleeps; and the app counts on the server that answered, so that there is one behind each address.
            Assert.Equal((1, 1), (Scale("minReplicas"), Scale("maxReplicas")));
            int Scale(string name) => server.Properties().GetProperty("template").GetProperty("scale").GetProperty(name).GetInt32();
        });
    }

    [Fact]
    public async Task The_first_deployment_needs_neither_images_nor_secrets()
    {
        var first = await template.DeployAsync("prod", "");

        Assert.Empty(first.Of("Microsoft.App/containerApps"));
        Assert.Empty(first.Of("Microsoft.App/jobs"));
        Assert.DoesNotContain(first.Of("Microsoft.Authorization/roleAssignments"), role => role.GetProperty("id").GetString()!.Contains("/secrets/", StringComparison.Ordinal));
        Assert.NotEmpty(first.Of("Microsoft.Web/sites"));
    }

    private static IEnumerable<JsonElement> TrainersOf(Deployment deployment) => deployment.Of("Microsoft.App/containerApps").Where(app => app.Name().StartsWith("trainer-", StringComparison.Ordinal));

    [GeneratedRegex("'modules/([a-z-]+\\.bicep)'")]
    private static partial Regex ModuleFile();

    [GeneratedRegex(@"https://model-server-\{0\}\.\{1\}', (\d+),")]
    private static partial Regex ModelServerNumber();

    [GeneratedRegex("<[A-Z]+>")]
    private static partial Regex Placeholder();

    [GeneratedRegex("AccountKey=|SharedAccessKey=|postgres(ql)?://|BEGIN [A-Z ]*PRIVATE KEY|[A-Za-z0-9+/]{40,}=")]
    private static partial Regex KeyLike();
}
