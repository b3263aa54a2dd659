using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Deployments;

internal static class DeploymentAccess
{
    /// <summary>Reads a deployment in whose project the caller has a permission.</summary>
    public static async Task<Deployment> RequireDeploymentAsync(
        this ProjectAccess access, PlatformDatabase database, CurrentUser user, Guid id, Permission permission, CancellationToken cancellation)
    {
        var deployment = await database.Deployments.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation);
        await access.RequireForAsync(user, deployment?.ProjectId, permission, "deployment", cancellation);
        return deployment!;
    }

    /// <summary>Answers with a deployment and what it has answered.</summary>
    public static async Task<IResult> AnswerAsync(this PlatformDatabase database, Deployment deployment, CancellationToken cancellation)
    {
        var usage = await database.DeploymentUsage.AsNoTracking().SingleOrDefaultAsync(row => row.DeploymentId == deployment.Id, cancellation);
        return Answer.Ok(DeploymentAnswer.Of(deployment, usage), deployment.Version, showsMore: true);
    }
}
