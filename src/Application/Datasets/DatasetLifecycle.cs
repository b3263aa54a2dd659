using Microsoft.EntityFrameworkCore;
using Npgsql;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>What a person decides about a dataset when creating it.</summary>
/// <param name="Split">How its versions are divided unless a training job says otherwise.</param>
/// <param name="Classes">Classes of annotations in the order of a model's outputs; empty for a classification.</param>
/// <param name="Keypoints">Keypoints of each object; null unless the task is keypoint detection.</param>
public sealed record DatasetDraft(
    Guid ProjectId, string Name, string? Description, TaskType TaskType, SplitSettings Split, IReadOnlyList<string> Classes, KeypointList? Keypoints);

/// <summary>Creates and deletes datasets.</summary>
public sealed class DatasetLifecycle(PlatformDatabase database, Quotas quotas, EndedTargets ended, TimeProvider time)
{
    /// <summary>Creates an empty dataset in a project that the creator may write to.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> if the project has just been deleted, <see cref="ErrorCodes.QuotaExceeded"/>, <see cref="ErrorCodes.DuplicateName"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<Dataset>> CreateAsync(Guid creatorId, SystemRole creatorRole, DatasetDraft draft, IdempotentCreate<Dataset> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await database.RequireLiveProjectAsync(draft.ProjectId, "project", cancellation);
        await quotas.RequireRoomForDatasetAsync(creatorId, creatorRole, cancellation);
        var now = time.GetUtcNow();
        var dataset = new Dataset
        {
            ProjectId = draft.ProjectId, Name = draft.Name.AsName(), Description = draft.Description, TaskType = draft.TaskType, Split = draft.Split,
            Classes = draft.Classes, Keypoints = draft.Keypoints,
            CreatedBy = creatorId, CreatedAt = now, UpdatedAt = now,
        };
        database.Datasets.Add(dataset);
        try
        {
            await database.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException taken) when (taken.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            throw new ProblemException(ErrorCodes.DuplicateName, $"The project has a dataset called '{dataset.Name}' already.", "name");
        }
        return await create.CommitAsync(dataset, cancellation);
    }

    /// <summary>Adds classes of annotations after those that a dataset has. A class that it has already is not added again.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.DatasetHasNoAnnotations"/>, and
    /// <see cref="ErrorCodes.ValidationFailed"/> with the name that cannot be a class.</exception>
    public async Task<Dataset> AddClassesAsync(Guid id, IReadOnlyList<string> names, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.RequireLiveProjectOfDatasetAsync(id, cancellation);
        var dataset = await database.LockDatasetAsync(id, cancellation) ?? throw ProblemException.NoSuch("dataset");
        if (!dataset.TaskType.HasAnnotations())
            throw new ProblemException(ErrorCodes.DatasetHasNoAnnotations);
        if (ClassList.Problem(names, dataset.TaskType) is var (field, problem))
            throw new ProblemException(ErrorCodes.ValidationFailed, problem, "names" + field);
        var known = new ClassList(dataset.Classes);
        List<string> all = [.. dataset.Classes, .. names.Where(name => known.Find(name) is null).Select(CaseFold.Composed)];
        if (ClassList.Problem(all, dataset.TaskType) is var (_, tooMany))
            throw new ProblemException(ErrorCodes.ValidationFailed, tooMany, "names");
        (dataset.Classes, dataset.UpdatedAt) = (all, time.GetUtcNow());
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return dataset;
    }

    /// <summary>
    /// Deletes a dataset and ends what is left in it: uploads, versions that are being published, shares, invitations. Schedule
    /// <see cref="DatasetWork.Empty"/> after it, which removes the images that no job and no model needs.
    /// </summary>
    /// <param name="requireMatch">Throws if the caller meant another version. It sees the dataset under its lock.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.NotFound"/> if somebody else has just deleted it.</exception>
    public async Task DeleteAsync(Guid id, Action<Dataset> requireMatch, CancellationToken cancellation)
    {
        await using (var transaction = await database.Database.BeginTransactionAsync(cancellation))
        {
            var dataset = await database.LockDatasetAsync(id, cancellation) ?? throw ProblemException.NoSuch("dataset");
            requireMatch(dataset);
            var now = time.GetUtcNow();
            dataset.DeletedAt = dataset.UpdatedAt = now;
            await database.SaveChangesAsync(cancellation);
            await database.EndContentsAsync(id, now, cancellation);
            await transaction.CommitAsync(cancellation);
        }
        await ended.EndAsync([id], cancellation);
    }
}

/// <summary>Ends the work in a dataset when the dataset ends.</summary>
internal static class DatasetContents
{
    /// <summary>Ends uploads, archives, imports of annotations, work on proposals and versions that are being published, in the transaction that deletes the dataset. The objects of uploads are removed when expired uploads are.</summary>
    public static async Task EndContentsAsync(this PlatformDatabase database, Guid datasetId, DateTimeOffset now, CancellationToken cancellation)
    {
        await database.DatasetUploads.Where(upload => upload.DatasetId == datasetId && upload.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(upload => upload.ExpiresAt, now), cancellation);
        await database.DatasetArchives.Where(archive => archive.DatasetId == datasetId && (archive.State == ArchiveState.Announced || archive.State == ArchiveState.Unpacking))
            .ExecuteUpdateAsync(set => set.SetProperty(archive => archive.State, ArchiveState.Cancelled).SetProperty(archive => archive.EndedAt, now), cancellation);
        await database.AnnotationImports.Where(import => import.DatasetId == datasetId && (import.State == AnnotationImportState.Announced || import.State == AnnotationImportState.Importing))
            .ExecuteUpdateAsync(set => set.SetProperty(import => import.State, AnnotationImportState.Cancelled).SetProperty(import => import.EndedAt, now), cancellation);
        await database.ProposalRuns.Where(run => run.DatasetId == datasetId && run.State == ProposalRunState.Running)
            .ExecuteUpdateAsync(set => set.SetProperty(run => run.State, ProposalRunState.Cancelled).SetProperty(run => run.EndedAt, now), cancellation);
        await database.DatasetVersions.Where(version => version.DatasetId == datasetId && version.State == DatasetVersionState.Publishing).ExecuteUpdateAsync(
            set => set.SetProperty(version => version.State, DatasetVersionState.Failed).SetProperty(version => version.Error, "The dataset was deleted."), cancellation);
    }
}
