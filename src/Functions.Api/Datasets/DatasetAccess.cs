using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Http;
using VisionPlatform.Api.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Datasets;

internal static class DatasetAccess
{
    private static readonly Func<PlatformDatabase, Guid, CancellationToken, Task<Dataset?>> DatasetById = EF.CompileAsyncQuery(
        (PlatformDatabase database, Guid id, CancellationToken _) => database.Datasets.AsNoTracking().FirstOrDefault(dataset => dataset.Id == id && dataset.DeletedAt == null));

    /// <summary>The dataset, if it is not deleted and the caller has the permission in its project or, where it is shared, in it.</summary>
    public static async Task<Dataset> RequireDatasetAsync(
        this ProjectAccess access, PlatformDatabase database, CurrentUser user, Guid id, Permission permission, CancellationToken cancellation)
    {
        var dataset = await DatasetById(database, id, cancellation);
        await access.RequireInDatasetAsync(user, dataset, permission, cancellation);
        return dataset!;
    }
}
