using System.Text.Json;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;

namespace VisionPlatform.Domain.Training;

/// <summary>A training job. The row is the truth about it: callbacks and activities write it, and the orchestration follows it.</summary>
public sealed class TrainingJob
{
    public Guid Id { get; init; } = Guid.CreateVersion7();
    public required Guid ProjectId { get; init; }
    public required Guid DatasetVersionId { get; init; }
    public required string Name { get; set; }
    public required string Framework { get; init; }
    public required string Model { get; init; }
    public required TaskType TaskType { get; init; }

    /// <summary>Values by field of the trainer's configuration schema.</summary>
    public required Dictionary<string, JsonElement> Config { get; init; }

    /// <summary>The job's own split; null for the split of the dataset version.</summary>
    public SplitSettings? Split { get; init; }

    /// <summary>What was found out about the images and their split when the job was created.</summary>
    public IReadOnlyList<SplitWarning> Warnings { get; init; } = [];
    public JobState State { get; private set; } = JobState.Pending;

    /// <summary>Its place among the waiting jobs of the same person in the project.</summary>
    public JobPriority Priority { get; set; } = JobPriority.Normal;
    public bool CancelRequested { get; set; }
    public int CurrentEpoch { get; set; }
    public int? TotalEpochs { get; set; }

    /// <summary>Seconds until the training ends, as the trainer estimates.</summary>
    public double? EtaSeconds { get; set; }
    public Dictionary<string, double>? LatestMetrics { get; set; }
    public Dictionary<string, double>? FinalMetrics { get; set; }
    public Dictionary<string, double>? BestMetrics { get; private set; }
    public int? BestEpoch { get; private set; }
    public Failure? Error { get; private set; }
    public Guid? ModelVersionId { get; set; }
    public Guid? ModelId { get; set; }

    /// <summary>The sweep that it is a run of; null for a job of its own. The orchestration of the sweep starts it.</summary>
    public Guid? SweepId { get; init; }

    /// <summary>Id of the job whose settings it took over.</summary>
    public Guid? ClonedFrom { get; init; }

    /// <summary>Checkpoint of another job from which the first attempt goes on; null for a training that begins anew.</summary>
    public StartCheckpoint? StartFrom { get; init; }

    /// <summary>Pretrained weights that the first attempt begins with; null for random ones, and for a job that goes on from a checkpoint.</summary>
    public StartWeights? Weights { get; set; }

    /// <summary>Id of the finished job that this job repeats.</summary>
    public Guid? RestartedFrom { get; init; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? QueuedAt { get; private set; }
    public DateTimeOffset? StartedAt { get; private set; }
    public DateTimeOffset? CompletedAt { get; private set; }

    /// <summary>When its events and metrics were written to object storage after its end.</summary>
    public DateTimeOffset? RecordsStoredAt { get; init; }

    /// <summary>When they were removed from the database. From then on they are read from object storage.</summary>
    public DateTimeOffset? RecordsRemovedAt { get; init; }

    /// <summary>Whether somebody marked it.</summary>
    public bool Starred { get; set; }

    /// <summary>What people wrote about it.</summary>
    public string Notes { get; set; } = "";

    /// <summary>Words to find it by, without duplicates.</summary>
    public List<string> Tags { get; set; } = [];

    /// <summary>The primary metric of the best epoch, to sort by; -1 before the first. Every primary metric lies between 0 and 1, and more is better.</summary>
    public double Score { get; private set; } = -1;

    /// <summary>Takes the metrics of an epoch as the best if they are better than the best so far.</summary>
    public void Consider(int epoch, Dictionary<string, double> metrics)
    {
        if (TaskType.Primary().IsBetter(metrics, BestMetrics))
            SetBest(epoch, metrics);
    }

    /// <summary>Sets the best epoch; null for none.</summary>
    public void SetBest(int? epoch, Dictionary<string, double>? metrics)
    {
        (BestEpoch, BestMetrics) = (epoch, metrics);
        Score = metrics?.TryGetValue(TaskType.Primary().Name, out var value) == true ? value : -1;
    }

    /// <summary>Moves to a state if <see cref="JobStates.CanMoveTo"/> allows it. Otherwise, as after a late or repeated event, it returns false and changes nothing.</summary>
    public bool MoveTo(JobState state, DateTimeOffset now, Failure? error = null)
    {
        if (!State.CanMoveTo(state))
            return false;
        State = state;
        switch (state)
        {
            case JobState.Queued: QueuedAt = now; break;
            case JobState.Running: StartedAt ??= now; break;
            case JobState.Completed or JobState.Cancelled or JobState.Failed:
                CompletedAt = now;
                EtaSeconds = null;
                Error = error;
                break;
        }

        return true;
    }
}

/// <summary>A checkpoint of a job from which another job goes on.</summary>
/// <param name="Key">Its key in the internal bucket.</param>
public sealed record StartCheckpoint(Guid JobId, int Attempt, int Epoch, string Key, string Sha256);
