using System.Globalization;
using Microsoft.AspNetCore.Http;
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

    /// <summary>The position after which a reader of a job's events continues: the header Last-Event-ID, else <c>?after=</c>, else the beginning.</summary>
    public static long Position(this HttpRequest request)
    {
        string? last = request.Headers["Last-Event-ID"];
        return long.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : request.QueryNumber("after") ?? 0;
    }
}
