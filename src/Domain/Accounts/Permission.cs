namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// A permission that a function of the API requires. <see cref="AccessPolicy"/> says who holds which.
/// Answers name it like <c>datasets:write</c>.
/// </summary>
public enum Permission
{
    /// <summary>Read the signed-in account.</summary>
    AccountSelf,

    /// <summary>Change the own password and sign out, also before a one-time password has been changed.</summary>
    AccountPassword,

    /// <summary>Change the own name, e-mail address, sessions and tokens.</summary>
    AccountSecurity,

    ProjectsCreate,

    /// <summary>Read a project and its members. Lists contain only the projects that the caller may read.</summary>
    ProjectsRead,
    ProjectsWrite,
    ProjectsDelete,

    /// <summary>Transfer a project to another member.</summary>
    ProjectsTransfer,

    /// <summary>List all projects and change the owner of any project.</summary>
    ProjectsAdminister,

    /// <summary>Add a person to a project, directly or by mail.</summary>
    MembersInvite,

    /// <summary>Change the role of a member or remove the member.</summary>
    MembersManage,

    DatasetsRead,

    /// <summary>Create a dataset, upload images, publish a version.</summary>
    DatasetsWrite,

    /// <summary>Write the annotations of images.</summary>
    DatasetsAnnotate,

    /// <summary>Delete a dataset or some of its images.</summary>
    DatasetsDelete,

    /// <summary>Share one dataset with people outside its project.</summary>
    DatasetsShare,

    TrainingRead,

    /// <summary>Create jobs, and start, cancel and restart own jobs.</summary>
    TrainingRun,

    /// <summary>Give advanced fields of a trainer's configuration values other than their defaults and those of presets.</summary>
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

    /// <summary>Read what the caller may do in labeling.</summary>
    LabelingRead,

    /// <summary>Change one's own preferences for labeling.</summary>
    LabelingWrite,

    /// <summary>Read sent and received invitations.</summary>
    InvitationsRead,

    /// <summary>Accept invitations, and cancel or resend sent ones.</summary>
    InvitationsWrite,

    /// <summary>Read the own organization and its people.</summary>
    OrganizationsRead,

    /// <summary>Read the usage of the own organization.</summary>
    QuotasRead,

    /// <summary>Invite people to the own organization.</summary>
    OrganizationsInvite,

    /// <summary>Create, change and delete organizations, and add and remove their people.</summary>
    OrganizationsWrite,

    /// <summary>List and read accounts. Managers see the accounts below managers, and only of their organization if they have one.</summary>
    UsersRead,

    /// <summary>Change, deactivate and reactivate accounts and change their roles, within the same bounds.</summary>
    UsersWrite,
    UsersDelete,

    /// <summary>Search and export the audit log.</summary>
    AuditRead,

    /// <summary>Read backups and their state.</summary>
    OperationsRead,

    /// <summary>Start backups.</summary>
    OperationsRun,
}
