using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Datasets.Annotations;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>The work that orchestrations do for datasets.</summary>
public static class DatasetWork
{
    /// <summary>Writes the files of a version that is frozen in the database.</summary>
    public static RecoverableWork Publish { get; } = RecoverableWork.Of<PlatformDatabase>("PublishDatasetVersion", "publish", (database, before) => database.DatasetVersions
        .Where(version => version.State == DatasetVersionState.Publishing && version.CreatedAt < before)
        .OrderBy(version => version.Id).Select(version => version.Id));

    /// <summary>Makes images of the entries of an archive that was uploaded.</summary>
    public static RecoverableWork Unpack { get; } = RecoverableWork.Of<PlatformDatabase>("UnpackArchive", "unpack", (database, before) => database.DatasetArchives
        .Where(archive => archive.State == ArchiveState.Unpacking && archive.CreatedAt < before)
        .OrderBy(archive => archive.Id).Select(archive => archive.Id));

    /// <summary>Writes the annotations of a file that was uploaded to the images.</summary>
    public static RecoverableWork ImportAnnotations { get; } = RecoverableWork.Of<PlatformDatabase>("ImportAnnotations", "annotations", (database, before) => database.AnnotationImports
        .Where(import => import.State == AnnotationImportState.Importing && import.CreatedAt < before)
        .OrderBy(import => import.Id).Select(import => import.Id));

    /// <summary>Removes the images and files of a dataset that was deleted, or whose project was.</summary>
    public static RecoverableWork Empty { get; } = RecoverableWork.Of<PlatformDatabase>("EmptyDataset", "empty", (database, before) => database.Datasets
        .Where(dataset => dataset.EmptiedAt == null
            && (dataset.DeletedAt < before || database.Projects.Any(project => project.Id == dataset.ProjectId && project.DeletedAt < before)))
        .OrderBy(dataset => dataset.Id).Select(dataset => dataset.Id));
}
