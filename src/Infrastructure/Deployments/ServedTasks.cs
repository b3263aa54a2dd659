using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Infrastructure.Deployments;

public static class ServedTasks
{
    /// <summary>The task of the model that was exported. All revisions of a deployment have the same.</summary>
    public static Task<TaskType> TaskOfExportAsync(this PlatformDatabase database, Guid exportId, CancellationToken cancellation) => database.Exports.Where(export => export.Id == exportId)
        .Join(database.ModelVersions, export => export.ModelVersionId, version => version.Id, (export, version) => version.TaskType).SingleAsync(cancellation);
}
