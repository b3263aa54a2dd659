namespace VisionPlatform.Infra.Tests.Azure;

public sealed partial class TemplateTests
{
    /// <summary>
    /// What Azure takes as the last part of a name, by type: https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules.
    /// </summary>
    private static readonly Dictionary<string, string> NameRules = new()
    {
        ["Microsoft.ManagedIdentity/userAssignedIdentities"] = "[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
        ["Microsoft.OperationalInsights/workspaces"] = "[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
        ["Microsoft.Insights/components"] = "[^%&\\\\?/]{1,259}[^%&\\\\?/. ]",
        ["Microsoft.Insights/diagnosticSettings"] = "[A-Za-z0-9_-]{1,260}",
        ["Microsoft.Insights/actionGroups"] = "[^:<>+/&%\\\\?|]{1,260}",
        ["Microsoft.Insights/scheduledQueryRules"] = "[^*<>?{}&#:\\\\/%]{1,260}",
        ["Microsoft.Insights/metricAlerts"] = "[^*#&+:<>?@%{}\\\\/|]{1,260}",
        ["Microsoft.Insights/webtests"] = "[A-Za-z0-9-]{1,260}",
        ["Microsoft.Storage/storageAccounts"] = "[a-z0-9]{3,24}",
        ["Microsoft.Storage/storageAccounts/blobServices"] = "default",
        ["Microsoft.Storage/storageAccounts/blobServices/containers"] = "[a-z0-9](?:-?[a-z0-9]){2,62}",
        ["Microsoft.KeyVault/vaults"] = "[A-Za-z](?:-?[A-Za-z0-9]){2,23}",
        ["Microsoft.ContainerRegistry/registries"] = "[A-Za-z0-9]{5,50}",
        ["Microsoft.Authorization/roleAssignments"] = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        ["Microsoft.App/managedEnvironments"] = "[a-z][a-z0-9-]{0,58}[a-z0-9]",
        ["Microsoft.App/jobs"] = "(?=.{2,32}$)[a-z](?:-?[a-z0-9])+",
        ["Microsoft.App/containerApps"] = "(?=.{2,32}$)[a-z](?:-?[a-z0-9])+",
        ["Microsoft.Web/serverfarms"] = "[A-Za-z0-9-]{1,60}",
        ["Microsoft.Web/sites"] = "(?=.{2,60}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])",
        ["Microsoft.Web/sites/config"] = "appsettings",
        ["Microsoft.Web/sites/basicPublishingCredentialsPolicies"] = "ftp|scm",
        ["Microsoft.Web/staticSites"] = "[A-Za-z0-9][A-Za-z0-9-]{0,38}[A-Za-z0-9]",
    };
}
