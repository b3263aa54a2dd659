using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Models;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Infrastructure.Persistence;

/// <summary>
/// Keys, indexes and limits of the platform database, one function for each capability. Every list of the API has an index. Unique names that
/// ignore case need expression indexes, which the first migration creates in SQL.
/// </summary>
internal static class Mappings
{
    public static void MapProjects(this ModelBuilder model) => model.Entity<Project>(project =>
    {
        project.Property(p => p.Name).HasMaxLength(200);
        project.HasIndex(p => new { p.OwnerId, p.Id });
        project.HasIndex(p => new { p.Name, p.Id });
        project.HasIndex(p => new { p.UpdatedAt, p.Id });
        project.HasIndex(p => new { p.OwnerId, p.Name, p.Id });
        project.HasIndex(p => new { p.OwnerId, p.UpdatedAt, p.Id });
    });

    public static void MapDatasets(this ModelBuilder model)
    {
        model.Entity<Dataset>(dataset =>
        {
            dataset.Property(d => d.Name).HasMaxLength(200);
            dataset.Property(d => d.Split).HasJson();
            dataset.Property(d => d.Classes).HasJson().HasDefaultValueSql("'[]'");
            dataset.Property(d => d.Keypoints).HasJson();
            dataset.HasOne<Project>().WithMany().HasForeignKey(d => d.ProjectId);
            dataset.HasIndex(d => new { d.ProjectId, d.Id });
            dataset.HasIndex(d => d.CreatedBy).HasFilter("deleted_at IS NULL");
            dataset.HasIndex(d => d.DeletedAt).HasFilter("deleted_at IS NOT NULL AND emptied_at IS NULL").HasDatabaseName("ix_datasets_to_empty");
        });
        model.Entity<DatasetImage>(image =>
        {
            image.Property(i => i.Path).HasMaxLength(1024);
            image.Property(i => i.Class).HasMaxLength(200);
            image.HasOne<Dataset>().WithMany().HasForeignKey(i => i.DatasetId);
            // Compared byte by byte, so that an index finds everything below a folder.
            image.Property(i => i.FoldedPath).UseCollation("C");
            image.HasIndex(i => new { i.DatasetId, i.FoldedPath }).IsUnique();
            image.HasIndex(i => new { i.DatasetId, i.Class, i.Id });
            image.HasIndex(i => new { i.DatasetId, i.Id });
        });
        model.Entity<DatasetUpload>(upload =>
        {
            upload.Property(u => u.Path).HasMaxLength(1024);
            upload.HasOne<Dataset>().WithMany().HasForeignKey(u => u.DatasetId);
            upload.HasIndex(u => new { u.DatasetId, u.FoldedPath, u.CreatedBy }).IsUnique();
            upload.HasIndex(u => u.ExpiresAt);
            // For announcing files, which sums up what the account has announced before.
            upload.HasIndex(u => new { u.CreatedBy, u.ExpiresAt }).IncludeProperties(u => u.Size);
        });
        model.Entity<DueThumbnail>(due =>
        {
            due.HasKey(d => d.ImageId);
            due.HasIndex(d => d.DueAt);
        });
        model.Entity<DatasetArchive>(archive =>
        {
            archive.Property(a => a.Name).HasMaxLength(200);
            archive.Property(a => a.Error).HasJson();
            archive.HasOne<Dataset>().WithMany().HasForeignKey(a => a.DatasetId);
            archive.HasIndex(a => new { a.DatasetId, a.Id });
            // For quotas, which add up what is announced.
            archive.HasIndex(a => new { a.CreatedBy, a.ExpiresAt }).IncludeProperties(a => a.Size).HasFilter("state = 'announced'").HasDatabaseName("ix_dataset_archives_announced");
            archive.HasIndex(a => a.CreatedAt).HasFilter("state IN ('announced', 'unpacking')").HasDatabaseName("ix_dataset_archives_active");
            archive.HasIndex(a => a.EndedAt);
        });
        model.Entity<DatasetArchiveEntry>(entry =>
        {
            entry.HasKey(e => new { e.ArchiveId, e.Number });
            entry.HasOne<DatasetArchive>().WithMany().HasForeignKey(e => e.ArchiveId);
            entry.HasIndex(e => new { e.ArchiveId, e.Batch });
            entry.HasIndex(e => new { e.ArchiveId, e.Outcome, e.Number });
            entry.Property(e => e.FoldedPath).UseCollation("C");
            entry.HasIndex(e => new { e.ArchiveId, e.FoldedPath });
        });
        model.Entity<PinnedImage>(image =>
        {
            image.HasKey(i => i.Key);
            image.HasOne<Dataset>().WithMany().HasForeignKey(i => i.DatasetId);
        });
        model.Entity<DatasetUsage>(usage =>
        {
            usage.HasKey(u => new { u.DatasetId, u.UserId });
            usage.HasOne<Dataset>().WithMany().HasForeignKey(u => u.DatasetId);
            usage.HasIndex(u => u.UserId);
        });
        model.Entity<DatasetVersion>(version =>
        {
            version.Property(v => v.ClassCounts).HasJson();
            version.Property(v => v.SplitCounts).HasJson();
            version.Property(v => v.Unlabeled).HasDefaultValue(false);
            version.Property(v => v.Warnings).HasJson().HasDefaultValueSql("'[]'");
            version.Property(v => v.AnnotationClasses).HasJson().HasDefaultValueSql("'[]'");
            version.Property(v => v.ObjectCounts).HasJson().HasDefaultValueSql("'{}'");
            version.Property(v => v.Keypoints).HasJson();
            version.Ignore(v => v.ClassNames);
            version.HasOne<Dataset>().WithMany().HasForeignKey(v => v.DatasetId);
            version.HasIndex(v => new { v.DatasetId, v.Number }).IsUnique();
            version.HasIndex(v => new { v.DatasetId, v.Hash }).IsUnique();
        });
        model.Entity<DatasetVersionImage>(image =>
        {
            image.HasKey(i => new { i.VersionId, i.Path });
            // In a table of its own, so that lists of images do not read it.
            image.Ignore(i => i.Annotations);
            image.HasOne<DatasetVersion>().WithMany().HasForeignKey(i => i.VersionId);
            image.HasIndex(i => new { i.VersionId, i.Split, i.Path });
            image.HasIndex(i => i.Key);
        });
    }

    public static void MapAnnotations(this ModelBuilder model)
    {
        model.Entity<ImageAnnotations>(annotations =>
        {
            annotations.ToTable("image_annotations");
            annotations.HasKey(a => a.ImageId);
            annotations.HasOne<DatasetImage>().WithOne().HasForeignKey<ImageAnnotations>(a => a.ImageId);
            annotations.HasIndex(a => a.DatasetId);
        });
        model.Entity<VersionAnnotations>(annotations =>
        {
            annotations.ToTable("dataset_version_annotations");
            annotations.HasKey(a => new { a.VersionId, a.Path });
            annotations.HasOne<DatasetVersion>().WithMany().HasForeignKey(a => a.VersionId);
        });
        model.Entity<AnnotationImport>(import =>
        {
            import.ToTable("annotation_imports");
            import.Property(i => i.Name).HasMaxLength(200);
            import.Property(i => i.Reasons).HasJson();
            import.Property(i => i.Entries).HasJson();
            import.Property(i => i.AddedClasses).HasJson();
            import.Property(i => i.Error).HasJson();
            import.HasOne<Dataset>().WithMany().HasForeignKey(i => i.DatasetId);
            import.HasIndex(i => new { i.DatasetId, i.Id });
            // For quotas, which add up what is announced.
            import.HasIndex(i => new { i.CreatedBy, i.ExpiresAt }).IncludeProperties(i => i.Size).HasFilter("state = 'announced'").HasDatabaseName("ix_annotation_imports_announced");
            import.HasIndex(i => i.CreatedAt).HasFilter("state IN ('announced', 'importing')").HasDatabaseName("ix_annotation_imports_active");
            import.HasIndex(i => i.EndedAt);
        });
        model.Entity<StagedImage>(image =>
        {
            image.ToTable("annotation_import_images");
            image.HasKey(i => new { i.ImportId, i.Number });
            image.HasOne<AnnotationImport>().WithMany().HasForeignKey(i => i.ImportId);
            image.HasIndex(i => new { i.ImportId, i.FileId }).IsUnique();
            image.HasIndex(i => new { i.ImportId, i.ImageId });
        });
        model.Entity<StagedAnnotation>(annotation =>
        {
            annotation.ToTable("annotation_import_objects");
            annotation.HasKey(a => new { a.ImportId, a.ImageNumber, a.Number });
            annotation.HasOne<AnnotationImport>().WithMany().HasForeignKey(a => a.ImportId);
        });
    }

    public static void MapTraining(this ModelBuilder model)
    {
        model.Entity<TrainingJob>(job =>
        {
            job.Property(j => j.Name).HasMaxLength(200);
            job.Property(j => j.Config).HasJson();
            job.Property(j => j.Split).HasJson();
            job.Property(j => j.Warnings).HasJson().HasDefaultValueSql("'[]'");
            job.Property(j => j.LatestMetrics).HasJson();
            job.Property(j => j.FinalMetrics).HasJson();
            job.Property(j => j.BestMetrics).HasJson();
            job.Property(j => j.Error).HasJson();
            job.Property(j => j.StartFrom).HasJson();
            job.Property(j => j.Weights).HasJson();
            job.HasOne<Project>().WithMany().HasForeignKey(j => j.ProjectId);
            job.HasOne<DatasetVersion>().WithMany().HasForeignKey(j => j.DatasetVersionId);
            job.HasIndex(j => new { j.ProjectId, j.Id });
            job.HasIndex(j => new { j.ProjectId, j.State, j.Id });
            // Low is the first value, and without a sentinel EF Core would take it for none.
            job.Property(j => j.Priority).HasDefaultValueSql("'normal'").HasSentinel(JobPriority.Normal);
            job.Property(j => j.Notes).HasDefaultValue("");
            job.Property(j => j.Tags).HasColumnType("text[]").HasDefaultValueSql("'{}'");
            job.Property(j => j.Score).HasDefaultValue(-1.0);
            job.HasIndex(j => new { j.ProjectId, j.Score, j.Id });
            job.HasIndex(j => new { j.ProjectId, j.TaskType, j.Id });
            job.HasIndex(j => new { j.ProjectId, j.Model, j.Id });
            job.HasIndex(j => new { j.ProjectId, j.Id }, "ix_training_jobs_starred").HasFilter("starred").HasDatabaseName("ix_training_jobs_starred");
            job.HasIndex(j => j.Tags).HasMethod("gin");
            job.HasIndex(j => new { j.CreatedBy, j.CompletedAt });
            job.HasIndex(j => j.SweepId).HasFilter("sweep_id IS NOT NULL").HasDatabaseName("ix_training_jobs_of_sweeps");
            job.HasIndex(j => j.CompletedAt).HasFilter("records_removed_at IS NULL").HasDatabaseName("ix_training_jobs_with_records");
            job.HasIndex(j => j.QueuedAt).HasFilter("state IN ('queued', 'starting', 'running', 'finalizing')").HasDatabaseName("ix_training_jobs_active");
        });
        model.Entity<Attempt>(attempt =>
        {
            attempt.Property(a => a.Error).HasJson();
            attempt.Property(a => a.Result).HasJson();
            attempt.Property(a => a.Execution).HasMaxLength(200);
            attempt.HasIndex(a => new { a.SubjectId, a.Number }).IsUnique();
            attempt.HasIndex(a => a.EndedAt).HasFilter("files_swept_at IS NULL").HasDatabaseName("ix_attempts_to_sweep");
            attempt.HasIndex(a => new { a.Trainer, a.CreatedAt }).HasFilter("state = 'waiting'").HasDatabaseName("ix_attempts_waiting");
        });
        model.Entity<Trainer>(trainer =>
        {
            trainer.HasKey(t => t.Framework);
            trainer.Property(t => t.Capabilities).HasJson();
        });
        model.Entity<PretrainedWeights>(weights =>
        {
            weights.ToTable("pretrained_weights");
            weights.HasKey(w => new { w.Framework, w.Model });
        });
        model.Entity<TrainerLease>(lease =>
        {
            lease.HasKey(l => l.AttemptId);
            lease.HasOne<Attempt>().WithMany().HasForeignKey(l => l.AttemptId);
            lease.HasIndex(l => l.Trainer);
        });
        model.Entity<TrainerTurn>(turn =>
        {
            turn.ToTable("person_turns");
            turn.HasKey(t => new { t.Trainer, t.UserId, t.ProjectId });
        });
        model.Entity<Checkpoint>(checkpoint =>
        {
            checkpoint.Property(c => c.Metrics).HasJson();
            checkpoint.HasOne<TrainingJob>().WithMany().HasForeignKey(c => c.JobId);
            checkpoint.HasIndex(c => new { c.JobId, c.Attempt, c.Epoch }).IsUnique();
        });
        model.Entity<EpochMetrics>(metrics =>
        {
            metrics.HasKey(m => new { m.JobId, m.Attempt, m.Epoch });
            metrics.Property(m => m.Metrics).HasJson();
            metrics.Property(m => m.NotFinite).HasJson();
            metrics.HasOne<TrainingJob>().WithMany().HasForeignKey(m => m.JobId);
        });
        model.Entity<ValidationResult>(result =>
        {
            result.HasKey(r => new { r.JobId, r.Attempt, r.Epoch, r.Split });
            result.Property(r => r.Metrics).HasJson();
            result.Property(r => r.Classes).HasJson();
            result.Property(r => r.ConfusionMatrix).HasJson();
            result.Property(r => r.PerClass).HasJson();
            result.Property(r => r.PrecisionCurves).HasJson().HasDefaultValueSql("'[]'");
            result.HasOne<TrainingJob>().WithMany().HasForeignKey(r => r.JobId);
        });
        model.Entity<JobEvent>(entry =>
        {
            entry.Property(e => e.Id).UseIdentityAlwaysColumn();
            entry.Property(e => e.Data).HasJson();
            entry.HasOne<TrainingJob>().WithMany().HasForeignKey(e => e.JobId);
            entry.HasIndex(e => new { e.JobId, e.Id });
            entry.HasIndex(e => new { e.JobId, e.Type, e.Id });
        });
        model.Entity<Sweep>(sweep =>
        {
            sweep.Property(s => s.Name).HasMaxLength(200);
            sweep.Property(s => s.Config).HasJson();
            sweep.Property(s => s.Split).HasJson();
            sweep.Property(s => s.Space).HasJson();
            sweep.Property(s => s.Priority).HasDefaultValueSql("'normal'").HasSentinel(JobPriority.Normal);
            sweep.Property(s => s.Error).HasJson();
            sweep.HasOne<Project>().WithMany().HasForeignKey(s => s.ProjectId);
            sweep.HasOne<DatasetVersion>().WithMany().HasForeignKey(s => s.DatasetVersionId);
            sweep.HasIndex(s => new { s.ProjectId, s.Id });
            sweep.HasIndex(s => s.CreatedAt).HasFilter("state = 'running'").HasDatabaseName("ix_sweeps_running");
        });
        model.Entity<BatchPrediction>(prediction =>
        {
            prediction.ToTable("predictions");
            prediction.Property(p => p.Config).HasJson();
            prediction.Property(p => p.Error).HasJson();
            prediction.Property(p => p.Measured).HasJson();
            prediction.Property(p => p.Outcomes).HasJson();
            prediction.Ignore(p => p.IsMeasured);
            prediction.HasOne<Project>().WithMany().HasForeignKey(p => p.ProjectId);
            prediction.HasOne<DatasetVersion>().WithMany().HasForeignKey(p => p.DatasetVersionId);
            prediction.HasOne<TrainingJob>().WithMany().HasForeignKey(p => p.JobId);
            prediction.HasIndex(p => new { p.ProjectId, p.Id });
            prediction.HasIndex(p => new { p.JobId, p.DatasetVersionId, p.Id });
            // For quotas.
            prediction.HasIndex(p => new { p.CreatedBy, p.CompletedAt });
            prediction.HasIndex(p => p.CreatedAt).HasFilter("state IN ('pending', 'running')").HasDatabaseName("ix_predictions_active");
        });
        model.Entity<PredictedImage>(image =>
        {
            image.ToTable("prediction_images");
            image.HasKey(i => new { i.PredictionId, i.Path });
            image.HasOne<BatchPrediction>().WithMany().HasForeignKey(i => i.PredictionId);
            image.HasIndex(i => new { i.PredictionId, i.Outcome, i.Path });
        });
        model.Entity<PredictedImageClass>(image =>
        {
            image.ToTable("prediction_image_classes");
            image.HasKey(i => new { i.PredictionId, i.Class, i.Path });
            image.HasOne<BatchPrediction>().WithMany().HasForeignKey(i => i.PredictionId);
            image.HasIndex(i => new { i.PredictionId, i.Class, i.Outcome, i.Path });
        });
        model.Entity<SweepRun>(run =>
        {
            run.HasKey(r => new { r.SweepId, r.Round, r.Number });
            run.Property(r => r.Config).HasJson();
            run.HasOne<Sweep>().WithMany().HasForeignKey(r => r.SweepId);
        });
        model.Entity<JobRecordPart>(part =>
        {
            part.HasKey(p => new { p.JobId, p.Kind, p.Number });
            part.Property(p => p.Levels).HasColumnType("text[]");
            part.HasOne<TrainingJob>().WithMany().HasForeignKey(p => p.JobId);
        });
    }

    public static void MapModels(this ModelBuilder model)
    {
        model.Entity<Model>(entity =>
        {
            entity.Property(m => m.Name).HasMaxLength(200);
            entity.HasOne<Project>().WithMany().HasForeignKey(m => m.ProjectId);
            entity.HasIndex(m => new { m.ProjectId, m.Id });
        });
        model.Entity<ModelVersion>(version =>
        {
            version.Property(v => v.Classes).HasJson();
            version.Property(v => v.Metrics).HasJson();
            version.Property(v => v.ConfusionMatrix).HasJson();
            version.Property(v => v.PerClass).HasJson();
            version.HasOne<Model>().WithMany().HasForeignKey(v => v.ModelId);
            version.HasIndex(v => new { v.ModelId, v.Number }).IsUnique();
            version.HasIndex(v => v.JobId).IsUnique();
        });
        model.Entity<Export>(export =>
        {
            export.Property(e => e.Options).HasJson();
            export.Property(e => e.Metadata).HasJson();
            export.Property(e => e.Validation).HasJson();
            export.Property(e => e.Certificate).HasJson();
            export.Property(e => e.Error).HasJson();
            export.HasOne<ModelVersion>().WithMany().HasForeignKey(e => e.ModelVersionId);
            export.HasIndex(e => new { e.ModelVersionId, e.Id });
            export.HasIndex(e => new { e.ProjectId, e.Id });
            export.HasIndex(e => e.CreatedAt).HasFilter("state IN ('pending', 'running')").HasDatabaseName("ix_exports_active");
        });
        model.Entity<Deployment>(deployment =>
        {
            deployment.Property(d => d.Name).HasMaxLength(200);
            deployment.Property(d => d.Error).HasJson();
            deployment.HasOne<Export>().WithMany().HasForeignKey(d => d.ExportId);
            deployment.HasIndex(d => new { d.ProjectId, d.Id });
            deployment.HasIndex(d => d.CreatedAt).HasFilter("state IN ('pending', 'deploying')").HasDatabaseName("ix_deployments_active");
        });
        model.Entity<DeploymentRevision>(revision =>
        {
            revision.HasKey(r => new { r.DeploymentId, r.Number });
            revision.HasOne<Deployment>().WithMany().HasForeignKey(r => r.DeploymentId);
            revision.HasOne<Export>().WithMany().HasForeignKey(r => r.ExportId);
        });
        model.Entity<DeploymentHour>(hour =>
        {
            hour.HasKey(h => new { h.DeploymentId, h.Hour, h.Revision });
            hour.HasOne<Deployment>().WithMany().HasForeignKey(h => h.DeploymentId);
        });
        model.Entity<ShadowComparison>(comparison =>
        {
            comparison.HasKey(c => new { c.DeploymentId, c.Revision, c.ShadowRevision });
            comparison.HasOne<Deployment>().WithMany().HasForeignKey(c => c.DeploymentId);
        });
        model.Entity<ShadowPair>(pair =>
        {
            pair.HasKey(p => new { p.DeploymentId, p.Revision, p.ShadowRevision, p.Answer, p.ShadowAnswer });
            pair.HasOne<Deployment>().WithMany().HasForeignKey(p => p.DeploymentId);
        });
        model.Entity<ShadowDifference>(difference =>
        {
            difference.Property(d => d.Answer).HasJson();
            difference.Property(d => d.ShadowAnswer).HasJson();
            difference.HasOne<Deployment>().WithMany().HasForeignKey(d => d.DeploymentId);
            difference.HasIndex(d => new { d.DeploymentId, d.Revision, d.ShadowRevision, d.Id });
        });
        model.Entity<DeploymentUsage>(usage =>
        {
            usage.HasKey(u => u.DeploymentId);
            usage.Ignore(u => u.AverageLatencyMs);
            usage.HasOne<Deployment>().WithMany().HasForeignKey(u => u.DeploymentId);
        });
    }
}
