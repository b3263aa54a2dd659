namespace VisionPlatform.Domain.Training;

/// <summary>How far a training job is.</summary>
/// <remarks>
/// <code>
/// pending → queued → starting → running → finalizing → completed
///    └────────┴─────────┴─────────┴───────────┴──────→ failed | cancelled
/// </code>
/// A job only moves forward, and the last three states are final. A job that is tried again keeps its state; its attempts have states of their own.
/// </remarks>
public enum JobState
{
    /// <summary>It was created and waits to be started.</summary>
    Pending,

    /// <summary>It was started and waits for a free slot of the trainer.</summary>
    Queued,

    /// <summary>A trainer is being asked to start it.</summary>
    Starting,

    /// <summary>It is training.</summary>
    Running,

    /// <summary>The training is over, and the model version is being stored.</summary>
    Finalizing,

    /// <summary>It succeeded and made a model version.</summary>
    Completed,

    /// <summary>It failed; <c>error</c> says why.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}

public static class JobStates
{
    public static readonly IReadOnlyList<JobState> Active =
        [JobState.Pending, JobState.Queued, JobState.Starting, JobState.Running, JobState.Finalizing];

    public static bool IsTerminal(this JobState state) => state >= JobState.Completed;

    /// <summary>
    /// Whether a job may move from one state to another. It may skip states, because a trainer may report its first epoch before <c>started</c>
    /// arrives; but only a finalizing job completes.
    /// </summary>
    public static bool CanMoveTo(this JobState from, JobState to) => (from, to) switch
    {
        _ when from.IsTerminal() => false,
        (_, JobState.Failed or JobState.Cancelled) => true,
        (JobState.Finalizing, JobState.Completed) => true,
        (_, JobState.Completed) => false,
        _ => to > from,
    };
}
