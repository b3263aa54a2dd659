using System.Text.Json;
using System.Text.Json.Serialization;
using VisionPlatform.Domain.Datasets;
using VisionPlatform.Domain.Errors;
using VisionPlatform.Domain.Training;
using VisionPlatform.Infrastructure.Training;

namespace VisionPlatform.Application.Training;

/// <summary>What a person asks to be trained.</summary>
/// <param name="Name">Name of the job; null for the names of dataset and model.</param>
/// <param name="Config">Values by field of the trainer's configuration schema.</param>
/// <param name="Split">The job's own split; null for the split of the dataset version.</param>
/// <param name="MayUseAdvanced">Whether the person holds <see cref="Domain.Accounts.Permission.TrainingAdvanced"/> in the project.</param>
public sealed record JobSettings(
    Guid ProjectId, Guid DatasetVersionId, string Framework, string Model, string? Name, Dictionary<string, JsonElement> Config, SplitSettings? Split, bool MayUseAdvanced)
{
    /// <summary>Priority of the job.</summary>
    public JobPriority Priority { get; init; } = JobPriority.Normal;

    /// <summary>The job whose settings these are, with changes.</summary>
    public TrainingJob? ClonedFrom { get; init; }

    /// <summary>Checkpoint from which the training goes on.</summary>
    public CheckpointName? ResumeFrom { get; init; }
}

/// <summary>A checkpoint of a job.</summary>
public sealed record CheckpointName(int Attempt, int Epoch);

/// <summary>What is otherwise in a clone of a job. What is null stays as it is.</summary>
/// <param name="Config">Values by field; a JSON null removes the field.</param>
/// <param name="Suggested">Whether to make the change that the job's failure names, before those of <paramref name="Config"/>.</param>
/// <param name="ResumeFrom">Checkpoint of the cloned job from which to go on.</param>
public sealed record JobChanges(
    string? Name, Guid? DatasetVersionId, string? Framework, string? Model, Dictionary<string, JsonElement>? Config, SplitSettings? Split, JobPriority? Priority, bool Suggested,
    CheckpointName? ResumeFrom);

/// <summary>What a sweep tries.</summary>
/// <param name="Configurations">Number of configurations that are drawn at random; a grid has all combinations.</param>
/// <param name="Parallel">Runs at the same time; null for as many as the trainer has slots.</param>
/// <param name="Seed">Seed of the random choices; null for any.</param>
/// <param name="MinEpochs">Epochs of the first round of successive halving.</param>
/// <param name="Factor">Part that goes on to the next round of successive halving: one of this many.</param>
public sealed record SweepSettings(SweepMethod Method, IReadOnlyList<SweepParameter> Space, int? Configurations, int? Parallel, int? Seed, int? MinEpochs, int Factor);

/// <summary>How far a sweep is.</summary>
/// <param name="Jobs">Its jobs that have not ended.</param>
/// <param name="CheckAgainIn">When to look again if no job ends before.</param>
public sealed record SweepStep(bool Ended, IReadOnlyList<Guid> Jobs, TimeSpan CheckAgainIn);

/// <summary>How a prediction ended.</summary>
/// <param name="Failure">Why it did not complete; null otherwise.</param>
public sealed record PredictionEnd(Guid PredictionId, PredictionState State, Failure? Failure);

/// <summary>How a job ends.</summary>
/// <param name="Failure">Why it failed; null otherwise.</param>
public sealed record JobEnd(Guid JobId, JobState State, Failure? Failure);

/// <summary>An open attempt and the rules for carrying it on.</summary>
/// <param name="MaxAttempts">Attempts that the job or export may have, this one included.</param>
/// <param name="RetryDelay">Pause before the second attempt; it doubles before each further one.</param>
/// <param name="LooksPerHistory">Status checks after which the orchestration begins a fresh history.</param>
public sealed record AttemptTicket(Guid AttemptId, int MaxAttempts, TimeSpan RetryDelay, int LooksPerHistory);

/// <summary>How far starting an attempt got: it runs, it waits, or it has ended.</summary>
/// <param name="CheckAgainIn">When to try again, if it waits. Its JSON name is that of instances that are under way.</param>
/// <param name="End">How it ended, if it has.</param>
public sealed record AttemptStart(bool Started, [property: JsonPropertyName("LookAgainIn")] TimeSpan CheckAgainIn, AttemptStatus? End)
{
    public static AttemptStart Running { get; } = new(true, TimeSpan.Zero, null);

    public static AttemptStart Waiting(TimeSpan checkAgainIn) => new(false, checkAgainIn, null);

    public static AttemptStart Over(AttemptStatus end) => new(false, TimeSpan.Zero, end);
}

/// <summary>The result of a status check of an attempt.</summary>
/// <param name="TryAgain">Whether the job or export should have another attempt.</param>
/// <param name="CheckAgainIn">When to check again, if it has not ended. Its JSON name is that of instances that are under way.</param>
/// <param name="Silent">Whether the trainer has been silent for too long. The attempt ends when two checks in a row say so: after an outage of the platform the trainer needs time to reach it.</param>
/// <param name="WakeSubjects">Jobs and exports that wait for the slot that this check freed.</param>
public sealed record AttemptStatus(
    bool Ended, AttemptState State, Failure? Failure, bool TryAgain, [property: JsonPropertyName("LookAgainIn")] TimeSpan CheckAgainIn, bool Silent,
    IReadOnlyList<Guid> WakeSubjects)
{
    public static AttemptStatus GoesOn(Attempt attempt, TimeSpan checkAgainIn, bool silent) => new(false, attempt.State, null, false, checkAgainIn, silent, []);
}

/// <summary>An event as a trainer sent it.</summary>
/// <param name="Seq">Its sequence number; null when it has none that can be read.</param>
/// <param name="Event">The event; null when it cannot be read.</param>
/// <param name="Field">The field that cannot be read; null otherwise.</param>
/// <param name="Message">What is wrong with the field; null otherwise.</param>
public sealed record ReportedEvent(long? Seq, AttemptEvent? Event, string? Field, string? Message)
{
    public static ReportedEvent Of(AttemptEvent entry) => new(entry.Seq, entry, null, null);
}

/// <summary>What a batch of events led to.</summary>
/// <param name="Subjects">Jobs and exports whose orchestration has to check its attempt.</param>
public sealed record IngestedEvents(AttemptEventReply Reply, IReadOnlyList<Guid> Subjects);
