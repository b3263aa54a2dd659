using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using VisionPlatform.Application.Datasets;
using VisionPlatform.Application.Idempotency;
using VisionPlatform.Application.Organizations;
using VisionPlatform.Domain;
using VisionPlatform.Domain.Accounts;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Text;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Persistence;

namespace VisionPlatform.Application.Training;

/// <summary>Creates, starts, cancels and restarts training jobs. <see cref="JobCompletion"/> ends them.</summary>
public sealed class JobLifecycle(PlatformDatabase database, TrainerCatalog catalog, Quotas quotas, TimeProvider time)
{
    private const int MaxName = 200;

    /// <summary>Creates a job that waits to be started.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NotFound"/>, <see cref="ErrorCodes.DatasetDeleted"/> or <see cref="ErrorCodes.DatasetVersionNotReady"/> for the dataset version;
    /// <see cref="ErrorCodes.UnknownFramework"/>, <see cref="ErrorCodes.TrainerUnavailable"/>, <see cref="ErrorCodes.UnknownModel"/>,
    /// <see cref="ErrorCodes.InvalidConfig"/>, <see cref="ErrorCodes.WeightsMissing"/>, <see cref="ErrorCodes.Forbidden"/> or <see cref="ErrorCodes.ValidationFailed"/> for the settings; and those of <see cref="IdempotentCreate{T}"/>.
    /// </exception>
    public async Task<Created<TrainingJob>> CreateAsync(Guid userId, JobSettings settings, IdempotentCreate<TrainingJob> once, CancellationToken cancellation)
    {
        var (dataset, version) = await RequireDatasetAsync(settings, cancellation);
        Check(await catalog.RequireAsync(settings.Framework, cancellation), settings, dataset.TaskType);
        var start = settings.ResumeFrom is { } checkpoint ? await RequireCheckpointAsync(settings, checkpoint, version, cancellation) : null;
        var job = new TrainingJob
        {
            ProjectId = dataset.ProjectId, DatasetVersionId = settings.DatasetVersionId, Name = (settings.Name ?? DefaultName(dataset, settings.Model)).AsName(),
            Framework = settings.Framework, Model = settings.Model, TaskType = dataset.TaskType, Config = settings.Config, Split = settings.Split,
            Warnings = settings.Split is { } own ? await WarningsAsync(version, own, cancellation) : version.Warnings, CreatedBy = userId, CreatedAt = time.GetUtcNow(),
            ClonedFrom = settings.ClonedFrom?.Id, StartFrom = start, Priority = settings.Priority,
        };
        return await AddAsync(job, once, cancellation);
    }

    /// <summary>Checks settings of a job without creating it.</summary>
    /// <returns>The dataset, and what the trainer offers.</returns>
    /// <exception cref="ProblemException">Those of <see cref="CreateAsync"/>.</exception>
    internal async Task<(Dataset Dataset, TrainerCapabilities Trainer)> CheckAsync(JobSettings settings, CancellationToken cancellation)
    {
        var (dataset, _) = await RequireDatasetAsync(settings, cancellation);
        var trainer = await catalog.RequireAsync(settings.Framework, cancellation);
        Check(trainer, settings, dataset.TaskType);
        return (dataset, trainer);
    }

    /// <summary>Puts a pending job in the queue; a queued job stays as it is. Schedule <see cref="TrainingWork.Train"/> after it.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/>, <see cref="ErrorCodes.DatasetDeleted"/> or <see cref="ErrorCodes.QuotaExceeded"/>.</exception>
    public async Task<TrainingJob> StartAsync(Guid id, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        await database.RequireLiveParentsOfJobAsync(id, cancellation);
        var job = (await database.LockJobAsync(id, cancellation))!;
        if (job.State is not (JobState.Pending or JobState.Queued))
            throw new ProblemException(ErrorCodes.InvalidState, $"The job is {job.State.AsText()}. Only a pending job can be started; a finished one can be restarted.");
        if (job.State == JobState.Pending)
            await quotas.RequireRoomForJobAsync(job.CreatedBy, cancellation);
        var now = time.GetUtcNow();
        if (job.MoveTo(JobState.Queued, now))
            database.AppendState(job, now);
        await database.SaveChangesAsync(cancellation);
        await database.NotifyJobReadersAsync(id, cancellation);
        await transaction.CommitAsync(cancellation);
        return job;
    }

    /// <summary>Changes what people say about a job: the star, the notes and the tags.</summary>
    public async Task<TrainingJob> MarkAsync(Guid id, bool starred, string notes, IReadOnlyList<string> tags, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var job = (await database.LockJobAsync(id, cancellation))!;
        (job.Starred, job.Notes, job.Tags) = (starred, notes, [.. tags.Select(tag => tag.AsName()).Distinct(StringComparer.Ordinal)]);
        await database.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return job;
    }

    /// <summary>Changes the place of a job among those that wait. A job that runs has it when it waits again, after a failure.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/> when the job has ended.</exception>
    public async Task<TrainingJob> PrioritizeAsync(Guid id, JobPriority priority, CancellationToken cancellation)
    {
        await using var transaction = await database.Database.BeginTransactionAsync(cancellation);
        var job = (await database.LockJobAsync(id, cancellation))!;
        if (job.State.IsTerminal())
            throw new ProblemException(ErrorCodes.InvalidState, $"The job is {job.State.AsText()} already.");
        job.Priority = priority;
        await database.SaveChangesAsync(cancellation);
        await database.NotifyJobReadersAsync(id, cancellation);
        await transaction.CommitAsync(cancellation);
        return job;
    }

    /// <summary>Cancels a pending job at once. Any other job is marked, and its orchestration ends it: wake that if the job has not ended.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/> when the job has ended already.</exception>
    public async Task<TrainingJob> CancelAsync(Guid id, CancellationToken cancellation)
    {
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
        return job;
    }

    /// <summary>Creates a job with the settings of one that has ended.</summary>
    /// <exception cref="ProblemException"><see cref="ErrorCodes.InvalidState"/>, <see cref="ErrorCodes.DatasetDeleted"/>, <see cref="ErrorCodes.WeightsMissing"/>, and those of <see cref="IdempotentCreate{T}"/>.</exception>
    public async Task<Created<TrainingJob>> RestartAsync(Guid userId, TrainingJob job, IdempotentCreate<TrainingJob> once, CancellationToken cancellation)
    {
        if (!job.State.IsTerminal())
            throw new ProblemException(ErrorCodes.InvalidState, $"The job is {job.State.AsText()}; only a job that has ended can be restarted.");
        var again = new TrainingJob
        {
            ProjectId = job.ProjectId, DatasetVersionId = job.DatasetVersionId, Name = job.Name, Framework = job.Framework, Model = job.Model, TaskType = job.TaskType,
            Config = job.Config, Split = job.Split, Warnings = job.Warnings, RestartedFrom = job.Id, Priority = job.Priority, CreatedBy = userId, CreatedAt = time.GetUtcNow(),
        };
        return await AddAsync(again, once, cancellation);
    }

    /// <summary>Creates a job with the settings of another one, changed as wanted. The other may still be running.</summary>
    /// <exception cref="ProblemException">
    /// <see cref="ErrorCodes.NoSuggestion"/> when the failure of the job names no change; <see cref="ErrorCodes.CheckpointInvalid"/> when the clone cannot go on from the
    /// checkpoint; and those of <see cref="CreateAsync"/>.
    /// </exception>
    public Task<Created<TrainingJob>> CloneAsync(
        Guid userId, TrainingJob job, JobChanges changes, bool mayUseAdvanced, IdempotentCreate<TrainingJob> once, CancellationToken cancellation)
    {
        var config = new Dictionary<string, JsonElement>(job.Config, StringComparer.Ordinal);
        if (changes.Suggested)
            foreach (var (field, value) in job.Error?.TryConfig ?? throw new ProblemException(ErrorCodes.NoSuggestion))
                config[field] = value;
        foreach (var (field, value) in changes.Config ?? [])
            if (value.ValueKind == JsonValueKind.Null)
                config.Remove(field);
            else
                config[field] = value;
        // A split of the job's own belongs to the images that it was made for.
        var split = changes.Split ?? (changes.DatasetVersionId is null ? job.Split : null);
        var settings = new JobSettings(
            job.ProjectId, changes.DatasetVersionId ?? job.DatasetVersionId, changes.Framework ?? job.Framework, changes.Model ?? job.Model, changes.Name ?? job.Name, config, split, mayUseAdvanced)
        {
            ClonedFrom = job, ResumeFrom = changes.ResumeFrom, Priority = changes.Priority ?? job.Priority,
        };
        return CreateAsync(userId, settings, once, cancellation);
    }

    private async Task<StartCheckpoint> RequireCheckpointAsync(JobSettings settings, CheckpointName wanted, DatasetVersion version, CancellationToken cancellation)
    {
        var job = settings.ClonedFrom!;
        var checkpoint = await database.Checkpoints.AsNoTracking().FirstOrDefaultAsync(c => c.JobId == job.Id && c.Attempt == wanted.Attempt && c.Epoch == wanted.Epoch, cancellation)
            ?? throw ProblemException.NoSuch("checkpoint", "resumeFrom");
        if (settings.Framework != job.Framework || settings.Model != job.Model)
            throw new ProblemException(ErrorCodes.CheckpointInvalid, "A checkpoint can be continued only with its own framework and model.", "resumeFrom");
        if (version.Id != job.DatasetVersionId)
        {
            var trained = await database.DatasetVersions.AsNoTracking().SingleAsync(row => row.Id == job.DatasetVersionId, cancellation);
            if (!trained.ClassNames.SequenceEqual(version.ClassNames, StringComparer.Ordinal))
                throw new ProblemException(ErrorCodes.CheckpointInvalid, "The dataset version has other classes than the one that the checkpoint was trained on.", "resumeFrom");
        }
        return new StartCheckpoint(job.Id, checkpoint.Attempt, checkpoint.Epoch, checkpoint.Key, checkpoint.Sha256);
    }

    private async Task<Created<TrainingJob>> AddAsync(TrainingJob job, IdempotentCreate<TrainingJob> once, CancellationToken cancellation)
    {
        await using var create = await once.BeginAsync(database, cancellation);
        if (create.Earlier is { } earlier)
            return earlier;
        await database.RequireLiveProjectAsync(job.ProjectId, "project", cancellation);
        await database.RequireLiveDatasetOfVersionAsync(job.DatasetVersionId, cancellation);
        // Retention removes no checkpoint that is locked, and none that a job names.
        if (job.StartFrom is { } start && !await database.Checkpoints.FromSql($"SELECT * FROM checkpoints WHERE key = {start.Key} FOR SHARE").AsNoTracking().AnyAsync(cancellation))
            throw ProblemException.NoSuch("checkpoint", "resumeFrom");
        if (job.StartFrom is null)
            job.Weights = await database.RequireWeightsAsync(job.Framework, job.Model, job.Config, cancellation);
        database.TrainingJobs.Add(job);
        await database.SaveChangesAsync(cancellation);
        return await create.CommitAsync(job, cancellation);
    }

    /// <summary>What there is to say about the images of a version when they are divided anew.</summary>
    private async Task<IReadOnlyList<SplitWarning>> WarningsAsync(DatasetVersion version, SplitSettings split, CancellationToken cancellation)
    {
        var rows = await database.DatasetVersionImages.Where(image => image.VersionId == version.Id).OrderBy(image => image.Path)
            .Select(image => new { image.Path, image.Sha256, image.Class }).ToListAsync(cancellation);
        var images = rows.ConvertAll(row => new SplitImage(row.Sha256, row.Class));
        var splits = SplitRules.Assign(images, split);
        if (version.AnnotationClasses.Count == 0)
            return SplitWarnings.Of(images, splits, split);
        var classes = await database.VersionAnnotations.Where(row => row.VersionId == version.Id).Select(row => new { row.Path, row.ClassNames })
            .ToDictionaryAsync(row => row.Path, row => row.ClassNames, StringComparer.Ordinal, cancellation);
        var objects = new FrozenObjects([.. rows.Select(row => classes[row.Path].Select(name => new ClassObjects(name, 1)).ToArray())]);
        return SplitWarnings.Of(images, splits, split, objects.ImageCounts(version.AnnotationClasses, splits));
    }

    private async Task<(Dataset Dataset, DatasetVersion Version)> RequireDatasetAsync(JobSettings settings, CancellationToken cancellation)
    {
        var found = await database.DatasetVersions.AsNoTracking().Where(version => version.Id == settings.DatasetVersionId)
            .Join(database.Datasets, version => version.DatasetId, dataset => dataset.Id, (version, dataset) => new { version, dataset })
            .SingleOrDefaultAsync(cancellation);
        if (found is null || found.dataset.ProjectId != settings.ProjectId)
            throw new ProblemException(ErrorCodes.NotFound, "There is no such dataset version in this project.", "datasetVersionId");
        if (found.dataset.DeletedAt is not null)
            throw new ProblemException(ErrorCodes.DatasetDeleted);
        if (found.version.State != DatasetVersionState.Ready)
            throw new ProblemException(ErrorCodes.DatasetVersionNotReady);
        if (found.version.Unlabeled)
            throw new ProblemException(ErrorCodes.DatasetVersionUnlabeled, ErrorCodes.DatasetVersionUnlabeled.Title, "datasetVersionId");
        return (found.dataset, found.version);
    }

    internal static void Check(TrainerCapabilities capabilities, JobSettings settings, TaskType task)
    {
        if (capabilities.FindModel(settings.Model) is not { } known || !known.Supports(task))
            throw new ProblemException(
                ErrorCodes.UnknownModel,
                $"{capabilities.Framework} has no model '{settings.Model}' for {task.AsText()}. It has: {string.Join(", ", capabilities.Models.Where(m => m.Supports(task)).Select(m => m.Name))}.",
                "model");
        var errors = capabilities.ConfigSchema.Validate(settings.Config);
        if (errors.Count > 0)
            throw new ProblemException(ErrorCodes.InvalidConfig, string.Join(" ", errors.Select(error => $"{error.Key}: {error.Value[0]}")), errors);
        // Values that a clone takes over were allowed to the person who set them.
        string[] advanced = settings.MayUseAdvanced ? [] : [.. capabilities.ConfigSchema.AdvancedIn(settings.Config).Where(name =>
            settings.ClonedFrom?.Config.TryGetValue(name, out var known) != true || !JsonElement.DeepEquals(known, settings.Config[name]))];
        if (advanced.Length > 0)
        {
            var needed = AccessPolicy.NameOf(Permission.TrainingAdvanced);
            throw new ProblemException(
                ErrorCodes.Forbidden, $"{string.Join(", ", advanced)}: a value other than the default and those of the presets needs the permission {needed}.",
                advanced.ToDictionary(name => $"config.{name}", _ => new[] { $"Needs {needed}." })) { Permission = needed };
        }
        if (settings.Split is { } split && SplitRules.Problem(split.Ratios) is { } wrong)
            throw new ProblemException(ErrorCodes.ValidationFailed, wrong, "split.ratios");
    }

    private static string DefaultName(Dataset dataset, string model)
    {
        var room = MaxName - model.Length - 1;
        return $"{(dataset.Name.Length > room ? dataset.Name[..(room - 1)].TrimEnd() + "…" : dataset.Name)} {model}";
    }
}
