using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Deployments;

/// <summary>Revisions of deployments: add, read, activate, roll back.</summary>
public sealed class RevisionFunctions(PlatformDatabase database, DeploymentRevisions revisions, ProjectAccess access)
{
    private const string RouteOfDeployment = "api/v1/deployments/{id:guid}";
    private const string Route = RouteOfDeployment + "/revisions";
    private const string RouteOfOne = Route + "/{number:int}";
    private const string Example = $$"""{"exportId":"{{Examples.Export}}"}""";

    [Function("AddDeploymentRevision"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Add a revision", Body = typeof(NewRevision), Example = Example, Returns = typeof(RevisionAnswer), Status = 201, Problems = ["NOT_FOUND", "INVALID_STATE", "TASK_NOT_SUPPORTED"],
        Description = "Adds another completed export of the project as a revision. The present one goes on answering until another is activated.")]
    public async Task<IResult> Add([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsWrite, cancellation);
        var body = await request.ReadJsonAsync<NewRevision>(cancellation);
        var export = await database.Exports.AsNoTracking().SingleOrDefaultAsync(e => e.Id == body.ExportId, cancellation);
        await access.RequireForAsync(user, export?.ProjectId, Permission.DeploymentsWrite, "export", cancellation, "exportId");
        var version = await database.ModelVersions.Where(row => row.Id == export!.ModelVersionId).Select(row => new { row.Number, Model = database.Models.Single(model => model.Id == row.ModelId).Name }).SingleAsync(cancellation);
        var once = request.Once<DeploymentRevision>(made => Answer.Created(
            $"/api/v1/deployments/{id}/revisions/{made.Number}", new RevisionAnswer(made.Number, made.ExportId, version.Model, version.Number, export!.Format, made.CreatedBy, made.CreatedAt)));
        return (await revisions.AddAsync(user.Id, id, export!, once, cancellation)).ToResult();
    }

    [Function("ListDeploymentRevisions"), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("List revisions", Whole = true, Returns = typeof(Page<RevisionAnswer>),
        Description = "Newest first. The deployment says which one answers.")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsRead, cancellation);
        return Answer.Ok(new Page<RevisionAnswer>(await AnswersOf(database.DeploymentRevisions.Where(row => row.DeploymentId == id)).ToListAsync(cancellation), null));
    }

    [Function("GetDeploymentRevision"), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("Get a revision", Returns = typeof(RevisionAnswer), Description = "A revision never changes.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, int number, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsRead, cancellation);
        return Answer.Ok(await AnswersOf(database.DeploymentRevisions.Where(row => row.DeploymentId == id && row.Number == number)).SingleOrDefaultAsync(cancellation) ?? throw ProblemException.NoSuch("revision"));
    }

    [Function("ActivateDeploymentRevision"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Activate a revision", Returns = typeof(DeploymentAnswer), TakesIfMatch = true, Problems = ["INVALID_STATE", "MODEL_LOADING", "MODEL_TOO_LARGE", "MODEL_INVALID", "MODEL_SERVER_UNAVAILABLE", "TRAINER_UNAVAILABLE"],
        Description = "The revision answers from now on; requests that run end with the one they began with. While its model is being loaded, the answer is 503 `MODEL_LOADING` with `Retry-After`, and nothing changes. A deactivated deployment answers again.")]
    public async Task<IResult> Activate([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/activate")] HttpRequest request, Guid id, int number, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsWrite, cancellation);
        var revision = await RequireRevisionAsync(id, number, cancellation);
        return await database.AnswerAsync(await revisions.ActivateAsync(revision, deployment => request.RequireMatch(deployment.Version), cancellation), cancellation);
    }

    [Function("RollBackDeployment"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Roll back a deployment", Returns = typeof(DeploymentAnswer), TakesIfMatch = true, Problems = ["INVALID_STATE", "CHANGED_MEANWHILE", "MODEL_LOADING", "MODEL_TOO_LARGE", "MODEL_INVALID", "MODEL_SERVER_UNAVAILABLE", "TRAINER_UNAVAILABLE"],
        Description = "The revision that answered before the present one answers again.")]
    public async Task<IResult> RollBack([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfDeployment + "/roll-back")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var deployment = await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsWrite, cancellation);
        return await database.AnswerAsync(await revisions.RollBackAsync(deployment, locked => request.RequireMatch(locked.Version), cancellation), cancellation);
    }

    /// <summary>Newest first.</summary>
    private IQueryable<RevisionAnswer> AnswersOf(IQueryable<DeploymentRevision> rows) =>
        from revision in rows
        join export in database.Exports on revision.ExportId equals export.Id
        join version in database.ModelVersions on export.ModelVersionId equals version.Id
        join model in database.Models on version.ModelId equals model.Id
        orderby revision.Number descending
        select new RevisionAnswer(revision.Number, revision.ExportId, model.Name, version.Number, export.Format, revision.CreatedBy, revision.CreatedAt);

    private async Task<DeploymentRevision> RequireRevisionAsync(Guid id, int number, CancellationToken cancellation) =>
        await database.DeploymentRevisions.AsNoTracking().SingleOrDefaultAsync(row => row.DeploymentId == id && row.Number == number, cancellation) ?? throw ProblemException.NoSuch("revision");
}
