using Microsoft.EntityFrameworkCore;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Training;
using VisionPlatform.Api.Projects;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Training;

internal static class JobAccess
{
    /// <summary>Reads a job in whose project the caller has a permission.</summary>
    public static async Task<TrainingJob> RequireJobAsync(
        this ProjectAccess access, PlatformDatabase database, CurrentUser user, Guid id, Permission permission, CancellationToken cancellation)
    {
        var job = await database.TrainingJobs.AsNoTracking().SingleOrDefaultAsync(j => j.Id == id, cancellation);
        await access.RequireForAsync(user, job?.ProjectId, permission, "job", cancellation);
        return job!;
    }
}
