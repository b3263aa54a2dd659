using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Deployments;

/// <summary>What deployments answered and what the images were like, by hour.</summary>
public sealed class UsageFunctions(PlatformDatabase database, UsageCounts counts, ProjectAccess access, TimeProvider time)
{
    private const string Route = "api/v1/deployments/{id:guid}/usage";
    private const int DefaultHours = 24;
    private const int MostHours = 24 * UsageCounts.KeptDays;

    [Function("GetDeploymentUsage"), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("Get the usage of a deployment", Returns = typeof(UsageAnswer),
        Description = "Requests, latency and histograms of the images of the last hours, together and for each hour and revision. Other instances of the app add what they counted after some seconds.")]
    [Query<int>("hours", "How many hours back; 24 by default.", Minimum = 1, Maximum = MostHours, Example = "48")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsRead, cancellation);
        await counts.FlushAsync(cancellation);
        var from = time.GetUtcNow().AddHours(-(request.QueryNumber("hours") ?? DefaultHours));
        var rows = await database.DeploymentHours.AsNoTracking().Where(row => row.DeploymentId == id && row.Hour >= from).OrderBy(row => row.Hour).ThenBy(row => row.Revision).ToListAsync(cancellation);
        return Answer.Ok(UsageAnswer.Of(rows));
    }
}
