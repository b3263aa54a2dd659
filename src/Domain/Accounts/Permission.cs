namespace VisionPlatform.Domain.Accounts;

/// <summary>
/// What a function of the API needs from its caller. Who holds which is one table, <see cref="AccessPolicy"/>.
/// Problem texts name it as <c>datasets:write</c>.
/// </summary>
public enum Permission
{
    /// <summary>Read and change one's own account.</summary>
    AccountSelf,

    ProjectsCreate,

    /// <summary>See a project and who works in it; listing gives only what one may see.</summary>
    ProjectsRead,
    ProjectsWrite,
    ProjectsDelete,

    DatasetsRead,

    /// <summary>Create a dataset, upload images, publish a version.</summary>
    DatasetsWrite,

    /// <summary>Delete a dataset or images of it.</summary>
    DatasetsDelete,

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

    /// <summary>Search and export the audit log.</summary>
    AuditRead,
}
