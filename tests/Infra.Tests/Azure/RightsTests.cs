namespace VisionPlatform.Infra.Tests.Azure;

/// <summary>What the identities of the installation may do: what the code needs and no more.</summary>
public sealed class RightsTests(BicepTemplate template)
{
    private static readonly Dictionary<string, string> Roles = new()
    {
        ["b7e6dc6d-f1e8-4753-8033-0f276bb0955b"] = "Storage Blob Data Owner",
        ["974c5e8b-45b9-4653-ba55-5f855dd0fb88"] = "Storage Queue Data Contributor",
        ["0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3"] = "Storage Table Data Contributor",
        ["4633458b-17de-408a-b874-0445c86b69e6"] = "Key Vault Secrets User",
        ["3913510d-42f4-4e42-8a64-420c390055eb"] = "Monitoring Metrics Publisher",
        ["7f951dda-4ed3-4680-a7ca-43fe172d538d"] = "AcrPull",
        ["b9a307c4-5aa3-4b52-ba60-2b17c136cd7b"] = "Container Apps Jobs Operator",
    };

    // Who, which role, on what.
    private static readonly string[] Needed =
    [
        // The Functions host: task hub, locks, keys and the published app (docs/hosts.md).
        "app: Storage Blob Data Owner on storageAccounts", "app: Storage Queue Data Contributor on storageAccounts", "app: Storage Table Data Contributor on storageAccounts",
        // References in the app's settings.
        "app: Key Vault Secrets User on vaults",
        // Logs and traces: the component takes no anonymous ones.
        "app: Monitoring Metrics Publisher on components",
        "containers: AcrPull on registries",
        // The keys that their callers show, and no other secret.
        "containers: Key Vault Secrets User on secrets/TRAINER-API-KEY", "containers: Key Vault Secrets User on secrets/MODEL-SERVER-API-KEY",
    ];

    [Theory, MemberData(nameof(TemplateTests.Environments), MemberType = typeof(TemplateTests))]
    public async Task Identities_have_exactly_the_rights_that_the_code_needs(string environment)
    {
        var deployment = await template.DeploymentAsync(environment);
        var given = deployment.Of("Microsoft.Authorization/roleAssignments").Select(assignment =>
        {
            var properties = assignment.Properties();
            var scope = assignment.GetProperty("id").GetString()!.Split("/providers/Microsoft.Authorization/")[0].Split('/');
            var who = properties.GetProperty("principalId").GetString()!.Split("userAssignedIdentities/")[1].Split('\'')[0].Split('-')[^1];
            var role = Roles[properties.GetProperty("roleDefinitionId").GetString()!.Split('/')[^1]];
            return $"{who}: {role} on {(scope[^2] == "secrets" ? $"secrets/{scope[^1]}" : scope[^2])}";
        });

        // Where the app starts trainers: on each of these jobs.
        var started = deployment.Of("Microsoft.App/jobs").Select(_ => "app: Container Apps Jobs Operator on jobs");
        Assert.Equal(Needed.Concat(started).Order(), given.Order());
    }

    [Theory, MemberData(nameof(TemplateTests.Environments), MemberType = typeof(TemplateTests))]
    public async Task The_app_and_each_container_run_as_their_own_identity(string environment)
    {
        var deployment = await template.DeploymentAsync(environment);

        Assert.EndsWith("-app", Assert.Single(Identities("Microsoft.Web/sites")), StringComparison.Ordinal);
        Assert.All(Identities("Microsoft.App/containerApps").Concat(Identities("Microsoft.App/jobs")), id => Assert.EndsWith("-containers", id, StringComparison.Ordinal));

        IEnumerable<string> Identities(string type) => deployment.Of(type).SelectMany(resource => resource.GetProperty("identity").GetProperty("userAssignedIdentities").EnumerateObject()).Select(id => id.Name);
    }
}
