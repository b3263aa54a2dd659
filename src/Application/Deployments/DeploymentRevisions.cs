using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Deployments;

/// <summary>
/// Adds revisions to deployments, and changes which one answers, which one answers a share of the requests and which one gets a copy of them. Each of them
/// does so only after its model was loaded and run where it is served, and requests that run meanwhile end with the revision they began with, so that no
/// request fails because of a change.
/// </summary>
public sealed class DeploymentRevisions(PlatformDatabase database, ServedModels models, TimeProvider time)
{
    /// <summary>How long a request waits for a model. A larger one is ready at the next try.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Adds an export as a revision. It answers nothing yet.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/> if the export is not completed or is of another task or project, <see cref="ErrorCodes.TaskNotSupported"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<DeploymentRevision>> AddAsync(Guid userId, Guid deploymentId, Export export, IdempotentCreate<DeploymentRevision> once, CancellationToken cancellation)
    {
        var trainer = await models.RequireServableAsync(export, cancellation);
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        // First the project, in the order of those who delete it.
        await database.RequireLiveProjectAsync(await ProjectOfAsync(deploymentId, cancellation), "deployment", cancellation);
        var deployment = (await database.LockDeploymentAsync(deploymentId, cancellation))!;
        if (export.ProjectId != deployment.ProjectId)
            throw new ProblemException(ErrorCodes.InvalidState, "The export belongs to another project.", "exportId");
        if (await database.TaskOfExportAsync(export.Id, cancellation) is var task && task != await database.TaskOfExportAsync(deployment.ExportId, cancellation))
            throw new ProblemException(ErrorCodes.InvalidState, $"The export is of a model for {task.AsText()}, the deployment is for another task; its callers expect other answers.", "exportId");
        var revision = new DeploymentRevision
        {
            DeploymentId = deploymentId, Number = 1 + await database.DeploymentRevisions.Where(row => row.DeploymentId == deploymentId).MaxAsync(row => row.Number, cancellation),
            ExportId = export.Id, Trainer = trainer, CreatedBy = userId, CreatedAt = time.GetUtcNow(),
        };
        database.DeploymentRevisions.Add(revision);
        await database.SaveChangesAsync(cancellation);
        return await create.CommitAsync(revision, cancellation);
    }

    /// <summary>Lets a revision answer from now on. It may also revive a deactivated or failed deployment.</summary>
    /// <param name="requireMatch">Throws if the caller meant another version. It sees the deployment under the row lock.</param>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.ModelLoading"/> while its model is loaded, or why it cannot be; <see cref="ErrorCodes.InvalidState"/> while the deployment is loaded for the first time.</exception>
    public Task<Deployment> ActivateAsync(DeploymentRevision revision, Action<Deployment> requireMatch, CancellationToken cancellation) =>
        ChangeAsync(revision, requireMatch, deployment => deployment.Serve(revision, time.GetUtcNow()), cancellation);

    /// <summary>Lets the revision answer again that answered before the present one. Doing it twice leads back.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/> if there was none, and those of <see cref="ActivateAsync"/>.</exception>
    public async Task<Deployment> RollBackAsync(Deployment deployment, Action<Deployment> requireMatch, CancellationToken cancellation)
    {
        if (deployment.PreviousRevision is not { } previous)
            throw new ProblemException(ErrorCodes.InvalidState, "No other revision answered before this one.");
        var revision = await database.DeploymentRevisions.AsNoTracking().SingleAsync(row => row.DeploymentId == deployment.Id && row.Number == previous, cancellation);
        return await ActivateAsync(revision, locked =>
        {
            requireMatch(locked);
            if (locked.Revision != deployment.Revision)
                throw new ProblemException(ErrorCodes.ChangedMeanwhile, "Another revision was activated meanwhile.");
        }, cancellation);
    }

    /// <summary>Lets a revision answer a share of the requests.</summary>
    /// <param name="percent">1 to 99.</param>
    /// <exception cref="ProblemException">Those of <see cref="ActivateAsync"/>; <see cref="ErrorCodes.InvalidState"/> if it answers already or the deployment is not active.</exception>
    public Task<Deployment> StartCanaryAsync(DeploymentRevision revision, int percent, Action<Deployment> requireMatch, CancellationToken cancellation) =>
        ChangeAsync(revision, requireMatch, deployment => deployment.TryOut(revision, percent), cancellation);

    /// <summary>Has a revision answer a copy of the requests.</summary>
    /// <exception cref="ProblemException">As <see cref="StartCanaryAsync"/>.</exception>
    public Task<Deployment> StartShadowAsync(DeploymentRevision revision, Action<Deployment> requireMatch, CancellationToken cancellation) =>
        ChangeAsync(revision, requireMatch, deployment => deployment.Shadow(revision), cancellation);

    /// <summary>Ends the canary; the revision that answers the other requests answers all.</summary>
    public Task EndCanaryAsync(Guid deploymentId, Action<Deployment> requireMatch, CancellationToken cancellation) =>
        EndAsync(deploymentId, requireMatch, deployment => deployment.EndCanary(), cancellation);

    /// <summary>Ends the shadow. What was compared stays.</summary>
    public Task EndShadowAsync(Guid deploymentId, Action<Deployment> requireMatch, CancellationToken cancellation) =>
        EndAsync(deploymentId, requireMatch, deployment => deployment.EndShadow(), cancellation);

    /// <param name="change">Returns false if the state of the deployment does not allow it.</param>
    private async Task<Deployment> ChangeAsync(DeploymentRevision revision, Action<Deployment> requireMatch, Func<Deployment, bool> change, CancellationToken cancellation)
    {
        await models.RequireReadyAsync(revision.Trainer, revision.ExportId, Patience, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.RequireLiveProjectAsync(await ProjectOfAsync(revision.DeploymentId, cancellation), "deployment", cancellation);
        var deployment = (await database.LockDeploymentAsync(revision.DeploymentId, cancellation))!;
        requireMatch(deployment);
        if (!change(deployment))
            throw new ProblemException(ErrorCodes.InvalidState, $"The deployment is {deployment.State.AsText()}, and revision {deployment.Revision} of it answers.");
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return deployment;
    }

    private async Task EndAsync(Guid deploymentId, Action<Deployment> requireMatch, Action<Deployment> end, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var deployment = (await database.LockDeploymentAsync(deploymentId, cancellation))!;
        requireMatch(deployment);
        end(deployment);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private Task<Guid> ProjectOfAsync(Guid deploymentId, CancellationToken cancellation) =>
        database.Deployments.Where(deployment => deployment.Id == deploymentId).Select(deployment => deployment.ProjectId).SingleAsync(cancellation);
}
