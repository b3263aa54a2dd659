using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Import;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>DATABASE_URL: projects, and the datasets, training jobs, models, exports and deployments that belong to them.</summary>
public sealed class PlatformDatabase(DbContextOptions<PlatformDatabase> options) : DbContext(options)
{
    public DbSet<Project> Projects => Set<Project>();
    public DbSet<Dataset> Datasets => Set<Dataset>();
    public DbSet<DueThumbnail> DueThumbnails => Set<DueThumbnail>();
    public DbSet<DatasetImage> DatasetImages => Set<DatasetImage>();
    public DbSet<DatasetUpload> DatasetUploads => Set<DatasetUpload>();
    public DbSet<DatasetArchive> DatasetArchives => Set<DatasetArchive>();
    public DbSet<DatasetArchiveEntry> DatasetArchiveEntries => Set<DatasetArchiveEntry>();
    public DbSet<PinnedImage> PinnedImages => Set<PinnedImage>();
    public DbSet<DatasetUsage> DatasetUsage => Set<DatasetUsage>();
    public DbSet<DatasetVersion> DatasetVersions => Set<DatasetVersion>();
    public DbSet<DatasetVersionImage> DatasetVersionImages => Set<DatasetVersionImage>();
    public DbSet<ImageAnnotations> ImageAnnotations => Set<ImageAnnotations>();
    public DbSet<VersionAnnotations> VersionAnnotations => Set<VersionAnnotations>();
    public DbSet<AnnotationImport> AnnotationImports => Set<AnnotationImport>();
    public DbSet<StagedImage> StagedImages => Set<StagedImage>();
    public DbSet<StagedAnnotation> StagedAnnotations => Set<StagedAnnotation>();
    public DbSet<TrainingJob> TrainingJobs => Set<TrainingJob>();
    public DbSet<Attempt> Attempts => Set<Attempt>();
    public DbSet<Trainer> Trainers => Set<Trainer>();

    public DbSet<PretrainedWeights> PretrainedWeights => Set<PretrainedWeights>();
    public DbSet<TrainerLease> TrainerLeases => Set<TrainerLease>();
    public DbSet<TrainerTurn> TrainerTurns => Set<TrainerTurn>();
    public DbSet<Checkpoint> Checkpoints => Set<Checkpoint>();
    public DbSet<EpochMetrics> EpochMetrics => Set<EpochMetrics>();
    public DbSet<ValidationResult> ValidationResults => Set<ValidationResult>();
    public DbSet<JobEvent> JobEvents => Set<JobEvent>();
    public DbSet<JobRecordPart> JobRecordParts => Set<JobRecordPart>();
    public DbSet<Sweep> Sweeps => Set<Sweep>();
    public DbSet<SweepRun> SweepRuns => Set<SweepRun>();
    public DbSet<BatchPrediction> Predictions => Set<BatchPrediction>();
    public DbSet<PredictedImage> PredictedImages => Set<PredictedImage>();
    public DbSet<PredictedImageClass> PredictedImageClasses => Set<PredictedImageClass>();
    public DbSet<ImageProposal> ImageProposals => Set<ImageProposal>();
    public DbSet<ProposalRun> ProposalRuns => Set<ProposalRun>();
    public DbSet<Model> Models => Set<Model>();
    public DbSet<ModelVersion> ModelVersions => Set<ModelVersion>();
    public DbSet<Export> Exports => Set<Export>();
    public DbSet<Deployment> Deployments => Set<Deployment>();
    public DbSet<DeploymentUsage> DeploymentUsage => Set<DeploymentUsage>();
    public DbSet<DeploymentRevision> DeploymentRevisions => Set<DeploymentRevision>();
    public DbSet<DeploymentHour> DeploymentHours => Set<DeploymentHour>();
    public DbSet<ShadowComparison> ShadowComparisons => Set<ShadowComparison>();
    public DbSet<ShadowPair> ShadowPairs => Set<ShadowPair>();
    public DbSet<ShadowDifference> ShadowDifferences => Set<ShadowDifference>();
    public DbSet<ImportedRow> ImportedRows => Set<ImportedRow>();
    public DbSet<ImportIssue> ImportIssues => Set<ImportIssue>();
    public DbSet<IdempotentAnswer> IdempotentAnswers => Set<IdempotentAnswer>();

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.UseSnakeCase();
        // Set before the model is built. Otherwise Entity Framework maps the lists inside to a table.
        configurationBuilder.Properties<TrainerCapabilities>().HaveConversion<Conventions.JsonText<TrainerCapabilities>>();
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.MapProjects();
        modelBuilder.MapDatasets();
        modelBuilder.MapAnnotations();
        modelBuilder.MapTraining();
        modelBuilder.MapProposals();
        modelBuilder.MapModels();
        modelBuilder.MapImportedRows();
        modelBuilder.MapImportIssues();
        modelBuilder.MapIdempotentAnswers();
        modelBuilder.UseTextEnumsAndRowVersions();
    }
}

/// <inheritdoc cref="DesignTimeUserDatabase"/>
internal sealed class DesignTimePlatformDatabase : IDesignTimeDbContextFactory<PlatformDatabase>
{
    public PlatformDatabase CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<PlatformDatabase>().UseNpgsql("Host=design").Options);
}
