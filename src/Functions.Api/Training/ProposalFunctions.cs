using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Datasets;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Training;

/// <summary>Answers of predictions as proposals for labels: propose, look, accept, reject.</summary>
public sealed class ProposalFunctions(PlatformDatabase database, ProjectAccess access, ProposalRuns runs, ProposalDecisions decisions, ImageUrls urls)
{
    private const string RouteOfRuns = "api/v1/datasets/{id:guid}/proposal-runs";
    private const string RouteOfOne = "api/v1/datasets/{id:guid}/images/{imageId:guid}/proposal";
    private const string Example = """{"action":"accept","class":"scratch","minScore":0.8}""";

    private sealed record Row(ImageProposal Proposal, DatasetImage Image, BatchPrediction Prediction);

    [Function("StartProposalRun"), RequiresPermission(Permission.DatasetsAnnotate)]
    [Operation("Propose, accept or reject labels of images", Tag = "Datasets", Body = typeof(NewProposalRun), Example = Example, Returns = typeof(ProposalRunAnswer), Status = 202,
        Problems = ["NOT_FOUND", "INVALID_STATE", "PREDICTION_OF_OTHER_DATASET", "CLASS_NOT_IN_DATASET"],
        Description = "`propose` makes proposals of the answers of a completed prediction for those of its images that nobody has labeled, in place of earlier proposals. `accept` makes labels of proposals and `reject` removes them. It goes on in the background. Labels that people gave are never changed.")]
    public async Task<IResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfRuns)] HttpRequest request, Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        await access.RequireDatasetAsync(database, user, id, Permission.DatasetsAnnotate, cancellation);
        var wanted = await request.ReadJsonAsync<NewProposalRun>(cancellation);
        if (wanted.PredictionId is { } prediction)
            await access.RequirePredictionAsync(database, user, prediction, Permission.TrainingRead, cancellation, "predictionId");
        var draft = new ProposalRunDraft(wanted.Action!.Value, wanted.PredictionId, wanted.Class?.AsName(), wanted.MinScore);
        var once = request.Once<ProposalRun>(run => Answer.Accepted($"/api/v1/datasets/{id}/proposal-runs/{run.Id}", ProposalRunAnswer.From(run)));
        var created = await runs.CreateAsync(id, user.Id, draft, once, cancellation);
        // If the process ends before this, recovery finds the run that has no orchestration (TrainingWork).
        if (created.Made is { } made)
            await durable.ScheduleOnceAsync(TrainingWork.Propose, made.Id, cancellation);
        return created.ToResult();
    }

    [Function("ListProposalRuns"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List work on proposals", Tag = "Datasets", Returns = typeof(Page<ProposalRunAnswer>), Description = "Newest first. It is listed for 30 days after it ended.")]
    public async Task<IResult> ListRuns([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfRuns)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(await database.ProposalRuns.AsNoTracking().Where(run => run.DatasetId == id).NewestFirstAsync(request, ProposalRunAnswer.From, cancellation));
    }

    [Function("GetProposalRun"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get work on proposals", Tag = "Datasets", Returns = typeof(ProposalRunAnswer), Description = "How far it is, and what came of the images so far.")]
    public async Task<IResult> GetRun([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfRuns + "/{runId:guid}")] HttpRequest request, Guid id, Guid runId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(ProposalRunAnswer.From(
            await database.ProposalRuns.AsNoTracking().SingleOrDefaultAsync(run => run.Id == runId && run.DatasetId == id, cancellation) ?? throw ProblemException.NoSuch("run")));
    }

    [Function("ListProposals"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("List proposals of a dataset", Tag = "Datasets", FixedOrder = true, Returns = typeof(Page<ProposalAnswer>), Description = "What models propose for images that nobody has labeled, the newest image first.")]
    [Query<Guid>("predictionId", "Only proposals of this prediction.", Example = Examples.Prediction)]
    [Query<string>("class", "Only proposals with this class, or an object of it.", MaximumLength = 200, Example = "scratch")]
    [Query<long>("minPercent", "Only proposals with at least this score in percent.", Minimum = 0, Maximum = 100, Example = "50")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/datasets/{id:guid}/proposals")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        var page = PageRequest.Read(request);
        var proposals = database.ImageProposals.AsNoTracking().Where(row => row.DatasetId == id)
            .Matching(request.QueryId("predictionId"), request.QueryText("class"), request.QueryNumber("minPercent") / 100.0);
        if (page.After<Guid?>() is { } after)
            proposals = proposals.Where(row => row.ImageId < after);
        var rows = await Rows(proposals).Take(page.Limit + 1).ToListAsync(cancellation);
        return Answer.Ok(Page.Of(rows, page, row => row.Image.Id, AnswerOf));
    }

    [Function("GetProposal"), RequiresPermission(Permission.DatasetsRead)]
    [Operation("Get the proposal for an image", Tag = "Datasets", Returns = typeof(ProposalAnswer), Unversioned = "It is not changed but accepted or rejected.", Description = "What a model proposes for the image.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, Guid imageId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsRead, cancellation);
        return Answer.Ok(AnswerOf(await Rows(database.ImageProposals.AsNoTracking().Where(row => row.ImageId == imageId && row.DatasetId == id)).SingleOrDefaultAsync(cancellation) ?? throw ProblemException.NoSuch("proposal")));
    }

    [Function("AcceptProposal"), RequiresPermission(Permission.DatasetsAnnotate)]
    [Operation("Accept the proposal for an image", Tag = "Datasets", Status = 204, NotIdempotent = "A proposal that was accepted is none any more.",
        Description = "Makes the class or the annotations of the image of its proposal, given by the caller.")]
    public async Task<IResult> Accept([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/accept")] HttpRequest request, Guid id, Guid imageId, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        await access.RequireDatasetAsync(database, user, id, Permission.DatasetsAnnotate, cancellation);
        await decisions.AcceptAsync(id, imageId, user.Id, cancellation);
        return Answer.NoContent();
    }

    [Function("RejectProposal"), RequiresPermission(Permission.DatasetsAnnotate)]
    [Operation("Reject the proposal for an image", Tag = "Datasets", Status = 204, Description = "Removes the proposal; the image stays without a label.")]
    public async Task<IResult> Reject([HttpTrigger(AuthorizationLevel.Anonymous, "delete", Route = RouteOfOne)] HttpRequest request, Guid id, Guid imageId, CancellationToken cancellation)
    {
        await access.RequireDatasetAsync(database, request.CurrentUser(), id, Permission.DatasetsAnnotate, cancellation);
        await decisions.RejectAsync(id, imageId, cancellation);
        return Answer.NoContent();
    }

    private IQueryable<Row> Rows(IQueryable<ImageProposal> proposals) =>
        from proposal in proposals
        join image in database.DatasetImages.AsNoTracking() on proposal.ImageId equals image.Id
        join prediction in database.Predictions.AsNoTracking() on proposal.PredictionId equals prediction.Id
        orderby proposal.ImageId descending
        select new Row(proposal, image, prediction);

    private ProposalAnswer AnswerOf(Row row) => new(
        urls.Answer(row.Image), row.Prediction.Id, row.Prediction.ModelVersionId, row.Prediction.Model, row.Prediction.CheckpointEpoch, row.Proposal.Class, row.Proposal.Score, row.Proposal.Objects,
        row.Proposal.ProposedBy, row.Proposal.ProposedAt);
}
