using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Deployments;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Deployments;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Infrastructure.Deployments;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Api.Deployments;

/// <summary>Tries a revision of a deployment before it is activated: as a canary, which answers a share of the requests, or as a shadow, which gets a copy of them.</summary>
public sealed class RolloutFunctions(PlatformDatabase database, DeploymentRevisions revisions, ShadowReports reports, ProjectAccess access)
{
    private const string RouteOfDeployment = "api/v1/deployments/{id:guid}";
    private const string CanaryRoute = RouteOfDeployment + "/canary";
    private const string ShadowRoute = RouteOfDeployment + "/shadow";
    private const string ReportRoute = RouteOfDeployment + "/shadow-report";
    private const int MostPairs = 200;

    [Function("StartDeploymentCanary"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Start a canary", Body = typeof(NewCanary), Example = """{"revision":1,"percent":10}""", Returns = typeof(DeploymentAnswer), TakesIfMatch = true,
        Problems = ["INVALID_STATE", "MODEL_LOADING", "MODEL_TOO_LARGE", "MODEL_INVALID", "MODEL_SERVER_UNAVAILABLE", "TRAINER_UNAVAILABLE"],
        Description = "Another revision answers a share of the requests, in place of an earlier canary. A hash of the images decides, so that the same request always goes to the same revision. A request that the canary cannot answer is answered by the active revision. The answer is 503 `MODEL_LOADING` until the model is ready. Activation ends a canary.")]
    public async Task<IResult> StartCanary([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = CanaryRoute)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsWrite, cancellation);
        var body = await request.ReadJsonAsync<NewCanary>(cancellation);
        var revision = await RequireRevisionAsync(id, body.Revision!.Value, cancellation);
        return await database.AnswerAsync(await revisions.StartCanaryAsync(revision, body.Percent!.Value, deployment => request.RequireMatch(deployment.Version), cancellation), cancellation);
    }

    [Function("EndDeploymentCanary"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("End the canary", Status = 204, TakesIfMatch = true, Description = "The active revision answers all requests. Nothing happens if there is no canary.")]
    public async Task<IResult> EndCanary([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = CanaryRoute)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsWrite, cancellation);
        await revisions.EndCanaryAsync(id, deployment => request.RequireMatch(deployment.Version), cancellation);
        return Answer.NoContent();
    }

    [Function("StartDeploymentShadow"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("Start a shadow", Body = typeof(NewShadow), Example = """{"revision":1}""", Returns = typeof(DeploymentAnswer), TakesIfMatch = true,
        Problems = ["INVALID_STATE", "MODEL_LOADING", "MODEL_TOO_LARGE", "MODEL_INVALID", "MODEL_SERVER_UNAVAILABLE", "TRAINER_UNAVAILABLE"],
        Description = "Another revision gets a copy of the requests after they were answered, in place of an earlier shadow. Its answers are only compared. The answer is 503 `MODEL_LOADING` until the model is ready. Activation ends a shadow.")]
    public async Task<IResult> StartShadow([HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = ShadowRoute)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsWrite, cancellation);
        var body = await request.ReadJsonAsync<NewShadow>(cancellation);
        var revision = await RequireRevisionAsync(id, body.Revision!.Value, cancellation);
        return await database.AnswerAsync(await revisions.StartShadowAsync(revision, deployment => request.RequireMatch(deployment.Version), cancellation), cancellation);
    }

    [Function("EndDeploymentShadow"), RequiresPermission(Permission.DeploymentsWrite)]
    [Operation("End the shadow", Status = 204, TakesIfMatch = true, Description = "The revision gets no more copies. Its report stays. Nothing happens if there is no shadow.")]
    public async Task<IResult> EndShadow([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = ShadowRoute)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsWrite, cancellation);
        await revisions.EndShadowAsync(id, deployment => request.RequireMatch(deployment.Version), cancellation);
        return Answer.NoContent();
    }

    [Function("GetShadowReport"), RequiresPermission(Permission.DeploymentsRead)]
    [Operation("Get the shadow report", Returns = typeof(ShadowReport),
        Description = "Where shadows answered otherwise than the revisions that answered: counts, what each of them said, and the newest images with different answers. Other instances of the app add what they compared after some seconds.")]
    public async Task<IResult> GetReport([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = ReportRoute)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var deployment = await access.RequireDeploymentAsync(database, request.CurrentUser(), id, Permission.DeploymentsRead, cancellation);
        await reports.FlushAsync(cancellation);
        var counts = await database.ShadowComparisons.AsNoTracking().Where(row => row.DeploymentId == id).OrderByDescending(row => row.LastAt).ToListAsync(cancellation);
        var comparisons = new List<ShadowComparisonAnswer>(counts.Count);
        foreach (var count in counts)
        {
            var pairs = await database.ShadowPairs.AsNoTracking().Where(row => row.DeploymentId == id && row.Revision == count.Revision && row.ShadowRevision == count.ShadowRevision)
                .OrderByDescending(row => row.Count).ThenBy(row => row.Answer).ThenBy(row => row.ShadowAnswer).Take(MostPairs).ToListAsync(cancellation);
            var differences = await database.ShadowDifferences.AsNoTracking().Where(row => row.DeploymentId == id && row.Revision == count.Revision && row.ShadowRevision == count.ShadowRevision)
                .OrderByDescending(row => row.Id).Take(ShadowReports.KeptDifferences).ToListAsync(cancellation);
            comparisons.Add(ShadowComparisonAnswer.Of(count, pairs, differences));
        }
        return Answer.Ok(new ShadowReport(AgreementMeasures.Of(await database.TaskOfExportAsync(deployment.ExportId, cancellation)), comparisons));
    }

    private async Task<DeploymentRevision> RequireRevisionAsync(Guid id, int number, CancellationToken cancellation) =>
        await database.DeploymentRevisions.AsNoTracking().SingleOrDefaultAsync(row => row.DeploymentId == id && row.Number == number, cancellation)
            ?? throw ProblemException.NoSuch("revision", "revision");
}
