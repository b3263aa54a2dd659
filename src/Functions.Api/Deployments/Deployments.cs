using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Api.Training;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Exports;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Deployments;

namespace VisionPlatform.Api.Deployments;

/// <summary>A deployment to create.</summary>
/// <param name="ExportId">Completed export to serve.</param>
/// <param name="Name">Name of the deployment.</param>
public sealed record NewDeployment(
    [property: Required] Guid? ExportId,
    [property: Required, StringLength(200, MinimumLength = 1)] string? Name);

/// <summary>An exported model that answers predictions.</summary>
/// <param name="ExportId">Export that is served.</param>
/// <param name="Name">Name of the deployment.</param>
/// <param name="State">Whether the deployment answers predictions.</param>
/// <param name="RequestCount">Number of prediction requests so far.</param>
/// <param name="ImageCount">Number of images in those requests.</param>
/// <param name="AverageLatencyMs">Average duration of a prediction request in milliseconds; null before the first.</param>
/// <param name="Error">Why the deployment failed; null otherwise.</param>
/// <param name="ApiKey">Key with which programs call the deployment. It is shown only in the answer that creates the deployment, and null in all others.</param>
public sealed record DeploymentAnswer(
    Guid Id, Guid ProjectId, Guid ExportId, string Name, DeploymentState State, long RequestCount, long ImageCount, double? AverageLatencyMs,
    FailureAnswer? Error, DateTimeOffset CreatedAt, string? ApiKey)
{
    public static DeploymentAnswer From(Deployment deployment, string? apiKey = null) => new(
        deployment.Id, deployment.ProjectId, deployment.ExportId, deployment.Name, deployment.State, deployment.RequestCount, deployment.ImageCount,
        deployment.AverageLatencyMs, FailureAnswer.From(deployment.Error), deployment.CreatedAt, apiKey);
}

/// <summary>Deployed models.</summary>
public sealed class ModelDeployments(PlatformDatabase database, ProjectAccess access, TimeProvider time)
{
    private const string NewDeploymentExample = $$"""{"exportId":"{{Examples.Export}}","name":"Line 3"}""";

    [Function(nameof(CreateDeployment)), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Create a deployment", Tag = "Deployments", Body = typeof(NewDeployment), Example = NewDeploymentExample, Returns = typeof(DeploymentAnswer), Status = 202, Problems = ["NOT_FOUND", "INVALID_STATE"],
        Description = "Loads a completed export so that it answers predictions. The answer contains the API key of the deployment; it is shown only once.")]
    public async Task<IResult> CreateDeployment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/deployments")] HttpRequest request,
        [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var wanted = await request.ReadJsonAsync<NewDeployment>(cancellation);
        var export = await database.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Id == wanted.ExportId, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such export, or you may not see it.", "exportId");
        await access.RequireAsync(user, export.ProjectId, Permission.DeploymentsWrite, cancellation);
        if (export.State != ExportState.Completed)
            throw new ProblemException(ErrorCodes.InvalidState, $"The export is {export.State.AsText()}; only a completed one can be deployed.");
        var trainer = await database.ModelVersions.Where(version => version.Id == export.ModelVersionId).Select(version => version.Framework).SingleAsync(cancellation);

        var key = DeploymentKey.Create();
        var deployment = new Deployment
        {
            ProjectId = export.ProjectId, ExportId = export.Id, Name = wanted.Name!, Trainer = trainer, ApiKeyHash = DeploymentKey.Hash(key),
            CreatedBy = user.Id, CreatedAt = time.GetUtcNow(),
        };
        await using var creation = await request.BeginCreationAsync(database, time, cancellation);
        if (creation.Earlier is { } earlier)
            return earlier;
        database.Deployments.Add(deployment);
        await database.SaveChangesAsync(cancellation);
        var answer = await creation.CommitAsync(Answer.Accepted($"/api/v1/deployments/{deployment.Id}", DeploymentAnswer.From(deployment, key), VersionOf(deployment)), cancellation);
        await durable.ScheduleOnceAsync(nameof(DeployModel), deployment.Id, DeployModel.InstanceId(deployment.Id), cancellation);
        return answer;
    }

    [Function(nameof(ListDeployments)), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("List deployments of a project", Tag = "Deployments", Returns = typeof(Page<DeploymentAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose deployments are listed.", Required = true, Example = Examples.Project)]
    public async Task<IResult> ListDeployments(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/deployments")] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.DeploymentsRead, cancellation);
        return Answer.Ok(await database.Deployments.AsNoTracking().Where(d => d.ProjectId == project).NewestFirstAsync(request, deployment => DeploymentAnswer.From(deployment), cancellation));
    }

    [Function(nameof(GetDeployment)), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("Get a deployment", Tag = "Deployments", Returns = typeof(DeploymentAnswer),
        Description = "A deployment with its usage.")]
    public async Task<IResult> GetDeployment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/deployments/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var deployment = await RequireAsync(request, id, Permission.DeploymentsRead, cancellation);
        return Answer.Ok(DeploymentAnswer.From(deployment), VersionOf(deployment), showsMore: true);
    }

    [Function(nameof(DeactivateDeployment)), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Deactivate a deployment", Tag = "Deployments", Status = 204,
        Description = "The deployment stops answering predictions and cannot be activated again.")]
    public async Task<IResult> DeactivateDeployment(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = "api/v1/deployments/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await RequireAsync(request, id, Permission.DeploymentsWrite, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var deployment = (await database.LockDeploymentAsync(id, cancellation))!;
        request.RequireMatch(VersionOf(deployment));
        deployment.MoveTo(DeploymentState.Deactivated, time.GetUtcNow());
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return Answer.NoContent();
    }

    // The row itself changes with every prediction, which counts there.
    private static EntityTag VersionOf(Deployment deployment) => new(deployment.State.AsText());

    private async Task<Deployment> RequireAsync(HttpRequest request, Guid id, Permission permission, CancellationToken cancellation)
    {
        var deployment = await database.Deployments.AsNoTracking().SingleOrDefaultAsync(d => d.Id == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such deployment, or you may not see it.");
        await access.RequireAsync(request.CurrentUser(), deployment.ProjectId, permission, cancellation);
        return deployment;
    }
}
