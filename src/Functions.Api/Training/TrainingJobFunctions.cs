using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Text;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;

namespace VisionPlatform.Api.Training;

/// <summary>Training jobs: create, start, cancel, restart, read.</summary>
public sealed class TrainingJobFunctions(PlatformDatabase database, JobLifecycle jobs, TrainerCatalog catalog, ProjectAccess access)
{
    private const string Route = "api/v1/training/jobs";
    private const string RouteOfOne = Route + "/{id:guid}";
    private const string Example =
        $$"""{"projectId":"{{Examples.Project}}","datasetVersionId":"{{Examples.DatasetVersion}}","framework":"torchvision","model":"small_cnn","config":{"epochs":10} }""";

    private static readonly Sorting<TrainingJob> Orders = new Sorting<TrainingJob>().By("score", job => job.Score);

    [Function("GetTrainingCapabilities"), RequiresPermission(Permission.AccountSelf)]
    [Operation("List trainers", Whole = true, Returns = typeof(Page<TrainerAnswer>),
        Description = "What each trainer offers: model architectures, configuration fields and export formats; and which models have pretrained weights.")]
    public async Task<IResult> GetCapabilities(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = "api/v1/training/capabilities")] HttpRequest request, CancellationToken cancellation)
    {
        var trainers = await catalog.ListAsync(cancellation);
        var weights = (await database.PretrainedWeights.AsNoTracking().OrderBy(row => row.Model).ToListAsync(cancellation)).ToLookup(row => row.Framework);
        return Answer.Ok(new Page<TrainerAnswer>([.. trainers.Select(trainer => TrainerAnswer.Of(trainer, weights[trainer.Framework]))], null));
    }

    [Function("CreateTrainingJob"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Create a training job", Body = typeof(NewTrainingJob), Example = Example, Returns = typeof(TrainingJobAnswer), Status = 201,
        Problems = ["NOT_FOUND", "UNKNOWN_FRAMEWORK", "UNKNOWN_MODEL", "INVALID_CONFIG", "WEIGHTS_MISSING", "DATASET_DELETED", "DATASET_VERSION_NOT_READY", "DATASET_VERSION_UNLABELED", "TRAINER_UNAVAILABLE"],
        Description = "The job waits in the state `pending` until it is started. Advanced fields of the configuration need `training:advanced`, unless they have their default value or that of a preset.")]
    public async Task<IResult> Create([HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var body = await request.ReadJsonAsync<NewTrainingJob>(cancellation);
        await access.RequireAsync(user, body.ProjectId!.Value, Permission.TrainingRun, cancellation);
        var mayUseAdvanced = body.Config is { Count: > 0 } && await access.MayAsync(user, body.ProjectId!.Value, Permission.TrainingAdvanced, cancellation);
        return (await jobs.CreateAsync(user.Id, body.ToSettings(mayUseAdvanced), Once(request), cancellation)).ToResult();
    }

    [Function("StartTrainingJob"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Start a training job", Returns = typeof(TrainingJobAnswer), Status = 202, Problems = ["INVALID_STATE", "DATASET_DELETED", "QUOTA_EXCEEDED"],
        Description = "Puts a pending job in the queue. Starting a job that is already queued changes nothing.")]
    public async Task<IResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/start")] HttpRequest request,
        Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        await RequireOwnAsync(request.CurrentUser(), id, cancellation);
        var job = await jobs.StartAsync(id, cancellation);
        // If the process ends before this, recovery finds the queued job without an orchestration.
        await durable.ScheduleOnceAsync(TrainingWork.Train, id, cancellation);
        return Accepted(job, []);
    }

    [Function("CancelTrainingJob"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Cancel a training job", Returns = typeof(TrainingJobAnswer), Status = 202, Problems = ["INVALID_STATE"],
        Description = "Cancels a job that has not ended. A running job stops a moment after the answer. Its checkpoints and metrics are kept.")]
    public async Task<IResult> Cancel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/cancel")] HttpRequest request,
        Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        await RequireOwnAsync(request.CurrentUser(), id, cancellation);
        var job = await jobs.CancelAsync(id, cancellation);
        if (!job.State.IsTerminal())
            await durable.WakeAsync(id, "cancel", cancellation);
        return Accepted(job, await AttemptsAsync([id], cancellation));
    }

    [Function("RestartTrainingJob"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Restart a training job", Returns = typeof(TrainingJobAnswer), Status = 201, Problems = ["INVALID_STATE", "DATASET_DELETED", "WEIGHTS_MISSING"],
        Description = "Creates a new job with the settings of one that has ended. The old job remains as it is, and the new one has to be started.")]
    public async Task<IResult> Restart(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/restart")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var job = await RequireOwnAsync(user, id, cancellation);
        return (await jobs.RestartAsync(user.Id, job, Once(request), cancellation)).ToResult();
    }

    [Function("CloneTrainingJob"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Clone a training job", Body = typeof(TrainingJobClone), Example = """{"config":{"epochs":20}}""", Returns = typeof(TrainingJobAnswer), Status = 201,
        Problems = ["NOT_FOUND", "UNKNOWN_FRAMEWORK", "UNKNOWN_MODEL", "INVALID_CONFIG", "DATASET_DELETED", "DATASET_VERSION_NOT_READY", "DATASET_VERSION_UNLABELED", "TRAINER_UNAVAILABLE", "NO_SUGGESTION", "CHECKPOINT_INVALID", "WEIGHTS_MISSING"],
        Description = "Creates a new job with the settings of another one, changed as the body says. With `suggested` it makes the change that the failure of the job names; with `resumeFrom` it goes on from a checkpoint. The new job has to be started.")]
    public async Task<IResult> Clone(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = RouteOfOne + "/clone")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var body = await request.ReadJsonAsync<TrainingJobClone>(cancellation);
        var job = await access.RequireJobAsync(database, user, id, Permission.TrainingRun, cancellation);
        var mayUseAdvanced = await access.MayAsync(user, job.ProjectId, Permission.TrainingAdvanced, cancellation);
        return (await jobs.CloneAsync(user.Id, job, body.ToChanges(), mayUseAdvanced, Once(request), cancellation)).ToResult();
    }

    [Function("MarkTrainingJob"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Star, annotate and tag a training job", Body = typeof(TrainingJobMarks), Example = """{"starred":true,"notes":"The best so far","tags":["baseline"]}""", Returns = typeof(TrainingJobAnswer),
        Unversioned = "Notes of people to each other; whoever writes last decides.", Description = "Replaces star, notes and tags of the job, which everybody in the project sees.")]
    public async Task<IResult> Mark(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne + "/marks")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<TrainingJobMarks>(cancellation);
        await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRun, cancellation);
        var job = await jobs.MarkAsync(id, body.Starred!.Value, body.Notes!, body.Tags!, cancellation);
        return Answer.Ok(TrainingJobAnswer.Of(job, await AttemptsAsync([id], cancellation)));
    }

    [Function("PrioritizeTrainingJob"), RequiresPermission(Permission.TrainingRun)]
    [Operation("Set the priority of a training job", Body = typeof(TrainingJobPriority), Example = """{"priority":"high"}""", Returns = typeof(TrainingJobAnswer), Problems = ["INVALID_STATE"],
        Unversioned = "One value; whoever writes last decides.",
        Description = "Moves the job before or after the other waiting jobs of the same person in the project. People, and the projects of a person, take turns whatever the priorities are.")]
    public async Task<IResult> Prioritize(
        [HttpTrigger(AuthorizationLevel.Anonymous, "put", Route = RouteOfOne + "/priority")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var body = await request.ReadJsonAsync<TrainingJobPriority>(cancellation);
        await RequireOwnAsync(request.CurrentUser(), id, cancellation);
        var job = await jobs.PrioritizeAsync(id, body.Priority!.Value, cancellation);
        return Answer.Ok(TrainingJobAnswer.Of(job, await AttemptsAsync([id], cancellation)));
    }

    [Function("ListTrainingJobs"), RequiresPermission(Permission.TrainingRead)]
    [Operation("List training jobs of a project", Sort = ["score"], Returns = typeof(Page<TrainingJobAnswer>),
        Description = "Newest first. `score` is the primary metric of the best epoch; jobs without one come last in descending order.")]
    [Query<Guid>("projectId", "Project whose jobs are listed.", Required = true, Example = Examples.Project)]
    [Query<JobState>("state", "Only jobs in this state.", Example = "completed")]
    [Query<TaskType>("taskType", "Only jobs for this task.", Example = "image_classification")]
    [Query<string>("model", "Only jobs with this model architecture.", Example = "small_cnn")]
    [Query<string>("tag", "Only jobs with this tag.")]
    [Query<string>("search", "Only jobs whose name or notes contain this text, regardless of case.")]
    [Query<bool>("starred", "Only jobs with a star, or only jobs without.")]
    [Query<Guid>("sweepId", "Only runs of this sweep.")]
    public async Task<IResult> List([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = Route)] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.TrainingRead, cancellation);
        var rows = database.TrainingJobs.AsNoTracking().Where(job => job.ProjectId == project);
        if (request.QueryOneOf<JobState>("state") is { } state)
            rows = rows.Where(job => job.State == state);
        if (request.QueryOneOf<TaskType>("taskType") is { } task)
            rows = rows.Where(job => job.TaskType == task);
        if (request.QueryText("model") is { } model)
            rows = rows.Where(job => job.Model == model);
        if (request.QueryText("tag")?.AsName() is { } tag)
            rows = rows.Where(job => job.Tags.Contains(tag));
        if (request.QueryText("search") is { } text)
            rows = rows.Where(job => EF.Functions.ILike(job.Name + " " + job.Notes, LikePattern.Containing(text), LikePattern.Escape));
        if (request.QueryFlag("starred") is { } starred)
            rows = rows.Where(job => job.Starred == starred);
        if (request.QueryId("sweepId") is { } sweep)
            rows = rows.Where(job => job.SweepId == sweep);
        var page = await rows.PageAsync(request, Orders, job => job, cancellation);
        var attempts = (await AttemptsAsync([.. page.Items.Select(job => job.Id)], cancellation)).ToLookup(attempt => attempt.SubjectId);
        return Answer.Ok(new Page<TrainingJobAnswer>([.. page.Items.Select(job => TrainingJobAnswer.Of(job, attempts[job.Id]))], page.NextCursor));
    }

    [Function("GetTrainingJob"), RequiresPermission(Permission.TrainingRead)]
    [Operation("Get a training job", Returns = typeof(TrainingJobAnswer),
        Description = "A job with its attempts.")]
    public async Task<IResult> Get([HttpTrigger(AuthorizationLevel.Anonymous, "get", "head", Route = RouteOfOne)] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var job = await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        return Answer.Ok(TrainingJobAnswer.Of(job, await AttemptsAsync([id], cancellation)));
    }

    /// <summary>The caller's own job, or any job of the project for those who manage its training.</summary>
    private async Task<TrainingJob> RequireOwnAsync(CurrentUser user, Guid id, CancellationToken cancellation)
    {
        var job = await access.RequireJobAsync(database, user, id, Permission.TrainingRun, cancellation);
        if (job.CreatedBy != user.Id)
            await access.RequireAsync(user, job.ProjectId, Permission.TrainingManage, cancellation);
        return job;
    }

    private Task<List<Attempt>> AttemptsAsync(IReadOnlyCollection<Guid> jobIds, CancellationToken cancellation) =>
        database.Attempts.AsNoTracking().Where(attempt => jobIds.Contains(attempt.SubjectId)).ToListAsync(cancellation);

    private static IdempotentCreate<TrainingJob> Once(HttpRequest request) =>
        request.Once<TrainingJob>(job => Answer.Created($"/{Route}/{job.Id}", TrainingJobAnswer.Of(job, [])));

    private static Answer Accepted(TrainingJob job, IEnumerable<Attempt> attempts) => Answer.Accepted($"/{Route}/{job.Id}", TrainingJobAnswer.Of(job, attempts));
}
