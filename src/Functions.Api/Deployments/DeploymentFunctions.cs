using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Deployments;

/// <summary>Deployments: create, read, deactivate. <see cref="PredictionFunctions"/> calls them.</summary>
public sealed class DeploymentFunctions(PlatformDatabase database, DeploymentLifecycle deployments, UsageCounts counts, ProjectAccess access)
{
    private const string Route = "api/v1/deployments";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string Example = $$"""{"exportId":"{{Examples.Export}}","name":"Line 3"}""";

    [Function("CreateDeployment"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Create a deployment", Body = typeof(NewDeployment), Example = Example, Returns = typeof(DeploymentAnswer), Status = 202, Problems = ["NOT_FOUND", "INVALID_STATE", "TASK_NOT_SUPPORTED"],
        Description = "Loads a completed export so that it answers predictions. The answer contains the API key of the deployment; it is shown only once.")]
    public async Task<IResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var body = await request.ReadJsonAsync<NewDeployment>(cancellation);
        var export = await database.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Id == body.ExportId, cancellation);
        await access.RequireForAsync(user, export?.ProjectId, Permission.DeploymentsWrite, "export", cancellation, "exportId");
        var once = request.Once<DeploymentWithKey>(made => Answer.Accepted(
            $"/{Route}/{made.Deployment.Id}", DeploymentAnswer.Of(made.Deployment, null, made.Key), made.Deployment.Version));
        var created = await deployments.CreateAsync(user.Id, export!, body.Name!, once, cancellation);
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
        var page = await database.Deployments.AsNoTracking().Where(d => d.ProjectId == project).NewestFirstAsync(request, deployment => deployment, cancellation);
        await counts.FlushAsync(cancellation);
        var ids = page.Items.Select(deployment => deployment.Id).ToArray();
        var usage = await database.DeploymentUsage.AsNoTracking().Where(row => ids.Contains(row.DeploymentId)).ToDictionaryAsync(row => row.DeploymentId, cancellation);
        return Answer.Ok(new Page<DeploymentAnswer>([.. page.Items.Select(deployment => DeploymentAnswer.Of(deployment, usage.GetValueOrDefault(deployment.Id)))], page.NextCursor));
    }

    [Function("GetDeployment"), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("Get a deployment", Returns = typeof(DeploymentAnswer),
        Description = "A deployment with its usage. `ETag` changes when the usage grows; `If-Match` accepts it as long as the deployment itself has not changed.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var deployment = await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsRead, cancellation);
        await counts.FlushAsync(cancellation);
        return await database.AnswerAsync(deployment, cancellation);
    }

    [Function("DeactivateDeployment"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Deactivate a deployment", Status = 204,
        Description = "The deployment stops answering predictions until one of its revisions is activated.")]
    public async Task<IResult> Deactivate(
        [HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsWrite, cancellation);
        await deployments.DeactivateAsync(id, deployment => request.RequireMatch(deployment.Version), cancellation);
        return Answer.NoContent();
    }
}
