using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Domain.Text;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Deployments;

/// <summary>A deployment and its API key, which is known only to the request that creates it.</summary>
public sealed record DeploymentWithKey(Deployment Deployment, string Key);

/// <summary>How loading a deployed model ended: active, failed, or deploying, which means try again.</summary>
/// <param name="Failure">Why it failed; null otherwise.</param>
public sealed record DeploymentLoad(DeploymentState State, Failure? Failure);

/// <summary>Creates, loads and deactivates deployments.</summary>
public sealed class DeploymentLifecycle(PlatformDatabase database, ServedModels models, TimeProvider time)
{
    /// <summary>Creates a deployment of a completed export. Schedule <see cref="DeploymentWork.Deploy"/> after it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/> if the export is not completed, <see cref="ErrorCodes.TaskNotSupported"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<DeploymentWithKey>> CreateAsync(Guid userId, Export export, string name, IdempotentCreate<DeploymentWithKey> once, CancellationToken cancellation)
    {
        var trainer = await models.RequireServableAsync(export, cancellation);
        var key = DeploymentKey.Create();
        var deployment = new Deployment
        {
            ProjectId = export.ProjectId, ExportId = export.Id, Name = name.AsName(), Trainer = trainer, ApiKeyHash = DeploymentKey.Hash(key), CreatedBy = userId, CreatedAt = time.GetUtcNow(),
        };
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await database.RequireLiveProjectAsync(export.ProjectId, "export", cancellation);
        database.Deployments.Add(deployment);
        database.DeploymentRevisions.Add(new DeploymentRevision
        {
            DeploymentId = deployment.Id, Number = deployment.Revision, ExportId = export.Id, Trainer = trainer, CreatedBy = userId, CreatedAt = deployment.CreatedAt,
        });
        await database.SaveChangesAsync(cancellation);
        return await create.CommitAsync(new DeploymentWithKey(deployment, key), cancellation);
    }

    /// <summary>Has the model loaded where it is served, and writes what came of it.</summary>
    /// <param name="lastTry">Whether a transient failure is final.</param>
    public async Task<DeploymentLoad> LoadAsync(Guid id, bool lastTry, CancellationToken cancellation)
    {
        var failure = await models.LoadAsync(id, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var deployment = (await database.LockDeploymentAsync(id, cancellation))!;
        var state = failure switch
        {
            _ when !await database.Projects.AnyAsync(project => project.Id == deployment.ProjectId && project.DeletedAt == null, cancellation) => DeploymentState.Deactivated,
            null => DeploymentState.Active,
            { Category: ErrorCategory.Transient } when !lastTry => DeploymentState.Deploying,
            _ => DeploymentState.Failed,
        };
        deployment.MoveTo(state, time.GetUtcNow(), state == DeploymentState.Failed ? failure : null);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return new DeploymentLoad(deployment.State, deployment.Error);
    }

    /// <summary>Stops a deployment until a revision of it is activated.</summary>
    /// <param name="requireMatch">Throws if the caller meant another version. It sees the deployment under the row lock.</param>
    public async Task DeactivateAsync(Guid id, Action<Deployment> requireMatch, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var deployment = (await database.LockDeploymentAsync(id, cancellation))!;
        requireMatch(deployment);
        deployment.MoveTo(DeploymentState.Deactivated, time.GetUtcNow());
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }
}
