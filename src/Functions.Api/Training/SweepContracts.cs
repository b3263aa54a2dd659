using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using VisionPlatform.Application.Training;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Training;

namespace VisionPlatform.Api.Training;

/// <summary>A sweep to run.</summary>
/// <param name="ProjectId">Project that it belongs to.</param>
/// <param name="DatasetVersionId">Dataset version to train on; it must be ready and belong to the same project.</param>
/// <param name="Framework">Trainer to use.</param>
/// <param name="Model">Model architecture to train.</param>
/// <param name="Name">Name of the sweep, of its jobs, and of the model to which they add versions; when left out, the names of dataset and architecture.</param>
/// <param name="Config">Values by field name that are the same in all runs.</param>
/// <param name="Split">How the images are split; when left out, as in the dataset version.</param>
/// <param name="Priority">Place of its jobs among your waiting jobs of the project.</param>
/// <param name="Method">How configurations are chosen.</param>
/// <param name="Space">What to try for each field.</param>
/// <param name="Configurations">Number of configurations that are drawn at random; 10 when left out. A grid has all combinations.</param>
/// <param name="Parallel">Runs at the same time; as many as the trainer has slots when left out.</param>
/// <param name="Seed">Seed of the random choices: the same one gives the same configurations. Any when left out.</param>
/// <param name="MinEpochs">Epochs of the first round of successive halving; 1 when left out. The last round ends with the <c>epochs</c> of <c>config</c>.</param>
/// <param name="Factor">With successive halving, one of this many configurations goes on to the next round, for this many times the epochs.</param>
public sealed record NewSweep(
    [property: Required] Guid? ProjectId,
    [property: Required] Guid? DatasetVersionId,
    [property: Required, StringLength(100, MinimumLength = 1)] string? Framework,
    [property: Required, StringLength(100, MinimumLength = 1)] string? Model,
    [property: Name(200)] string? Name,
    Dictionary<string, JsonElement>? Config,
    SplitSettings? Split,
    [property: Required] SweepMethod? Method,
    [property: Required, MinLength(1), MaxLength(20)] IReadOnlyList<SweepField>? Space,
    [property: Range(1, SweepPlan.MostConfigurations)] int? Configurations,
    [property: Range(1, 64)] int? Parallel,
    [property: Range(0, int.MaxValue)] int? Seed,
    [property: Range(1, 1000)] int? MinEpochs,
    [property: Range(2, 10)] int Factor = 3,
    JobPriority Priority = JobPriority.Normal)
{
    internal JobSettings ToJobSettings(bool mayUseAdvanced) => new(ProjectId!.Value, DatasetVersionId!.Value, Framework!, Model!, Name, Config ?? [], Split, mayUseAdvanced) { Priority = Priority };

    internal SweepSettings ToSettings() => new(
        Method!.Value, [.. Space!.Select(field => new SweepParameter(field.Field!, field.Values, field.Min, field.Max, field.Log))], Configurations, Parallel, Seed, MinEpochs, Factor);
}

/// <summary>What a sweep tries for one field: the values of a list, or any value of a range.</summary>
/// <param name="Field">Name of the field in the trainer's configuration.</param>
/// <param name="Values">Values to try; left out for a range.</param>
/// <param name="Min">Smallest value of a range.</param>
/// <param name="Max">Largest value of a range.</param>
/// <param name="Log">Whether the logarithm of the value is drawn evenly, as is usual for a learning rate.</param>
public sealed record SweepField(
    [property: Required, StringLength(100, MinimumLength = 1)] string? Field, [property: MaxLength(200)] IReadOnlyList<JsonElement>? Values, double? Min, double? Max, bool Log = false);

/// <summary>Several training jobs that differ in their configuration.</summary>
/// <param name="DatasetVersionId">Dataset version that they are trained on.</param>
/// <param name="Framework">Trainer that runs them.</param>
/// <param name="Model">Model architecture that is trained.</param>
/// <param name="PrimaryMetric">Name of the metric that decides which run is the best.</param>
/// <param name="Config">Values by field name that are the same in all runs.</param>
/// <param name="Method">How configurations are chosen.</param>
/// <param name="Space">What is tried for each field.</param>
/// <param name="Configurations">Number of configurations.</param>
/// <param name="Parallel">Runs at the same time; null for as many as the trainer has slots.</param>
/// <param name="Seed">Seed of the random choices.</param>
/// <param name="MinEpochs">Epochs of the first round of successive halving; null for other methods.</param>
/// <param name="MaxEpochs">Epochs after which the last round of successive halving ends; null for other methods.</param>
/// <param name="Factor">Part that goes on to the next round of successive halving: one of this many.</param>
/// <param name="Priority">Place of its jobs among the waiting jobs of the same person in the project.</param>
/// <param name="State">How far the sweep is.</param>
/// <param name="CancelRequested">Whether somebody has cancelled it.</param>
/// <param name="Runs">Numbers of runs by state: <c>waiting</c> or the state of their jobs.</param>
/// <param name="BestJobId">The job with the best primary metric so far; null before the first one completes.</param>
/// <param name="BestMetrics">Metrics of its best epoch; null before.</param>
/// <param name="BestConfig">Values of the tried fields of that job; null before.</param>
/// <param name="Error">Why it failed; null otherwise.</param>
/// <param name="CreatedBy">Account that created it.</param>
/// <param name="CompletedAt">When it ended; null before.</param>
public sealed record SweepAnswer(
    Guid Id, Guid ProjectId, Guid DatasetVersionId, string Name, string Framework, string Model, TaskType TaskType, string PrimaryMetric, IReadOnlyDictionary<string, JsonElement> Config, SweepMethod Method,
    IReadOnlyList<SweepParameter> Space, int Configurations, int? Parallel, int Seed, int? MinEpochs, int? MaxEpochs, int Factor, JobPriority Priority, SweepState State, bool CancelRequested, IReadOnlyDictionary<string, int> Runs,
    Guid? BestJobId, IReadOnlyDictionary<string, double>? BestMetrics, IReadOnlyDictionary<string, JsonElement>? BestConfig, FailureAnswer? Error, Guid CreatedBy, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt)
{
    internal static SweepAnswer Of(Sweep sweep, IReadOnlyDictionary<string, int> runs, TrainingJob? best, SweepRun? bestRun) => new(
        sweep.Id, sweep.ProjectId, sweep.DatasetVersionId, sweep.Name, sweep.Framework, sweep.Model, sweep.TaskType, sweep.TaskType.Primary().Name, sweep.Config, sweep.Method, sweep.Space, sweep.Configurations,
        sweep.Parallel, sweep.Seed, sweep.MinEpochs, sweep.MaxEpochs, sweep.Factor, sweep.Priority, sweep.State, sweep.CancelRequested, runs, best?.Id, best?.BestMetrics, bestRun?.Config, FailureAnswer.Of(sweep.Error),
        sweep.CreatedBy, sweep.CreatedAt, sweep.CompletedAt);
}

/// <summary>One configuration of a sweep in one round.</summary>
/// <param name="Round">Round, from 1. Only successive halving has more than one.</param>
/// <param name="Number">Number of the configuration, from 1. It is the same in all rounds.</param>
/// <param name="Config">Values of the tried fields.</param>
/// <param name="JobId">The training job; null until it is started.</param>
/// <param name="State">State of the job; null until it is started.</param>
/// <param name="CurrentEpoch">Number of epochs that are finished; null until the job is started.</param>
/// <param name="TotalEpochs">Total number of epochs; null until the trainer has reported it.</param>
/// <param name="BestEpoch">Number of the best epoch so far; null before the first.</param>
/// <param name="BestMetrics">Metrics of the best epoch so far; null before the first.</param>
/// <param name="Stopped">Whether it was left behind after its round, because others were better.</param>
/// <param name="Error">Why the job failed; null otherwise.</param>
public sealed record SweepRunAnswer(
    int Round, int Number, IReadOnlyDictionary<string, JsonElement> Config, Guid? JobId, JobState? State, int? CurrentEpoch, int? TotalEpochs, int? BestEpoch, IReadOnlyDictionary<string, double>? BestMetrics,
    bool Stopped, FailureAnswer? Error)
{
    internal static SweepRunAnswer Of(SweepRun run, TrainingJob? job, int lastRound, bool goesOn) => new(
        run.Round, run.Number, run.Config, run.JobId, job?.State, job?.CurrentEpoch, job?.TotalEpochs, job?.BestEpoch, job?.BestMetrics, run.Round < lastRound && !goesOn, FailureAnswer.Of(job?.Error));
}
