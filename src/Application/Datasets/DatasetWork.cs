using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Datasets;

/// <summary>The work that orchestrations do for datasets.</summary>
public static class DatasetWork
{
    /// <summary>Writes the files of a version that is frozen in the database.</summary>
    public static RecoverableWork Publish { get; } = RecoverableWork.Of<PlatformDatabase>("PublishDatasetVersion", "publish", (database, before) => database.DatasetVersions
        .Where(version => version.State == DatasetVersionState.Publishing && version.CreatedAt < before)
        .OrderBy(version => version.Id).Select(version => version.Id));
}
