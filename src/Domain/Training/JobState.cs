namespace VisionPlatform.Domain.Training;

/// <summary>
/// States of a training job:
/// <code>
/// pending → queued → starting → running → finalizing → completed
///    └────────┴─────────┴─────────┴───────────┴──────→ failed | cancelled
/// </code>
/// Forward only; the last three are final. A job that is tried again stays where it is: its attempts have states of their own.
/// </summary>
public enum JobState
{
    Pending,
    Queued,
    Starting,
    Running,
    Finalizing,
    Completed,
    Failed,
    Cancelled,
}

public static class JobStates
{
    public static readonly IReadOnlyList<JobState> Active =
        [JobState.Pending, JobState.Queued, JobState.Starting, JobState.Running, JobState.Finalizing];

    public static bool IsTerminal(this JobState state) => state >= JobState.Completed;

    /// <summary>
    /// Whether a job may go from one state to another. Steps may be skipped forward (a trainer may report its first epoch before
    /// "started" arrives), except that only a job that is finalizing completes.
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

/// <summary>States of one try on one trainer: <c>waiting → starting → running → completed | failed | cancelled</c>.</summary>
public enum AttemptState
{
    Waiting,
    Starting,
    Running,
    Completed,
    Failed,
    Cancelled,
}

public static class AttemptStates
{
    public static bool IsTerminal(this AttemptState state) => state >= AttemptState.Completed;
}
