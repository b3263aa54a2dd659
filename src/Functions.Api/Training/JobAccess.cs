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

    /// <summary>Reads a prediction in whose project the caller has a permission.</summary>
    /// <param name="field">Parameter of the request that names it; null for the address.</param>
    public static async Task<BatchPrediction> RequirePredictionAsync(
        this ProjectAccess access, PlatformDatabase database, CurrentUser user, Guid id, Permission permission, CancellationToken cancellation, string? field = null)
    {
        var prediction = await database.Predictions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation);
        await access.RequireForAsync(user, prediction?.ProjectId, permission, "prediction", cancellation, field);
        return prediction!;
    }
}
