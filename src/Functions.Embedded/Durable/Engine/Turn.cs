namespace VisionPlatform.Functions.Embedded.Durable;

/// <summary>Names one call of an activity.</summary>
internal readonly record struct ActivityKey(string InstanceId, Guid ExecutionId, int TaskId);

/// <summary>An activity call that this engine holds the lease of.</summary>
/// <param name="Key">Which call.</param>
/// <param name="Name">The activity.</param>
/// <param name="Input">As the data converter wrote it.</param>
/// <param name="Version">The version asked for; empty when none was.</param>
internal sealed record ActivityCall(ActivityKey Key, string Name, string? Input, string Version);

/// <summary>Something for an instance to be told, and where it is stored until a commit has taken it.</summary>
/// <param name="Event">What happened.</param>
/// <param name="MessageId">The row of <c>durable.messages</c>, if it came as one.</param>
/// <param name="Activity">The row of <c>durable.activities</c> it answers, if the activity ran here and its result was handed over in memory.</param>
internal sealed record InboxItem(HistoryEvent Event, long? MessageId, ActivityKey? Activity)
{
    /// <summary>Whether it answers an earlier execution: it is taken, but not told.</summary>
    public bool IsLate { get; init; }
}

/// <summary>A turn that has run and is to be committed.</summary>
/// <param name="Before">The instance as the turn found it; its turn number is the fence.</param>
/// <param name="Outcome">What the turn came to.</param>
/// <param name="Consumed">What it was told.</param>
/// <param name="KeepLease">Whether the instance stays in this engine's memory.</param>
internal sealed record Turn(InstanceRow Before, TurnOutcome Outcome, IReadOnlyList<InboxItem> Consumed, bool KeepLease)
{
    private readonly TaskCompletionSource<TurnResult> _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How the commit went.</summary>
    public Task<TurnResult> Committed => _committed.Task;

    public string InstanceId => Before.InstanceId;

    /// <summary>Whether the turn ends an instance whose own turn could not be stored.</summary>
    public bool IsReplacement { get; init; }

    public bool IsFinal => Outcome.Status.IsFinal();

    /// <summary>Length of the (next) execution's history once committed.</summary>
    public int HistoryLengthAfter => Outcome.Next is null ? Before.HistoryLength + Outcome.Recorded.Count : 0;

    public InstanceRow After => Before with
    {
        ExecutionId = Outcome.Next?.ExecutionId ?? Before.ExecutionId,
        Input = Outcome.Next is { } next ? next.Input : Before.Input,
        Version = Outcome.Next?.Version ?? Before.Version,
        Status = Outcome.Status,
        CustomStatus = Outcome.CustomStatus,
        StartAt = null,
        Turn = Before.Turn + 1,
        HistoryLength = HistoryLengthAfter,
    };

    public void Answer(TurnResult result) => _committed.TrySetResult(result);
}

/// <summary>How a turn's commit went.</summary>
/// <param name="IsCommitted">False: the instance belongs to someone else now, or was purged or ended; the turn did not happen.</param>
/// <param name="DueIn">Time until there is more for the instance; null when nothing is known to come.</param>
internal readonly record struct TurnResult(bool IsCommitted, TimeSpan? DueIn);
