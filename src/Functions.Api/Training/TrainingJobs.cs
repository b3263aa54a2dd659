using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Api.Projects;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;
using VisionPlatform.Orchestrations;
using VisionPlatform.Orchestrations.Training;

namespace VisionPlatform.Api.Training;

/// <summary>Training jobs: make, start, cancel, restart, read.</summary>
public sealed class TrainingJobs(PlatformDatabase database, TrainerCatalog catalog, ProjectAccess access, Quotas quotas, TimeProvider time)
{
    private const int MaxName = 200;
    private const string NewJobExample =
        $$"""{"projectId":"{{Examples.Project}}","datasetVersionId":"{{Examples.DatasetVersion}}","framework":"torchvision","model":"small_cnn","config":{"epochs":10} }""";

    [Function(nameof(GetTrainingCapabilities)), RequiresPermission(Permission.AccountSelf)]
    [Operation("List trainers", Tag = "Training", Whole = true, Returns = typeof(Page<TrainerAnswer>),
        Description = "What each trainer offers: model architectures, configuration fields and export formats.")]
    public async Task<IActionResult> GetTrainingCapabilities(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/training/capabilities")] HttpRequest request, CancellationToken cancellation)
    {
        var trainers = await catalog.ListAsync(cancellation);
        return new OkObjectResult(new Page<TrainerAnswer>(
            [.. trainers.Select(trainer => new TrainerAnswer(trainer.Framework, trainer.Online ? "online" : "offline", trainer.Capabilities))], null));
    }

    [Function(nameof(CreateTrainingJob)), RequiresPermission(Permission.TrainingRun)]
    [Operation("Create a training job", Tag = "Training", Body = typeof(NewTrainingJob), Example = NewJobExample, Returns = typeof(TrainingJobAnswer), Status = 201,
        Problems = ["NOT_FOUND", "UNKNOWN_FRAMEWORK", "UNKNOWN_MODEL", "INVALID_CONFIG", "DATASET_DELETED", "DATASET_VERSION_NOT_READY", "TRAINER_UNAVAILABLE"],
        Description = "The job waits in the state `pending` until it is started.")]
    public async Task<IResult> CreateTrainingJob(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/training/jobs")] HttpRequest request, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var wanted = await request.ReadJsonAsync<NewTrainingJob>(cancellation);
        await access.RequireAsync(user, wanted.ProjectId!.Value, Permission.TrainingRun, cancellation);
        var (dataset, version) = await FindDatasetAsync(wanted, cancellation);
        var capabilities = await catalog.RequireAsync(wanted.Framework!, cancellation);
        var config = wanted.Config ?? [];
        Check(capabilities, wanted.Model!, dataset.TaskType, config);

        var job = new TrainingJob
        {
            ProjectId = dataset.ProjectId, DatasetVersionId = version.Id, Name = wanted.Name ?? DefaultName(dataset, wanted.Model!), Framework = wanted.Framework!,
            Model = wanted.Model!, TaskType = dataset.TaskType, Config = config, Split = CheckSplit(wanted.Split), CreatedBy = user.Id, CreatedAt = time.GetUtcNow(),
        };
        return await AddAsync(request, job, cancellation);
    }

    [Function(nameof(StartTrainingJob)), RequiresPermission(Permission.TrainingRun)]
    [Operation("Start a training job", Tag = "Training", Returns = typeof(TrainingJobAnswer), Status = 202, Problems = ["INVALID_STATE", "DATASET_DELETED", "QUOTA_EXCEEDED"],
        Description = "Puts a pending job in the queue. Starting a job that is already queued changes nothing.")]
    public async Task<IActionResult> StartTrainingJob(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/training/jobs/{id:guid}/start")] HttpRequest request,
        Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        await RequireOwnAsync(request.CurrentUser(), id, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var job = (await database.LockJobAsync(id, cancellation))!;
        if (job.State is not (JobState.Pending or JobState.Queued))
            throw new ProblemException(ErrorCodes.InvalidState, $"The job is {job.State.AsText()}; only a pending one can be started. A finished one can be restarted.");
        if (await IsDatasetDeletedAsync(job, cancellation))
            throw new ProblemException(ErrorCodes.DatasetDeleted);
        if (job.State == JobState.Pending)
            await quotas.RequireRoomForJobAsync(job.CreatedBy, cancellation);
        var now = time.GetUtcNow();
        if (job.MoveTo(JobState.Queued, now))
            database.AppendState(job, now);
        await database.SaveChangesAsync(cancellation);
        await database.NotifyJobReadersAsync(id, cancellation);
        await transaction.CommitAsync(cancellation);

        // Should this not be reached, RecoverWork finds the queued job without an orchestration.
        await durable.ScheduleOnceAsync(nameof(TrainModel), id, TrainModel.InstanceId(id), cancellation);
        return Accepted(job, []);
    }

    [Function(nameof(CancelTrainingJob)), RequiresPermission(Permission.TrainingRun)]
    [Operation("Cancel a training job", Tag = "Training", Returns = typeof(TrainingJobAnswer), Status = 202, Problems = ["INVALID_STATE"],
        Description = "Cancels a job that has not ended. A running job stops a moment after the answer. Its checkpoints and metrics are kept.")]
    public async Task<IActionResult> CancelTrainingJob(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/training/jobs/{id:guid}/cancel")] HttpRequest request,
        Guid id, [DurableClient] DurableTaskClient durable, CancellationToken cancellation)
    {
        await RequireOwnAsync(request.CurrentUser(), id, cancellation);
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var job = (await database.LockJobAsync(id, cancellation))!;
        if (job.State.IsTerminal())
            throw new ProblemException(ErrorCodes.InvalidState, $"The job is {job.State.AsText()} already.");
        var now = time.GetUtcNow();
        job.CancelRequested = true;
        if (job.State == JobState.Pending && job.MoveTo(JobState.Cancelled, now))
            database.AppendState(job, now);
        await database.SaveChangesAsync(cancellation);
        await database.NotifyJobReadersAsync(id, cancellation);
        await transaction.CommitAsync(cancellation);
        if (!job.State.IsTerminal())
            await durable.WakeAsync(id, "cancel", cancellation);
        return Accepted(job, await AttemptsAsync([id], cancellation));
    }

    [Function(nameof(RestartTrainingJob)), RequiresPermission(Permission.TrainingRun)]
    [Operation("Restart a training job", Tag = "Training", Returns = typeof(TrainingJobAnswer), Status = 201, Problems = ["INVALID_STATE", "DATASET_DELETED"],
        Description = "Creates a new job with the settings of one that has ended. The old job remains as it is, and the new one has to be started.")]
    public async Task<IResult> RestartTrainingJob(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/v1/training/jobs/{id:guid}/restart")] HttpRequest request,
        Guid id, CancellationToken cancellation)
    {
        var user = request.CurrentUser();
        var job = await RequireOwnAsync(user, id, cancellation);
        if (!job.State.IsTerminal())
            throw new ProblemException(ErrorCodes.InvalidState, $"The job is {job.State.AsText()}; only one that has ended can be restarted.");
        if (await IsDatasetDeletedAsync(job, cancellation))
            throw new ProblemException(ErrorCodes.DatasetDeleted);
        var again = new TrainingJob
        {
            ProjectId = job.ProjectId, DatasetVersionId = job.DatasetVersionId, Name = job.Name, Framework = job.Framework, Model = job.Model, TaskType = job.TaskType,
            Config = job.Config, Split = job.Split, RestartedFrom = job.Id, CreatedBy = user.Id, CreatedAt = time.GetUtcNow(),
        };
        return await AddAsync(request, again, cancellation);
    }

    private async Task<IResult> AddAsync(HttpRequest request, TrainingJob job, CancellationToken cancellation)
    {
        await using var creation = await request.BeginCreationAsync(database, time, cancellation);
        if (creation.Earlier is { } earlier)
            return earlier;
        database.TrainingJobs.Add(job);
        await database.SaveChangesAsync(cancellation);
        return await creation.CommitAsync(Answer.Created($"/api/v1/training/jobs/{job.Id}", TrainingJobAnswer.From(job, [])), cancellation);
    }

    [Function(nameof(ListTrainingJobs)), RequiresPermission(Permission.TrainingRead)]
    [Operation("List training jobs of a project", Tag = "Training", Returns = typeof(Page<TrainingJobAnswer>),
        Description = "Newest first.")]
    [Query<Guid>("projectId", "Project whose jobs are listed.", Required = true, Example = Examples.Project)]
    [Query<JobState>("state", "Only jobs in this state.", Example = "completed")]
    public async Task<IActionResult> ListTrainingJobs(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/training/jobs")] HttpRequest request, CancellationToken cancellation)
    {
        var project = request.RequiredQueryId("projectId");
        await access.RequireAsync(request.CurrentUser(), project, Permission.TrainingRead, cancellation);
        var state = request.QueryOneOf<JobState>("state");
        var jobs = await database.TrainingJobs.AsNoTracking().Where(job => job.ProjectId == project && (state == null || job.State == state))
            .NewestFirstAsync(request, job => job, cancellation);
        var attempts = (await AttemptsAsync([.. jobs.Items.Select(job => job.Id)], cancellation)).ToLookup(attempt => attempt.SubjectId);
        return new OkObjectResult(new Page<TrainingJobAnswer>([.. jobs.Items.Select(job => TrainingJobAnswer.From(job, attempts[job.Id]))], jobs.NextCursor));
    }

    [Function(nameof(GetTrainingJob)), RequiresPermission(Permission.TrainingRead)]
    [Operation("Get a training job", Tag = "Training", Returns = typeof(TrainingJobAnswer),
        Description = "A job with its attempts.")]
    public async Task<IActionResult> GetTrainingJob(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/v1/training/jobs/{id:guid}")] HttpRequest request, Guid id, CancellationToken cancellation)
    {
        var job = await access.RequireJobAsync(database, request.CurrentUser(), id, Permission.TrainingRead, cancellation);
        return new OkObjectResult(TrainingJobAnswer.From(job, await AttemptsAsync([id], cancellation)));
    }

    /// <summary>One's own job, or anybody's for those who manage the project's training.</summary>
    private async Task<TrainingJob> RequireOwnAsync(CurrentUser user, Guid id, CancellationToken cancellation)
    {
        var job = await access.RequireJobAsync(database, user, id, Permission.TrainingRun, cancellation);
        if (job.CreatedBy != user.Id)
            await access.RequireAsync(user, job.ProjectId, Permission.TrainingManage, cancellation);
        return job;
    }

    private async Task<(Dataset Dataset, DatasetVersion Version)> FindDatasetAsync(NewTrainingJob wanted, CancellationToken cancellation)
    {
        var found = await database.DatasetVersions.AsNoTracking().Where(version => version.Id == wanted.DatasetVersionId)
            .Join(database.Datasets, version => version.DatasetId, dataset => dataset.Id, (version, dataset) => new { version, dataset })
            .SingleOrDefaultAsync(cancellation);
        if (found is null || found.dataset.ProjectId != wanted.ProjectId)
            throw new ProblemException(ErrorCodes.NotFound, "There is no such dataset version in this project.", "datasetVersionId");
        if (found.dataset.DeletedAt is not null)
            throw new ProblemException(ErrorCodes.DatasetDeleted);
        if (found.version.State != DatasetVersionState.Ready)
            throw new ProblemException(ErrorCodes.DatasetVersionNotReady);
        return (found.dataset, found.version);
    }

    private static void Check(TrainerCapabilities capabilities, string model, TaskType task, Dictionary<string, System.Text.Json.JsonElement> config)
    {
        if (capabilities.FindModel(model) is not { } known || !known.Supports(task))
            throw new ProblemException(
                ErrorCodes.UnknownModel,
                $"{capabilities.Framework} has no model '{model}' for {task.AsText()}. It has: {string.Join(", ", capabilities.Models.Where(m => m.Supports(task)).Select(m => m.Name))}.",
                "model");
        var errors = capabilities.ConfigSchema.Validate(config);
        if (errors.Count > 0)
            throw new ProblemException(ErrorCodes.InvalidConfig, string.Join(" ", errors.Select(error => $"{error.Key}: {error.Value[0]}")), errors);
    }

    private static string DefaultName(Dataset dataset, string model)
    {
        var room = MaxName - model.Length - 1;
        return $"{(dataset.Name.Length > room ? dataset.Name[..(room - 1)].TrimEnd() + "…" : dataset.Name)} {model}";
    }

    private static SplitSettings? CheckSplit(SplitSettings? split)
    {
        if (split is not null && SplitRules.Problem(split.Ratios) is { } wrong)
            throw new ProblemException(ErrorCodes.ValidationFailed, wrong, "split.ratios");
        return split;
    }

    private Task<bool> IsDatasetDeletedAsync(TrainingJob job, CancellationToken cancellation) =>
        database.DatasetVersions.Where(version => version.Id == job.DatasetVersionId)
            .Join(database.Datasets, version => version.DatasetId, dataset => dataset.Id, (_, dataset) => dataset.DeletedAt != null)
            .SingleAsync(cancellation);

    private Task<List<Attempt>> AttemptsAsync(IReadOnlyCollection<Guid> jobs, CancellationToken cancellation) =>
        database.Attempts.AsNoTracking().Where(attempt => jobs.Contains(attempt.SubjectId)).ToListAsync(cancellation);

    private static AcceptedResult Accepted(TrainingJob job, IEnumerable<Attempt> attempts) =>
        new($"/api/v1/training/jobs/{job.Id}", TrainingJobAnswer.From(job, attempts));
}
