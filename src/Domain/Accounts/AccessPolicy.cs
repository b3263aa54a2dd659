using System.Collections.Frozen;
using System.Text.Json;

namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// The one table of who may do what. A permission inside a project needs both halves: the caller's system role and
/// the caller's role in that project. A system admin is treated as owner of every project.
/// </summary>
public static class AccessPolicy
{
    /// <param name="System">The weakest system role that holds the permission.</param>
    /// <param name="Project">The weakest project role that holds it; null when it does not concern a project.</param>
    /// <param name="Name">How the permission is called in answers: <c>resource:verb</c>.</param>
    private sealed record Rule(SystemRole System, ProjectRole? Project, string Name);

    private static readonly FrozenDictionary<Permission, Rule> Rules = new Dictionary<Permission, Rule>
    {
        [Permission.AccountSelf] = new(SystemRole.Guest, null, "account:self"),
        [Permission.ProjectsCreate] = new(SystemRole.Guest, null, "projects:create"),
        [Permission.ProjectsRead] = new(SystemRole.Guest, ProjectRole.Viewer, "projects:read"),
        [Permission.ProjectsWrite] = new(SystemRole.Guest, ProjectRole.Admin, "projects:write"),
        [Permission.ProjectsDelete] = new(SystemRole.Guest, ProjectRole.Owner, "projects:delete"),
        [Permission.DatasetsRead] = new(SystemRole.Guest, ProjectRole.Viewer, "datasets:read"),
        [Permission.DatasetsWrite] = new(SystemRole.Guest, ProjectRole.Member, "datasets:write"),
        [Permission.DatasetsDelete] = new(SystemRole.Guest, ProjectRole.Admin, "datasets:delete"),
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
        [Permission.AuditRead] = new(SystemRole.Admin, null, "audit:read"),
    }.ToFrozenDictionary();

    /// <summary>The permission as answers name it, e.g. <c>datasets:write</c>.</summary>
    public static string NameOf(Permission permission) => Rules[permission].Name;

    /// <summary>The role as it is stored and sent, e.g. <c>standard_engineer</c>.</summary>
    public static string NameOf(SystemRole role) => JsonNamingPolicy.SnakeCaseLower.ConvertName(role.ToString());

    /// <summary>The role as it is stored and sent, e.g. <c>owner</c>.</summary>
    public static string NameOf(ProjectRole role) => JsonNamingPolicy.SnakeCaseLower.ConvertName(role.ToString());

    /// <summary>Whether the permission is about one project, so that the system role alone does not decide.</summary>
    public static bool IsProjectScoped(Permission permission) => Rules[permission].Project is not null;

    /// <summary>Whether the system role holds the permission; for a project permission this is the first half only.</summary>
    public static bool Allows(SystemRole role, Permission permission) => role >= Rules[permission].System;

    /// <summary>Whether somebody with this system role and this project role holds a project permission.</summary>
    public static bool Allows(SystemRole role, ProjectRole projectRole, Permission permission) =>
        Allows(role, permission) && Rules[permission].Project is { } least && EffectiveRole(role, projectRole) >= least;

    /// <summary>The project role that counts: a system admin acts as owner everywhere; otherwise the given one, null when not a member.</summary>
    public static ProjectRole? EffectiveRole(SystemRole role, ProjectRole? projectRole) =>
        role == SystemRole.Admin ? ProjectRole.Owner : projectRole;
}
