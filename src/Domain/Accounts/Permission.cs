namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// What a function of the API needs from its caller. Who holds which is one table, <see cref="AccessPolicy"/>.
/// Problem texts name it as <c>datasets:write</c>.
/// </summary>
public enum Permission
{
    /// <summary>See who is signed in.</summary>
    AccountSelf,

    /// <summary>Change one's own password and sign out; also while a one-time password still has to be changed.</summary>
    AccountPassword,

    /// <summary>Change one's own name, e-mail address, sessions and tokens.</summary>
    AccountSecurity,

    ProjectsCreate,

    /// <summary>See a project and who works in it; listing gives only what one may see.</summary>
    ProjectsRead,
    ProjectsWrite,
    ProjectsDelete,

    /// <summary>Give a project to another of its members.</summary>
    ProjectsTransfer,

    /// <summary>List all projects, change any of them and its owner.</summary>
    ProjectsAdminister,

    /// <summary>Bring somebody into a project, directly or by mail.</summary>
    MembersInvite,

    /// <summary>Change the role of a project's member, or end the membership.</summary>
    MembersManage,

    DatasetsRead,

    /// <summary>Create a dataset, upload images, publish a version.</summary>
    DatasetsWrite,

    /// <summary>Delete a dataset or images of it.</summary>
    DatasetsDelete,

    /// <summary>Share one dataset with people outside its project.</summary>
    DatasetsShare,

    TrainingRead,

    /// <summary>Create jobs, start, cancel and restart one's own.</summary>
    TrainingRun,

    /// <summary>Use the advanced fields of a trainer's configuration.</summary>
    TrainingAdvanced,

    /// <summary>Cancel or restart jobs of others.</summary>
    TrainingManage,

    ModelsRead,
    ExportsRead,
    ExportsRun,
    DeploymentsRead,
    DeploymentsWrite,

    /// <summary>Send images to a deployed model.</summary>
    PredictionsRun,

    /// <summary>See what one may do in labeling.</summary>
    LabelingRead,

    /// <summary>Change one's own preferences for labeling.</summary>
    LabelingWrite,

    /// <summary>See the invitations that one sent or got.</summary>
    InvitationsRead,

    /// <summary>Accept an invitation; cancel or resend one's own.</summary>
    InvitationsWrite,

    /// <summary>See one's organization and who belongs to it.</summary>
    OrganizationsRead,

    /// <summary>See what one's organization uses of its limits.</summary>
    QuotasRead,

    /// <summary>Invite somebody to one's organization.</summary>
    OrganizationsInvite,

    /// <summary>Make, change and delete organizations, and decide who belongs to which.</summary>
    OrganizationsWrite,

    /// <summary>List and read accounts: a manager those below managers, of their organization if they have one.</summary>
    UsersRead,

    /// <summary>Change, deactivate and reactivate accounts and their roles, within the same bounds.</summary>
    UsersWrite,
    UsersDelete,

    /// <summary>Search and export the audit log.</summary>
    AuditRead,
}
