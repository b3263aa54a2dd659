using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Orchestrations.Deployments;

/// <summary>A deployment from pending to active: the trainer loads the model, again and again for a while if it is away.</summary>
public static class DeployModel
{
    private const int MaxTries = 12;

    public static string InstanceId(Guid deploymentId) => $"deploy-{deploymentId}";

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

public sealed record DeploymentTry(Guid DeploymentId, bool LastTry);

public sealed record DeploymentLoad(DeploymentState State, Failure? Failure);

public sealed class DeploymentActivities(PlatformDatabase database, ServedModels models, TimeProvider time)
{
    /// <summary>Has the trainer load the model; deploying means: try again.</summary>
    [Function(nameof(LoadDeployment))]
    public async Task<DeploymentLoad> LoadDeployment([ActivityTrigger] DeploymentTry load, CancellationToken cancellation)
    {
        var failure = await LoadAsync(load.DeploymentId, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var deployment = (await database.LockDeploymentAsync(load.DeploymentId, cancellation))!;
        var state = failure switch
        {
            null => DeploymentState.Active,
            { Category: ErrorCategory.Transient } when !load.LastTry => DeploymentState.Deploying,
            _ => DeploymentState.Failed,
        };
        deployment.MoveTo(state, time.GetUtcNow(), state == DeploymentState.Failed ? failure : null);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new DeploymentLoad(deployment.State, deployment.Error);
    }

    private async Task<Failure?> LoadAsync(Guid deploymentId, CancellationToken cancellation)
    {
        var deployment = await database.Deployments.AsNoTracking().SingleAsync(d => d.Id == deploymentId, cancellation);
        try
        {
            await models.PredictAsync(deployment, [], topK: 1, cancellation);
            return null;
        }
        catch (ProblemException problem)
        {
            return problem.ToFailure();
        }
    }
}
