using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using ValidationResult = System.ComponentModel.DataAnnotations.ValidationResult;

namespace VisionPlatform.Api.Training;

/// <summary>A training job to create.</summary>
/// <param name="ProjectId">Project that the job belongs to.</param>
/// <param name="DatasetVersionId">Dataset version to train on; it must be ready and belong to the same project.</param>
/// <param name="Framework">Trainer to use, from <c>GET /api/v1/training/capabilities</c>, for example <c>torchvision</c>.</param>
/// <param name="Model">Model architecture to train, from the trainer's capabilities.</param>
/// <param name="Name">Name of the job, and of the model to which it adds a version; when left out, the names of dataset and architecture.</param>
/// <param name="Config">Configuration by field name, for example <c>{"epochs": 10}</c>. The trainer's capabilities list the fields; those left out have their default values. A field that is marked <c>advanced</c> needs the permission <c>training:advanced</c> for a value other than its default and those of the trainer's presets.</param>
/// <param name="Split">How the images are split for this job; when left out, as in the dataset version.</param>
/// <param name="Priority">Its place among your waiting jobs of the project.</param>
public sealed record NewTrainingJob(
    [property: Required] Guid? ProjectId,
    [property: Required] Guid? DatasetVersionId,
    [property: Required, StringLength(100, MinimumLength = 1)] string? Framework,
    [property: Required, StringLength(100, MinimumLength = 1)] string? Model,
    [property: Name(200)] string? Name,
    Dictionary<string, JsonElement>? Config,
    SplitSettings? Split,
    JobPriority Priority = JobPriority.Normal)
{
    internal JobSettings ToSettings(bool mayUseAdvanced) =>
        new(ProjectId!.Value, DatasetVersionId!.Value, Framework!, Model!, Name, Config ?? [], Split, mayUseAdvanced) { Priority = Priority };
}

/// <summary>What is otherwise in a clone of a training job. Fields that are left out stay as in the cloned job.</summary>
/// <param name="Name">Name of the clone.</param>
/// <param name="DatasetVersionId">Dataset version to train on, of the same project.</param>
/// <param name="Framework">Trainer to use.</param>
/// <param name="Model">Model architecture to train.</param>
/// <param name="Config">Values to change, by field name; null takes the field out, so that it has its default value.</param>
/// <param name="Split">How the images are split for the clone.</param>
/// <param name="Priority">Its place among your waiting jobs of the project.</param>
/// <param name="Suggested">Whether to make the change that <c>error.tryConfig</c> of the cloned job names, for example a smaller batch after <c>OUT_OF_MEMORY</c>.</param>
/// <param name="ResumeFrom">Checkpoint of the cloned job from which to go on; the training begins anew when left out. Framework, model and classes have to be the same.</param>
public sealed record TrainingJobClone(
    [property: Name(200)] string? Name,
    Guid? DatasetVersionId,
    [property: StringLength(100, MinimumLength = 1)] string? Framework,
    [property: StringLength(100, MinimumLength = 1)] string? Model,
    Dictionary<string, JsonElement>? Config,
    SplitSettings? Split,
    JobPriority? Priority = null,
    bool Suggested = false,
    CheckpointName? ResumeFrom = null)
{
    internal JobChanges ToChanges() => new(Name, DatasetVersionId, Framework, Model, Config, Split, Priority, Suggested, ResumeFrom);
}

/// <summary>What people say about a training job.</summary>
/// <param name="Starred">Whether it is marked with a star, for everybody in the project.</param>
/// <param name="Notes">Free text.</param>
/// <param name="Tags">Words to find it by.</param>
public sealed record TrainingJobMarks(
    [property: Required] bool? Starred, [property: Required(AllowEmptyStrings = true), Prose(10_000)] string? Notes, [property: Required, MaxLength(20)] IReadOnlyList<string>? Tags) : IValidatableObject
{
    private const int LongestTag = 50;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from tag in (Tags ?? []).Index()
        let problem = NameAttribute.Problem(tag.Item, LongestTag)
        where problem is not null
        select new ValidationResult(problem, [$"tags[{tag.Index}]"]);
}

/// <summary>Where a training job stands among those that wait.</summary>
/// <param name="Priority">Its place among the waiting jobs of the same person in the project. People and projects take turns whatever it is.</param>
public sealed record TrainingJobPriority([property: Required] JobPriority? Priority);

/// <summary>A training job with its attempts.</summary>
/// <param name="DatasetVersionId">Dataset version that it is trained on.</param>
/// <param name="Name">Name of the job, and of the model to which it adds a version.</param>
/// <param name="Framework">Trainer that runs it.</param>
/// <param name="Model">Model architecture that is trained.</param>
/// <param name="TaskType">What the model is trained to do.</param>
/// <param name="PrimaryMetric">Name of the metric that decides which epoch is the best; it follows from the task.</param>
/// <param name="Config">Configuration by field name, as it was requested.</param>
/// <param name="State">How far the job is.</param>
/// <param name="Priority">Its place among the waiting jobs of the same person in the project.</param>
/// <param name="CurrentEpoch">Number of epochs that are finished.</param>
/// <param name="TotalEpochs">Total number of epochs; null until the trainer has reported it.</param>
/// <param name="EtaSeconds">Estimated seconds until the training ends; null when unknown and after the end.</param>
/// <param name="LatestMetrics">Metrics of the last epoch by name; null before the first.</param>
/// <param name="FinalMetrics">Metrics of the last epoch of a completed job; null before.</param>
/// <param name="BestMetrics">Metrics of the best epoch so far; null before the first.</param>
/// <param name="BestEpoch">Number of the best epoch so far; null before the first.</param>
/// <param name="Error">Why the job failed; null otherwise.</param>
/// <param name="Warnings">What to know about the images and their split: classes without images in a split, copies of files.</param>
/// <param name="Attempts">Tries to run the job, the first one first. A transient failure starts the next attempt from the last checkpoint.</param>
/// <param name="ModelId">Model to which the job added a version; null until the model is stored.</param>
/// <param name="ModelVersionId">Version that the job made; null until the model is stored.</param>
/// <param name="RestartedFrom">Finished job that this job repeats; null when it repeats none.</param>
/// <param name="SweepId">Sweep that it is a run of; null for a job of its own.</param>
/// <param name="ClonedFrom">Job whose settings this job took over with changes; null when it is no clone.</param>
/// <param name="ResumedFrom">Checkpoint of the cloned job from which this job goes on; null when it began anew.</param>
/// <param name="WeightsSha256">SHA-256 of the pretrained weights that it begins with; null when these are random or those of a checkpoint.</param>
/// <param name="Starred">Whether it is marked with a star.</param>
/// <param name="Notes">What people wrote about it; empty when nobody did.</param>
/// <param name="Tags">Words to find it by.</param>
/// <param name="StartedAt">When the training began; null before.</param>
/// <param name="CompletedAt">When the job ended; null before.</param>
public sealed record TrainingJobAnswer(
    Guid Id, Guid ProjectId, Guid DatasetVersionId, string Name, string Framework, string Model, TaskType TaskType,
    string PrimaryMetric, IReadOnlyDictionary<string, JsonElement> Config, JobState State, JobPriority Priority, int CurrentEpoch, int? TotalEpochs, double? EtaSeconds,
    IReadOnlyDictionary<string, double>? LatestMetrics, IReadOnlyDictionary<string, double>? FinalMetrics,
    IReadOnlyDictionary<string, double>? BestMetrics, int? BestEpoch, FailureAnswer? Error, IReadOnlyList<SplitWarning> Warnings, IReadOnlyList<AttemptAnswer> Attempts,
    Guid? ModelId, Guid? ModelVersionId, Guid? RestartedFrom, Guid? SweepId, Guid? ClonedFrom, CheckpointName? ResumedFrom, string? WeightsSha256, bool Starred, string Notes, IReadOnlyList<string> Tags, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt)
{
    public static TrainingJobAnswer Of(TrainingJob job, IEnumerable<Attempt> attempts) => new(
        job.Id, job.ProjectId, job.DatasetVersionId, job.Name, job.Framework, job.Model, job.TaskType, job.TaskType.Primary().Name, job.Config, job.State, job.Priority, job.CurrentEpoch,
        job.TotalEpochs, job.EtaSeconds, job.LatestMetrics, job.FinalMetrics, job.BestMetrics, job.BestEpoch, FailureAnswer.Of(job.Error), job.Warnings,
        [.. attempts.OrderBy(attempt => attempt.Number).Select(AttemptAnswer.Of)],
        job.ModelId, job.ModelVersionId, job.RestartedFrom, job.SweepId, job.ClonedFrom,
        job.StartFrom is { } start ? new CheckpointName(start.Attempt, start.Epoch) : null, job.Weights?.Sha256, job.Starred, job.Notes, job.Tags, job.CreatedAt, job.StartedAt, job.CompletedAt);
}

/// <summary>One try to run a job on a trainer.</summary>
/// <param name="Number">Number of the attempt, from 1.</param>
/// <param name="State">How far the attempt is.</param>
/// <param name="Trainer">Trainer that runs it.</param>
/// <param name="CreatedAt">When it began to wait for a slot of the trainer.</param>
/// <param name="StartedAt">When a trainer was asked to start it; null before.</param>
/// <param name="EndedAt">When it ended; null before.</param>
/// <param name="ResumedFromEpoch">Epoch of the checkpoint from which it resumed; null when it started from the beginning.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
public sealed record AttemptAnswer(
    int Number, AttemptState State, string Trainer, DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? EndedAt, int? ResumedFromEpoch, FailureAnswer? Error)
{
    public static AttemptAnswer Of(Attempt attempt) => new(
        attempt.Number, attempt.State, attempt.Trainer, attempt.CreatedAt, attempt.StartedAt, attempt.EndedAt, attempt.ResumedFromEpoch, FailureAnswer.Of(attempt.Error));
}

/// <summary>Why something failed.</summary>
/// <param name="Code">Stable name of the failure in upper snake case.</param>
/// <param name="Category">Who can solve the problem.</param>
/// <param name="Message">What happened in this case.</param>
/// <param name="SuggestedAction">What to do next.</param>
/// <param name="Measured">What was measured when it happened, by name, for example <c>peakMemoryBytes</c> and <c>batchSize</c>; null when nothing was.</param>
/// <param name="TryConfig">Configuration fields with the values to try instead; null when no value is known that would help. A clone with <c>suggested</c> uses them.</param>
public sealed record FailureAnswer(
    string Code, ErrorCategory Category, string Message, string SuggestedAction, IReadOnlyDictionary<string, double>? Measured, IReadOnlyDictionary<string, JsonElement>? TryConfig)
{
    public static FailureAnswer? Of(Failure? failure) =>
        failure is null ? null : new FailureAnswer(failure.Code, failure.Category, failure.Message, failure.SuggestedAction, failure.Measured, failure.TryConfig);
}

/// <summary>What was measured on a split after an epoch.</summary>
/// <param name="Attempt">Number of the attempt, from 1.</param>
/// <param name="Epoch">Number of the epoch, from 1.</param>
/// <param name="Split">Images that were measured.</param>
/// <param name="Measured">What was measured.</param>
/// <param name="Time">When it was measured.</param>
public sealed record TrainingValidation(int Attempt, int Epoch, Split Split, CheckpointMeasures Measured, DateTimeOffset Time)
{
    internal static TrainingValidation Of(Domain.Training.ValidationResult row) =>
        new(row.Attempt, row.Epoch, row.Split, new CheckpointMeasures(row.Metrics, row.Classes, row.ConfusionMatrix, row.PerClass, row.PrecisionCurves), row.Time);
}

/// <summary>Metrics of one epoch of one attempt.</summary>
/// <param name="Metrics">Values by name, for example <c>loss</c>, <c>accuracy</c> and <c>val_loss</c>.</param>
/// <param name="NotFinite">Metrics whose value is no finite number, by name: <c>NaN</c>, <c>Infinity</c> or <c>-Infinity</c>; null when there are none.</param>
/// <param name="EpochSeconds">Duration of the epoch in seconds; null when the trainer did not report it.</param>
/// <param name="Time">When the epoch ended.</param>
/// <param name="Discarded">Whether the work of the epoch was lost, because a later attempt went on from an earlier one. The other epochs make one curve.</param>
public sealed record EpochMetricsAnswer(
    int Attempt, int Epoch, IReadOnlyDictionary<string, double> Metrics, IReadOnlyDictionary<string, string>? NotFinite, double? EpochSeconds, DateTimeOffset Time, bool Discarded)
{
    internal static EpochMetricsAnswer Of(EpochMetrics row, IReadOnlyCollection<Attempt> attempts) => new(
        row.Attempt, row.Epoch, row.Metrics, row.NotFinite, row.EpochSeconds, row.Time, JobCurve.IsDiscarded(row.Attempt, row.Epoch, attempts));
}

/// <summary>The curves of a training job over all its attempts.</summary>
/// <param name="JobId">The job.</param>
/// <param name="PrimaryMetric">Name of the metric that decides which epoch is the best.</param>
/// <param name="HigherIsBetter">Whether more of the primary metric is better.</param>
/// <param name="BestEpoch">Number of the best epoch so far; null before the first.</param>
/// <param name="BestMetrics">Metrics of the best epoch so far; null before the first.</param>
/// <param name="Names">Names of all metrics, in alphabetical order.</param>
/// <param name="Attempts">The attempts with their times, the first one first.</param>
/// <param name="Points">The epochs of all attempts, in the order of attempts and epochs. Those that are not discarded have each epoch once.</param>
public sealed record TrainingCurvesAnswer(
    Guid JobId, string PrimaryMetric, bool HigherIsBetter, int? BestEpoch, IReadOnlyDictionary<string, double>? BestMetrics, IReadOnlyList<string> Names,
    IReadOnlyList<AttemptAnswer> Attempts, IReadOnlyList<EpochMetricsAnswer> Points)
{
    /// <param name="wanted">Names of the metrics to show; null for all.</param>
    internal static TrainingCurvesAnswer Of(TrainingJob job, IReadOnlyCollection<Attempt> attempts, IReadOnlyList<EpochMetrics> epochs, IReadOnlySet<string>? wanted)
    {
        var primary = job.TaskType.Primary();
        return new TrainingCurvesAnswer(
            job.Id, primary.Name, primary.HigherIsBetter, job.BestEpoch, job.BestMetrics,
            [.. epochs.SelectMany(epoch => epoch.Metrics.Keys.Concat(epoch.NotFinite?.Keys ?? Enumerable.Empty<string>())).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            [.. attempts.Select(AttemptAnswer.Of)],
            [.. epochs.Select(epoch => EpochMetricsAnswer.Of(epoch, attempts)).Select(point => wanted is null ? point : point with
            {
                Metrics = point.Metrics.Where(metric => wanted.Contains(metric.Key)).ToDictionary(),
                NotFinite = point.NotFinite?.Where(metric => wanted.Contains(metric.Key)).ToDictionary(),
            })]);
    }
}

/// <summary>Weights that were stored after an epoch.</summary>
/// <param name="Name">Name of the file.</param>
/// <param name="Best">Whether it was the best checkpoint when it was stored. The last checkpoint that is marked is the best one.</param>
/// <param name="Metrics">Metrics of the epoch by name.</param>
/// <param name="Url">Presigned address of the file; it works for an hour.</param>
public sealed record CheckpointAnswer(
    int Attempt, int Epoch, string Name, bool Best, long Size, string Sha256, IReadOnlyDictionary<string, double> Metrics, Uri Url, DateTimeOffset CreatedAt);

/// <summary>A line of a job's log.</summary>
/// <param name="Id">Position of the line; rises within the job. Send it as <c>after</c> to continue from here.</param>
/// <param name="Level">Level: <c>debug</c>, <c>info</c>, <c>warning</c> or <c>error</c>.</param>
/// <param name="Message">Text of the line.</param>
/// <param name="Source">What wrote the line, for example <c>trainer</c>.</param>
/// <param name="Time">When the line was written.</param>
public sealed record LogLine(long Id, int Attempt, string Level, string Message, string Source, DateTimeOffset Time);

/// <summary>Lines of a job's log, oldest first.</summary>
/// <param name="Items">The lines, at most <c>limit</c> of them.</param>
/// <param name="NextCursor">Position of the last line, for <c>after</c> in the next request; null when there are no lines.</param>
/// <param name="PreviousCursor">Position of the first line, for <c>before</c> in a request for the lines before it; null when there are none.</param>
public sealed record LogPage(IReadOnlyList<LogLine> Items, string? NextCursor, string? PreviousCursor);

/// <summary>An event of a training job.</summary>
/// <param name="Id">Position of the event; rises within the job. Send it as <c>after</c> or <c>Last-Event-ID</c> to continue from here.</param>
/// <param name="Type">Kind of event: <c>state</c>, <c>attempt</c>, <c>metrics</c>, <c>validation</c>, <c>log</c> or <c>checkpoint</c>.</param>
/// <param name="Data">A JSON object whose fields depend on the type.</param>
/// <param name="Time">When it happened.</param>
public sealed record JobEventAnswer(long Id, string Type, JsonElement Data, DateTimeOffset Time);

/// <summary>A trainer and what it offers.</summary>
/// <param name="Framework">Name of the trainer, for example <c>torchvision</c>.</param>
/// <param name="State">Whether the trainer answers: <c>online</c> or <c>offline</c>.</param>
/// <param name="Capabilities">What the trainer offers; the last known offer while it is offline, null when it has never answered.</param>
/// <param name="Weights">Models of the trainer that have pretrained weights, by name. Jobs of other models cannot set <c>pretrained</c>.</param>
public sealed record TrainerAnswer(string Framework, string State, TrainerCapabilities? Capabilities, IReadOnlyList<ModelWeightsAnswer> Weights)
{
    public static TrainerAnswer Of(TrainerEntry trainer, IEnumerable<PretrainedWeights> weights) =>
        new(trainer.Framework, trainer.Online ? "online" : "offline", trainer.Capabilities, [.. weights.Select(ModelWeightsAnswer.Of)]);
}

/// <summary>The pretrained weights of a model, which an operator imported.</summary>
/// <param name="Model">Name of the model architecture.</param>
/// <param name="FileName">Name of the file that was imported.</param>
/// <param name="Licence">Terms under which the weights may be used; null when nobody wrote any.</param>
/// <param name="ImportedAt">When they were imported.</param>
public sealed record ModelWeightsAnswer(string Model, string FileName, long Size, string Sha256, string? Licence, DateTimeOffset ImportedAt)
{
    public static ModelWeightsAnswer Of(PretrainedWeights weights) => new(weights.Model, weights.FileName, weights.Size, weights.Sha256, weights.Licence, weights.ImportedAt);
}
