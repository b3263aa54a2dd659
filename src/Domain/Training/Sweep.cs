using System.Text.Json;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Training;

/// <summary>How a sweep chooses its configurations.</summary>
public enum SweepMethod
{
    /// <summary>Every combination of the listed values.</summary>
    Grid,

    /// <summary>Combinations drawn at random.</summary>
    Random,

    /// <summary>
    /// Combinations drawn at random that are trained for few epochs; the best part of them goes on for more epochs, again and again, and the others stop.
    /// </summary>
    SuccessiveHalving,
}

/// <summary>How far a sweep is.</summary>
public enum SweepState
{
    /// <summary>It starts runs and waits for them.</summary>
    Running,

    /// <summary>All runs have ended, and at least one of them completed.</summary>
    Completed,

    /// <summary>No run completed, or no run could be started; <c>error</c> says why.</summary>
    Failed,

    /// <summary>It was cancelled, and its runs with it.</summary>
    Cancelled,
}

/// <summary>What a sweep tries for one field of the configuration: the values of a list, or any value of a range.</summary>
/// <param name="Field">Name of the field in the trainer's configuration.</param>
/// <param name="Values">Values to try; null for a range.</param>
/// <param name="Min">Smallest value of a range; null for a list.</param>
/// <param name="Max">Largest value of a range; null for a list.</param>
/// <param name="Log">Whether the logarithm of the value is drawn evenly, as is usual for a learning rate.</param>
public sealed record SweepParameter(string Field, IReadOnlyList<JsonElement>? Values = null, double? Min = null, double? Max = null, bool Log = false);

/// <summary>Several training jobs that differ in their configuration, run to find the best of them. The row is the truth about it.</summary>
public sealed class Sweep
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }
    public required Guid DatasetVersionId { get; init; }
    public required string Name { get; init; }
    public required string Framework { get; init; }
    public required string Model { get; init; }
    public required TaskType TaskType { get; init; }

    /// <summary>Values of the fields that are the same in all runs.</summary>
    public required Dictionary<string, JsonElement> Config { get; init; }
    public SplitSettings? Split { get; init; }
    public required SweepMethod Method { get; init; }
    public required List<SweepParameter> Space { get; init; }

    /// <summary>Number of configurations.</summary>
    public required int Configurations { get; init; }

    /// <summary>Runs at the same time; null for as many as the trainer has slots.</summary>
    public int? Parallel { get; init; }

    /// <summary>Priority of its runs.</summary>
    public JobPriority Priority { get; init; } = JobPriority.Normal;

    /// <summary>Seed of the random choices.</summary>
    public required int Seed { get; init; }

    /// <summary>Epochs of the first round of successive halving; null for other methods.</summary>
    public int? MinEpochs { get; init; }

    /// <summary>Epochs after which the last round ends; null for other methods.</summary>
    public int? MaxEpochs { get; init; }

    /// <summary>One of this many configurations goes on to the next round, with this many times the epochs.</summary>
    public int Factor { get; init; } = 3;
    public SweepState State { get; private set; } = SweepState.Running;
    public bool CancelRequested { get; set; }
    public Guid? BestJobId { get; set; }
    public Failure? Error { get; private set; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>Ends the sweep, once.</summary>
    public void End(SweepState state, DateTimeOffset now, Failure? error = null)
    {
        if (State == SweepState.Running)
            (State, CompletedAt, Error) = (state, now, error);
    }
}

/// <summary>One configuration of a sweep in one round.</summary>
public sealed class SweepRun
{
    public required Guid SweepId { get; init; }

    /// <summary>Round, from 1. Only successive halving has more than one.</summary>
    public required int Round { get; init; }

    /// <summary>Number of the configuration, from 1. It is the same in all rounds.</summary>
    public required int Number { get; init; }
    public required Dictionary<string, JsonElement> Config { get; init; }

    /// <summary>The training job; null until it is started.</summary>
    public Guid? JobId { get; set; }
}
