using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Storage;

namespace VisionPlatform.Application.Datasets;

/// <summary>
/// Removes the images and files of deleted datasets, and of the datasets of deleted projects. A version stays while a job that runs or a model of a
/// project needs it: exports are checked on its images. Quotas count the images until they are gone.
/// </summary>
public sealed class DatasetRemoval(PlatformDatabase database, ObjectStores stores, TimeProvider time)
{
    private const string DeletedText = "The dataset was deleted.";

    /// <summary>Removes what nothing needs. May be cut off at any point and run again.</summary>
    public async Task EmptyAsync(Guid datasetId, CancellationToken cancellation)
    {
        if (!await FreeVersionsAsync(datasetId, cancellation))
            return;
        await RemoveObjectsAsync(datasetId, cancellation);
        await RemoveRowsAsync(datasetId, cancellation);
    }

    /// <summary>
    /// Marks datasets to be emptied again that kept a version which nothing needs any more: its job has ended without a model, or its project was
    /// deleted. Returns how many.
    /// </summary>
    public Task<int> ReopenAsync(CancellationToken cancellation)
    {
        var free = Needless(database.DatasetVersions.Where(version => database.DatasetVersionImages.Any(image => image.VersionId == version.Id)));
        return database.Datasets.Where(dataset => dataset.EmptiedAt != null && free.Any(version => version.DatasetId == dataset.Id))
            .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.EmptiedAt, (DateTimeOffset?)null), cancellation);
    }

    /// <summary>Deletes the image lists of versions that nothing needs. False when the dataset is not deleted.</summary>
    private async Task<bool> FreeVersionsAsync(Guid datasetId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        // Lock the dataset, as VersionPublisher explains. A dataset of a deleted project counts as deleted from here on: nothing is added to it.
        var now = time.GetUtcNow();
        var deleted = await database.Datasets
            .Where(dataset => dataset.Id == datasetId && (dataset.DeletedAt != null || database.Projects.Any(project => project.Id == dataset.ProjectId && project.DeletedAt != null)))
            .ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.DeletedAt, dataset => dataset.DeletedAt ?? now), cancellation);
        if (deleted == 0)
            return false;
        var free = await Needless(database.DatasetVersions.Where(version => version.DatasetId == datasetId)).Select(version => version.Id).ToListAsync(cancellation);
        await database.DatasetVersions.Where(version => free.Contains(version.Id)).ExecuteUpdateAsync(set => set
            .SetProperty(version => version.State, DatasetVersionState.Failed).SetProperty(version => version.Error, DeletedText).SetProperty(version => version.ManifestKey, (string?)null), cancellation);
        await database.DatasetVersionImages.Where(image => free.Contains(image.VersionId)).ExecuteDeleteAsync(cancellation);
        await database.VersionAnnotations.Where(annotations => free.Contains(annotations.VersionId)).ExecuteDeleteAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    /// <summary>Versions that no job under way and no model of a project needs. A pending job of a deleted dataset cannot be started.</summary>
    private IQueryable<DatasetVersion> Needless(IQueryable<DatasetVersion> versions) => versions.Where(version => !database.TrainingJobs.Any(job =>
        job.DatasetVersionId == version.Id
        && (job.State == JobState.Queued || job.State == JobState.Starting || job.State == JobState.Running || job.State == JobState.Finalizing
            || (job.ModelVersionId != null && database.Projects.Any(project => project.Id == job.ProjectId && project.DeletedAt == null)))));

    /// <summary>Deletes the rows of the images, after their objects, as a quota counts the rows. Those that a kept version pins count on.</summary>
    private async Task RemoveRowsAsync(Guid datasetId, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        await database.Datasets.Where(dataset => dataset.Id == datasetId).ExecuteUpdateAsync(set => set.SetProperty(dataset => dataset.EmptiedAt, now), cancellation);
        await database.PinnedImages.Where(image => image.DatasetId == datasetId && !database.DatasetVersionImages.Any(pinned => pinned.Key == image.Key)).ExecuteDeleteAsync(cancellation);
        await database.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO pinned_images (key, dataset_id, size, created_by)
            SELECT i.key, i.dataset_id, i.size, i.created_by FROM dataset_images i
            WHERE i.dataset_id = {datasetId} AND EXISTS (SELECT 1 FROM dataset_version_images p WHERE p.key = i.key)
            """, cancellation);
        await database.DatasetImages.Where(image => image.DatasetId == datasetId).ExecuteDeleteAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private async Task RemoveObjectsAsync(Guid datasetId, CancellationToken cancellation)
    {
        const int Batch = 1000;
        var kept = await database.DatasetVersions.Where(version => version.DatasetId == datasetId && version.ManifestKey != null).Select(version => version.Number).ToListAsync(cancellation);
        var files = kept.SelectMany(number => (string[])[DatasetKeys.VersionManifest(datasetId, number), DatasetKeys.VersionAnnotations(datasetId, number)])
            .ToHashSet(StringComparer.Ordinal);
        var keys = new List<string>(Batch);
        await foreach (var found in stores.External.ListAsync(DatasetKeys.All(datasetId), cancellation))
        {
            keys.Add(found.Key);
            if (keys.Count == Batch)
                await RemoveAsync();
        }
        await RemoveAsync();

        async Task RemoveAsync()
        {
            var listed = keys.ToArray();
            keys.Clear();
            var pinned = await database.DatasetVersionImages.Where(image => listed.Contains(image.Key)).Select(image => image.Key).Distinct().ToListAsync(cancellation);
            await stores.External.DeleteAsync([.. listed.Except(pinned, StringComparer.Ordinal).Except(files, StringComparer.Ordinal)], cancellation);
        }
    }
}
