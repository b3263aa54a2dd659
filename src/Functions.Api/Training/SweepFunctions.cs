using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Infrastructure.Training;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Api.Training;

/// <summary>Sweeps: several training jobs that search for the best configuration.</summary>
public sealed class SweepFunctions(PlatformDatabase database, SweepLifecycle sweeps, JobEventFeed feed, ProjectAccess access, EventStreams streams)
{
    private const string Route = "api/v1/training/sweeps";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string Example =
        $$"""{"projectId":"{{Examples.Project}}","datasetVersionId":"{{Examples.DatasetVersion}}","framework":"torchvision","model":"small_cnn","method":"random","space":[{"field":"learningRate","min":0.0001,"max":0.1,"log":true}],"configurations":3}""";

    /// <summary>Position of the last run of a page.</summary>
    private sealed record RunPosition(int Round, int Number);

    [Function("CreateSweep"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Run a sweep", Body = typeof(NewSweep), Example = Example, Returns = typeof(SweepAnswer), Status = 201,
        Problems = ["NOT_FOUND", "UNKNOWN_FRAMEWORK", "UNKNOWN_MODEL", "INVALID_CONFIG", "WEIGHTS_MISSING", "DATASET_DELETED", "DATASET_VERSION_NOT_READY", "DATASET_VERSION_UNLABELED", "TRAINER_UNAVAILABLE"],
        Description = "Trains one job for each configuration, as many at a time as there is room for, and reports the best. It begins at once. With `successive_halving` all configurations are trained for few epochs, and only the best ones go on from their checkpoints.")]
    public async Task<IResult> Create(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var body = await request.ReadJsonAsync<NewSweep>(cancellation);
        await access.RequireAsync(user, body.ProjectId!.Value, Permission.TrainingRun, cancellation);
        var mayUseAdvanced = await access.MayAsync(user, body.ProjectId!.Value, Permission.TrainingAdvanced, cancellation);
        var once = request.Once<Sweep>(sweep => Answer.Created($"/{Route}/{sweep.Id}", SweepAnswer.Of(sweep, new Dictionary<string, int> { ["waiting"] = sweep.Configurations }, null, null)));
        var created = await sweeps.CreateAsync(user.Id, body.ToJobSettings(mayUseAdvanced), body.ToSettings(), once, cancellation);
        if (created.Made is { } made)
            await durable.ScheduleOnceAsync(TrainingWork.Sweep, made.Id, cancellation);
        return created.ToResult();
    }

    [Function("ListSweeps"), RequiresPermission(Permission.TrainingRead)]
    [Operation("List sweeps of a project", Returns = typeof(Page<SweepAnswer>), Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose sweeps are listed.", Required = true, Example = Examples.Project)]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.TrainingRead, cancellation);
        var page = await database.Sweeps.AsNoTracking().Where(sweep => sweep.ProjectId == project).NewestFirstAsync(request, sweep => sweep, cancellation);
        return Answer.Ok(new Page<SweepAnswer>(await AnswersAsync(page.Items, cancellation), page.NextCursor));
    }

    [Function("GetSweep"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Get a sweep", Returns = typeof(SweepAnswer), Description = "A sweep with the numbers of its runs and the best of them.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation) =>
        Answer.Ok((await AnswersAsync([await RequireAsync(request.CurrentUser(), id, Permission.TrainingRead, cancellation)], cancellation))[0]);

    [Function("ListSweepRuns"), RequiresPermission(Permission.TrainingRead)]
    [Operation("List runs of a sweep", FixedOrder = true, Returns = typeof(Page<SweepRunAnswer>), Description = "Runs with their configurations and results, in the order of rounds and configurations.")]
    public async Task<IResult> ListRuns(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/runs")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await RequireAsync(request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        var page = PageRequest.Read(request);
        var runs = await database.SweepRuns.AsNoTracking().Where(run => run.SweepId == id).OrderBy(run => run.Round).ThenBy(run => run.Number).ToListAsync(cancellation);
        var jobs = await database.TrainingJobs.AsNoTracking().Where(job => job.SweepId == id).ToDictionaryAsync(job => job.Id, cancellation);
        var after = page.After<RunPosition>();
        var last = runs.Count == 0 ? 0 : runs[^1].Round;
        var rows = runs.Where(run => after is null || run.Round > after.Round || (run.Round == after.Round && run.Number > after.Number)).Take(page.Limit + 1).ToList();
        return Answer.Ok(Page.Of(rows, page, run => new RunPosition(run.Round, run.Number), run => SweepRunAnswer.Of(
            run, run.JobId is { } job ? jobs[job] : null, last, runs.Any(other => other.Round == run.Round + 1 && other.Number == run.Number))));
    }

    [Function("CancelSweep"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Cancel a sweep", Returns = typeof(SweepAnswer), Status = 202, Problems = ["INVALID_STATE"], Description = "Cancels the sweep and its running jobs. They stop a moment after the answer.")]
    public async Task<IResult> Cancel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/cancel")] HttpRequest request, Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var sweep = await RequireAsync(user, id, Permission.TrainingRun, cancellation);
        if (sweep.CreatedBy != user.Id)
            await access.RequireAsync(user, sweep.ProjectId, Permission.TrainingManage, cancellation);
        var (cancelled, jobs) = await sweeps.CancelAsync(id, cancellation);
        foreach (var job in jobs)
            await durable.WakeAsync(job, "cancel", cancellation);
        // If the process ends before this, the sweep looks by itself after a while.
        await durable.WakeAsync(TrainingWork.Sweep.InstanceId(id), RunSweep.Wake, "cancel", cancellation);
        return Answer.Accepted($"/{Route}/{id}", (await AnswersAsync([cancelled], cancellation))[0]);
    }

    [Function("GetSweepEvents"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Watch a sweep", Returns = typeof(string), ReturnsType = "text/event-stream",
        Description = "The sweep as server-sent events `sweep`: the whole of it, as `GET /api/v1/training/sweeps/{id}` answers, whenever it has changed. The stream ends with an event `end` when the sweep has ended; the server may close it earlier, then connect again.")]
    public async Task<IResult> Watch(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne + "/events")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        await RequireAsync(request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        if (HttpMethods.IsHead(request.Method))
        {
            EventStreams.SetHeaders(request.HttpContext.Response);
            return TypedResults.Empty;
        }
        var shown = "";
        await streams.RunAsync(
            request.HttpContext,
            (user, stop) =>
            {
                Authentication.RequirePermission(user, Permission.TrainingRead);
                return RequireAsync(user, id, Permission.TrainingRead, stop);
            },
            () => feed.NextOf(id),
            async (write, stop) =>
            {
                var sweep = await database.Sweeps.AsNoTracking().SingleAsync(row => row.Id == id, stop);
                var text = JsonSerializer.Serialize((await AnswersAsync([sweep], stop))[0], ApiJson.Options);
                if (text != shown)
                    await write($"event: sweep\ndata: {text}\n\n");
                shown = text;
                if (sweep.State == SweepState.Running)
                    return StreamStep.Wait;
                feed.Forget(id);
                await write($"event: end\ndata: {{\"state\":\"{sweep.State.AsText()}\"}}\n\n");
                return StreamStep.End;
            },
            cancellation);
        return TypedResults.Empty;
    }

    private async Task<Sweep> RequireAsync(CurrentUser user, Guid id, Permission permission, CancellationToken cancellation)
    {
        var sweep = await database.Sweeps.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellation);
        await access.RequireForAsync(user, sweep?.ProjectId, permission, "sweep", cancellation);
        return sweep!;
    }

    private async Task<List<SweepAnswer>> AnswersAsync(IReadOnlyList<Sweep> page, CancellationToken cancellation)
    {
        Guid[] ids = [.. page.Select(sweep => sweep.Id)];
        Guid[] best = [.. page.Where(sweep => sweep.BestJobId is not null).Select(sweep => sweep.BestJobId!.Value)];
        var counts = await (
            from run in database.SweepRuns.Where(run => ids.Contains(run.SweepId))
            join job in database.TrainingJobs on run.JobId equals job.Id into started
            from job in started.DefaultIfEmpty()
            group run by new { run.SweepId, State = job == null ? (JobState?)null : job.State } into runs
            select new { runs.Key.SweepId, runs.Key.State, Count = runs.Count() }).ToListAsync(cancellation);
        var jobs = await database.TrainingJobs.AsNoTracking().Where(job => best.Contains(job.Id)).ToDictionaryAsync(job => job.Id, cancellation);
        var bestRuns = await database.SweepRuns.AsNoTracking().Where(run => run.JobId != null && best.Contains(run.JobId.Value)).ToListAsync(cancellation);
        return
        [
            .. page.Select(sweep => SweepAnswer.Of(
                sweep, counts.Where(count => count.SweepId == sweep.Id).OrderBy(count => count.State).ToDictionary(count => count.State?.AsText() ?? "waiting", count => count.Count),
                sweep.BestJobId is { } job ? jobs[job] : null, bestRuns.FirstOrDefault(run => run.JobId == sweep.BestJobId))),
        ];
    }
}
