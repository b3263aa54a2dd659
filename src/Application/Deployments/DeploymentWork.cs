using VisionPlatform.Application.Modules;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Deployments;

/// <summary>The work that orchestrations do for deployments.</summary>
public static class DeploymentWork
{
    /// <summary>Has the exported model loaded where it is served.</summary>
    public static RecoverableWork Deploy { get; } = RecoverableWork.Of<PlatformDatabase>("DeployModel", "deploy", (database, before) => database.Deployments
        .Where(deployment => (deployment.State == DeploymentState.Pending || deployment.State == DeploymentState.Deploying) && deployment.CreatedAt < before)
        .OrderBy(deployment => deployment.CreatedAt).Select(deployment => deployment.Id));
}
