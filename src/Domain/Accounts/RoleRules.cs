namespace VisionPlatform.Domain.Accounts;

/// <summary>Which roles may administer and grant which others.</summary>
public static class RoleRules
{
    /// <summary>Whether an account with the role of the actor may see and change an account with the target role.</summary>
    public static bool MayAdminister(SystemRole actor, SystemRole target) => actor switch
    {
        SystemRole.Admin => true,
        SystemRole.Manager => target < SystemRole.Manager,
        _ => false,
    };

    /// <summary>Whether an account with the role of the actor may grant a role.</summary>
    public static bool MayGrant(SystemRole actor, SystemRole role) => MayAdminister(actor, role);

    /// <summary>The system roles that the actor may grant, weakest first.</summary>
    public static IReadOnlyList<SystemRole> Grantable(SystemRole actor) => [.. Enum.GetValues<SystemRole>().Where(role => MayGrant(actor, role))];

    /// <summary>The roles that a member of a project can have. The owner changes only by a transfer.</summary>
    public static IReadOnlyList<ProjectRole> ProjectRoles { get; } = [ProjectRole.Viewer, ProjectRole.Member, ProjectRole.Admin];

    /// <summary>The roles with which a dataset can be shared. Its owner is the owner of the project.</summary>
    public static IReadOnlyList<DatasetRole> DatasetRoles { get; } = [DatasetRole.Viewer, DatasetRole.Annotator, DatasetRole.Reviewer, DatasetRole.Admin];
}
