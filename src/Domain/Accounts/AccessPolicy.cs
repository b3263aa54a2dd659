using System.Collections.Frozen;
using System.Text.Json;

namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// The table of all permissions. A permission inside a project needs both the caller's system role and
/// the caller's role in that project. A system admin is treated as owner of every project.
/// </summary>
public static class AccessPolicy
{
    /// <param name="System">The weakest system role that holds the permission.</param>
    /// <param name="Project">The weakest project role that holds it; null for a permission outside projects.</param>
    /// <param name="Name">The name of the permission in answers: <c>resource:verb</c>.</param>
    private sealed record Rule(SystemRole System, ProjectRole? Project, string Name)
    {
        /// <summary>The weakest role in a shared dataset that holds it without a role in the project; null when sharing does not give it.</summary>
        public DatasetRole? Dataset { get; init; }

        /// <summary>Whether it applies inside an organization. The people of the organization and administrators hold it.</summary>
        public bool InOrganization { get; init; }
    }

    private static readonly FrozenDictionary<Permission, Rule> Rules = new Dictionary<Permission, Rule>
    {
        [Permission.AccountSelf] = new(SystemRole.Guest, null, "account:self"),
        [Permission.AccountPassword] = new(SystemRole.Guest, null, "account:password"),
        [Permission.AccountSecurity] = new(SystemRole.Guest, null, "account:security"),
        [Permission.ProjectsCreate] = new(SystemRole.Guest, null, "projects:create"),
        [Permission.ProjectsRead] = new(SystemRole.Guest, ProjectRole.Viewer, "projects:read"),
        [Permission.ProjectsWrite] = new(SystemRole.Guest, ProjectRole.Admin, "projects:write"),
        [Permission.ProjectsDelete] = new(SystemRole.Guest, ProjectRole.Owner, "projects:delete"),
        [Permission.ProjectsTransfer] = new(SystemRole.Guest, ProjectRole.Owner, "projects:transfer"),
        [Permission.ProjectsAdminister] = new(SystemRole.Admin, null, "projects:administer"),
        [Permission.MembersInvite] = new(SystemRole.StandardEngineer, ProjectRole.Admin, "members:invite"),
        [Permission.MembersManage] = new(SystemRole.Guest, ProjectRole.Admin, "members:manage"),
        [Permission.DatasetsRead] = new(SystemRole.Guest, ProjectRole.Viewer, "datasets:read") { Dataset = DatasetRole.Viewer },
        [Permission.DatasetsWrite] = new(SystemRole.Guest, ProjectRole.Member, "datasets:write") { Dataset = DatasetRole.Admin },
        [Permission.DatasetsAnnotate] = new(SystemRole.Guest, ProjectRole.Member, "datasets:annotate") { Dataset = DatasetRole.Annotator },
        [Permission.DatasetsDelete] = new(SystemRole.Guest, ProjectRole.Admin, "datasets:delete"),
        [Permission.DatasetsShare] = new(SystemRole.StandardEngineer, ProjectRole.Admin, "datasets:share") { Dataset = DatasetRole.Admin },
        [Permission.TrainingRead] = new(SystemRole.Guest, ProjectRole.Viewer, "training:read"),
        [Permission.TrainingRun] = new(SystemRole.Guest, ProjectRole.Member, "training:run"),
        [Permission.TrainingAdvanced] = new(SystemRole.AdvancedEngineer, ProjectRole.Member, "training:advanced"),
        [Permission.TrainingManage] = new(SystemRole.Guest, ProjectRole.Admin, "training:manage"),
        [Permission.ModelsRead] = new(SystemRole.Guest, ProjectRole.Viewer, "models:read"),
        [Permission.ExportsRead] = new(SystemRole.Guest, ProjectRole.Viewer, "exports:read"),
        [Permission.ExportsRun] = new(SystemRole.StandardEngineer, ProjectRole.Member, "exports:run"),
        [Permission.DeploymentsRead] = new(SystemRole.Guest, ProjectRole.Viewer, "deployments:read"),
        [Permission.DeploymentsWrite] = new(SystemRole.StandardEngineer, ProjectRole.Member, "deployments:write"),
        [Permission.PredictionsRun] = new(SystemRole.Guest, ProjectRole.Viewer, "predictions:run"),
        [Permission.LabelingRead] = new(SystemRole.Guest, null, "labeling:read"),
        [Permission.LabelingWrite] = new(SystemRole.Guest, null, "labeling:write"),
        [Permission.InvitationsRead] = new(SystemRole.Guest, null, "invitations:read"),
        [Permission.InvitationsWrite] = new(SystemRole.Guest, null, "invitations:write"),
        [Permission.OrganizationsRead] = new(SystemRole.Guest, null, "organizations:read") { InOrganization = true },
        [Permission.QuotasRead] = new(SystemRole.Manager, null, "quotas:read") { InOrganization = true },
        [Permission.OrganizationsInvite] = new(SystemRole.Manager, null, "organizations:invite") { InOrganization = true },
        [Permission.OrganizationsWrite] = new(SystemRole.Admin, null, "organizations:write"),
        [Permission.UsersRead] = new(SystemRole.Manager, null, "users:read"),
        [Permission.UsersWrite] = new(SystemRole.Manager, null, "users:write"),
        [Permission.UsersDelete] = new(SystemRole.Admin, null, "users:delete"),
        [Permission.AuditRead] = new(SystemRole.Admin, null, "audit:read"),
        [Permission.OperationsRead] = new(SystemRole.Admin, null, "operations:read"),
        [Permission.OperationsRun] = new(SystemRole.Admin, null, "operations:run"),
    }.ToFrozenDictionary();

    /// <summary>The name of the permission in answers, e.g. <c>datasets:write</c>.</summary>
    public static string NameOf(Permission permission) => Rules[permission].Name;

    /// <summary>The role as it is stored and sent, e.g. <c>standard_engineer</c>.</summary>
    public static string NameOf(SystemRole role) => JsonNamingPolicy.SnakeCaseLower.ConvertName(role.ToString());

    /// <summary>The role as it is stored and sent, e.g. <c>owner</c>.</summary>
    public static string NameOf(ProjectRole role) => JsonNamingPolicy.SnakeCaseLower.ConvertName(role.ToString());

    /// <summary>
    /// Whether only a session holds it and no personal token, so that a person who finds a token cannot take over the
    /// account.
    /// </summary>
    public static bool NeedsSession(Permission permission) => permission is Permission.AccountPassword or Permission.AccountSecurity;

    /// <summary>Whether it can be used before the one-time password has been changed.</summary>
    public static bool IsAllowedBeforePasswordChange(Permission permission) => permission is Permission.AccountSelf or Permission.AccountPassword;

    /// <summary>Whether only managers and administrators hold it.</summary>
    public static bool IsAdministrative(Permission permission) => Rules[permission].System >= SystemRole.Manager;

    /// <summary>Whether the permission applies inside a project, so that it also needs a project role.</summary>
    public static bool IsProjectScoped(Permission permission) => Rules[permission].Project is not null;

    /// <summary>Whether the system role is sufficient. A permission inside a project also needs a project role.</summary>
    public static bool Allows(SystemRole role, Permission permission) => role >= Rules[permission].System;

    /// <summary>Whether a person with this system role and this project role holds a project permission.</summary>
    public static bool Allows(SystemRole role, ProjectRole projectRole, Permission permission) =>
        Allows(role, permission) && Rules[permission].Project is { } least && EffectiveRole(role, projectRole) >= least;

    /// <summary>Whether a person with this system role and this dataset role, but no role in the project, holds a permission in the dataset.</summary>
    public static bool Allows(SystemRole role, DatasetRole datasetRole, Permission permission) =>
        Allows(role, permission) && datasetRole >= Rules[permission].Dataset;

    /// <summary>Whether the permission applies inside an organization, so that only its people and administrators hold it.</summary>
    public static bool IsOrganizationScoped(Permission permission) => Rules[permission].InOrganization;

    /// <summary>Decides a call that needs a permission.</summary>
    /// <param name="actor">Who calls.</param>
    /// <param name="permission">The permission that the function requires.</param>
    /// <param name="anywhere">Whether the call is not about a particular project or organization.</param>
    public static AccessDecision Decide(AccessActor actor, Permission permission, bool anywhere)
    {
        if (actor.System is not { } role)
            return AccessDecision.Unauthenticated;
        if (!Allows(role, permission) || actor.Scopes?.Allows(permission) == false)
            return AccessDecision.Forbidden;
        if (anywhere || (!IsProjectScoped(permission) && !IsOrganizationScoped(permission)))
            return AccessDecision.Allowed;
        if (IsOrganizationScoped(permission))
            return role == SystemRole.Admin || actor.Belongs ? AccessDecision.Allowed : AccessDecision.Hidden;
        return EffectiveRole(role, actor.Project) is not { } here ? AccessDecision.Hidden
            : Allows(role, here, permission) ? AccessDecision.Allowed : AccessDecision.Forbidden;
    }

    /// <summary>The weakest system role that holds the permission.</summary>
    public static SystemRole LeastSystemRole(Permission permission) => Rules[permission].System;

    /// <summary>The weakest project role that holds it; null for a permission outside projects.</summary>
    public static ProjectRole? LeastProjectRole(Permission permission) => Rules[permission].Project;

    /// <summary>The weakest role in a shared dataset that holds it there; null when sharing does not give it.</summary>
    public static DatasetRole? LeastDatasetRole(Permission permission) => Rules[permission].Dataset;

    /// <summary>The effective project role: owner for a system admin, otherwise the given role; null for a person without a role.</summary>
    public static ProjectRole? EffectiveRole(SystemRole role, ProjectRole? projectRole) =>
        role == SystemRole.Admin ? ProjectRole.Owner : projectRole;
}
