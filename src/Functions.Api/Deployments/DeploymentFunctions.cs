using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Deployments;

/// <summary>Deployments: create, read, deactivate. <see cref="PredictionFunctions"/> calls them.</summary>
public sealed class DeploymentFunctions(PlatformDatabase database, DeploymentLifecycle deployments, ProjectAccess access)
{
    private const string Route = "api/v1/deployments";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string Example = $$"""{"exportId":"{{Examples.Export}}","name":"Line 3"}""";

    [Function("CreateDeployment"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Create a deployment", Body = typeof(NewDeployment), Example = Example, Returns = typeof(DeploymentAnswer), Status = 202, Problems = ["NOT_FOUND", "INVALID_STATE"],
        Description = "Loads a completed export so that it answers predictions. The answer contains the API key of the deployment; it is shown only once.")]
    public async Task<IResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var body = await request.ReadJsonAsync<NewDeployment>(cancellation);
        var export = await database.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Id == body.ExportId, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such export, or you may not see it.", "exportId");
        await access.RequireAsync(user, export.ProjectId, Permission.DeploymentsWrite, cancellation);
        var once = request.Once<DeploymentWithKey>(made => Answer.Accepted(
            $"/{Route}/{made.Deployment.Id}", DeploymentAnswer.Of(made.Deployment, made.Key), VersionOf(made.Deployment)));
        var created = await deployments.CreateAsync(user.Id, export, body.Name!, once, cancellation);
        if (created.Made is { } made)
            await durable.ScheduleOnceAsync(DeploymentWork.Deploy, made.Deployment.Id, cancellation);
        return created.ToResult();
    }

    [Function("ListDeployments"), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("List deployments of a project", Returns = typeof(Page<DeploymentAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose deployments are listed.", Required = true, Example = Examples.Project)]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.DeploymentsRead, cancellation);
        return Answer.Ok(await database.Deployments.AsNoTracking().Where(d => d.ProjectId == project).NewestFirstAsync(request, deployment => DeploymentAnswer.Of(deployment), cancellation));
    }

    [Function("GetDeployment"), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("Get a deployment", Returns = typeof(DeploymentAnswer),
        Description = "A deployment with its usage.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var deployment = await RequireAsync(request, id, Permission.DeploymentsRead, cancellation);
        return Answer.Ok(DeploymentAnswer.Of(deployment), VersionOf(deployment), showsMore: true);
    }

    [Function("DeactivateDeployment"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Deactivate a deployment", Status = 204,
        Description = "The deployment stops answering predictions and cannot be activated again.")]
    public async Task<IResult> Deactivate(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await RequireAsync(request, id, Permission.DeploymentsWrite, cancellation);
        await deployments.DeactivateAsync(id, deployment => request.RequireMatch(VersionOf(deployment)), cancellation);
        return Answer.NoContent();
    }

    // Not the version of the row, which changes with every prediction because it counts them.
    private static EntityTag VersionOf(Deployment deployment) => new(deployment.State.AsText());

    private async Task<Deployment> RequireAsync(HttpRequest request, Guid id, Permission permission, CancellationToken cancellation)
    {
        var deployment = await database.Deployments.AsNoTracking().SingleOrDefaultAsync(d => d.Id == id, cancellation)
            ?? throw new ProblemException(ErrorCodes.NotFound, "There is no such deployment, or you may not see it.");
        await access.RequireAsync(request.CurrentUser(), deployment.ProjectId, permission, cancellation);
        return deployment;
    }
}
