namespace VisionPlatform.Domain.Accounts;

/// <summary>Who may decide about whose system role.</summary>
public static class RoleRules
{
    /// <summary>Whether an account with one role may see and change an account with the other: a manager only those below managers.</summary>
    public static bool MayAdminister(SystemRole actor, SystemRole target) => actor switch
    {
        SystemRole.Admin => true,
        SystemRole.Manager => target < SystemRole.Manager,
        _ => false,
    };

    /// <summary>Whether an account with one role may give the other to somebody.</summary>
    public static bool MayGrant(SystemRole actor, SystemRole role) => MayAdminister(actor, role);

    /// <summary>The system roles that somebody may give, weakest first.</summary>
    public static IReadOnlyList<SystemRole> Grantable(SystemRole actor) => [.. Enum.GetValues<SystemRole>().Where(role => MayGrant(actor, role))];

    /// <summary>The roles a member of a project can be given; its owner changes only by transfer.</summary>
    public static IReadOnlyList<ProjectRole> ProjectRoles { get; } = [ProjectRole.Viewer, ProjectRole.Member, ProjectRole.Admin];

    /// <summary>The roles a dataset can be shared with; its owner is the project's.</summary>
    public static IReadOnlyList<DatasetRole> DatasetRoles { get; } = [DatasetRole.Viewer, DatasetRole.Annotator, DatasetRole.Reviewer, DatasetRole.Admin];
}
