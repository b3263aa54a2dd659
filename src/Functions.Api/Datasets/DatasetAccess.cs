using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Projects;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Datasets;

internal static class DatasetAccess
{
    private sealed record Found(Dataset Dataset, Project? Project);

    private static readonly Func<PlatformDatabase, Guid, CancellationToken, Task<Found?>> DatasetById = EF.CompileAsyncQuery(
        (PlatformDatabase database, Guid id, CancellationToken _) => (
            from dataset in database.Datasets.AsNoTracking().Where(dataset => dataset.Id == id && dataset.DeletedAt == null)
            join project in database.Projects.Where(project => project.DeletedAt == null) on dataset.ProjectId equals project.Id into its
            from project in its.DefaultIfEmpty()
            select new Found(dataset, project)).FirstOrDefault());

    /// <summary>The dataset, if it is not deleted and the caller has the permission in its project or, where it is shared, in it.</summary>
    public static async Task<Dataset> RequireDatasetAsync(
        this ProjectAccess access, PlatformDatabase database, CurrentUser user, Guid id, Permission permission, CancellationToken cancellation)
    {
        var found = await DatasetById(database, id, cancellation);
        await access.RequireInDatasetAsync(user, found?.Dataset, found?.Project, permission, cancellation);
        return found!.Dataset;
    }
}
