using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain.Deployments;

namespace VisionPlatform.Orchestrations.Deployments;

/// <summary>Takes a deployment from pending to active. While the trainer is away, it tries again for some minutes.</summary>
public static class DeployModel
{
    private const int MaxTries = 12;

    [Function(nameof(DeployModel))]
    public static async Task<DeploymentLoad> RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        var deploymentId = context.GetInput<Guid>();
        for (var number = 1; ; number++)
        {
            var load = await context.CallActivityAsync<DeploymentLoad>(
                nameof(DeploymentActivities.LoadDeployment), new DeploymentTry(deploymentId, LastTry: number == MaxTries), ActivityRetry.Standard);
            if (load.State != DeploymentState.Deploying)
                return load;
            await context.CreateTimer(TimeSpan.FromSeconds(Math.Min(30, 2 * number)), CancellationToken.None);
        }
    }
}

/// <summary>A try to load a deployment's model.</summary>
public sealed record DeploymentTry(Guid DeploymentId, bool LastTry);

public sealed class DeploymentActivities(DeploymentLifecycle deployments)
{
    [Function(nameof(LoadDeployment))]
    public Task<DeploymentLoad> LoadDeployment([ActivityTrigger] DeploymentTry load, CancellationToken cancellation) =>
        deployments.LoadAsync(load.DeploymentId, load.LastTry, cancellation);
}
