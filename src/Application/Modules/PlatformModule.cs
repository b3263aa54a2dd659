using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Datasets.Annotations;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Application.Exports;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Projects;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Settings;

namespace VisionPlatform.Application.Modules;

/// <summary>From images to a served model: projects, datasets, training, models, exports, deployments.</summary>
internal static class PlatformModule
{
    public static Module Declaration { get; } = new(AppModule.Platform)
    {
        IsOptional = true,
        Capabilities = ["Datasets", "Deployments", "Exports", "Models", "Projects", "Trainers", "Training"],
        Databases = [Databases.OfPlatform],
        Settings =
        [
            SettingsSection.Of("Datasets", DatasetLimits.From),
            SettingsSection.Of("Archives of images", ArchiveLimits.From),
            SettingsSection.Of("Annotation files", AnnotationLimits.From),
            SettingsSection.Of("Training", TrainerSettings.From),
            SettingsSection.Of("Model servers", ModelServerSettings.From),
            SettingsSection.Of("Language model", LanguageModelSettings.From),
            SettingsSection.Of("Tracking", TrackingSettings.From),
        ],
        Permissions =
        [
            Permission.ProjectsCreate, Permission.ProjectsRead, Permission.ProjectsWrite, Permission.ProjectsDelete, Permission.ProjectsTransfer, Permission.ProjectsAdminister,
            Permission.MembersInvite, Permission.MembersManage, Permission.DatasetsRead, Permission.DatasetsWrite, Permission.DatasetsAnnotate, Permission.DatasetsDelete, Permission.DatasetsShare,
            Permission.TrainingRead, Permission.TrainingRun, Permission.TrainingAdvanced, Permission.TrainingManage, Permission.ModelsRead,
            Permission.ExportsRead, Permission.ExportsRun, Permission.DeploymentsRead, Permission.DeploymentsWrite, Permission.PredictionsRun,
        ],
        ApiGroups =
        [
            new("Projects", "Projects and their members. Datasets, training jobs, models and deployments all belong to a project."),
            new("Datasets", "Upload images, organize them in classes, publish immutable versions to train on, and share datasets with people outside the project."),
            new("Training", "Create training jobs from dataset versions, watch them live, and read their metrics, checkpoints and logs. Also lists what each trainer offers."),
            new("Models", "Models and their versions. Every completed training job adds a version to a model."),
            new("Exports", "Convert model versions to formats such as ONNX and TorchScript, and download the files."),
            new("Deployments", "Serve exports, and call the served models with images."),
            new("Trainers", "Callbacks for trainers only. A trainer authenticates with the token of the attempt that it works on; trainers/protocol.md describes the whole protocol."),
        ],
        AddServices = services => services.AddProjects().AddDatasets().AddTraining().AddExports().AddDeployments(),
        Work = [DatasetWork.Publish, DatasetWork.Unpack, DatasetWork.ImportAnnotations, DatasetWork.Empty, TrainingWork.Train, TrainingWork.Sweep, TrainingWork.Predict, TrainingWork.Propose, ExportWork.Export, DeploymentWork.Deploy],
        Repairs =
        [
            Repair.Of<ProjectOwnership>("transfers of projects", (ownership, cancellation) => ownership.SettleAsync(cancellation)),
            Repair.Of<EndedTargets>("memberships and invitations of what was deleted", (targets, cancellation) => targets.SweepAsync(cancellation)),
        ],
        Retention =
        [
            IdempotentAnswers.Retention<PlatformDatabase>(),
            RetentionRule.Of<StagedUploads>("uploads that were never completed", (staged, cancellation) => staged.ExpireAsync(cancellation)),
            RetentionRule.Of<StagedUploads>("staged objects that belong to no upload", (staged, cancellation) => staged.RemoveLeftAsync(cancellation)),
            RetentionRule.Of<ArchiveIntake>("archives that were never completed", (archives, cancellation) => archives.ExpireAsync(cancellation)),
            RetentionRule.Of<ArchiveIntake>("archives that ended a month ago", (archives, cancellation) => archives.ForgetAsync(cancellation)),
            RetentionRule.Of<AnnotationIntake>("annotation files that were never completed", (imports, cancellation) => imports.ExpireAsync(cancellation)),
            RetentionRule.Of<AnnotationIntake>("imports of annotations that ended a month ago", (imports, cancellation) => imports.ForgetAsync(cancellation)),
            RetentionRule.Of<ProposalRuns>("work on proposals that ended a month ago", (runs, cancellation) => runs.ForgetAsync(cancellation)),
            RetentionRule.Of<DatasetRemoval>("reasons to keep versions of deleted datasets", (removal, cancellation) => removal.ReopenAsync(cancellation)),
            RetentionRule.Of<AttemptFiles>("files that trainers uploaded and never reported", (files, cancellation) => files.RemoveUnreportedAsync(cancellation)),
            RetentionRule.Of<AttemptFiles>("manifests of jobs and exports that have ended", (files, cancellation) => files.RemoveManifestsAsync(cancellation)),
            RetentionRule.Of<CheckpointRemoval>("checkpoints whose time is over", (removal, cancellation) => removal.RemoveOldAsync(cancellation)),
            RetentionRule.Of<JobRecordKeeping>("logs and metrics of jobs that ended long ago", (records, cancellation) => records.RemoveOldAsync(cancellation)),
            RetentionRule.Of<UsageCounts>("usage of deployments by hour, after a month", (counts, cancellation) => counts.RemoveOldAsync(cancellation)),
            RetentionRule.Of<AttemptFiles>("uploads in parts that nobody finished", (files, cancellation) => files.AbortUnfinishedAsync(cancellation)),
        ],
    };
}
