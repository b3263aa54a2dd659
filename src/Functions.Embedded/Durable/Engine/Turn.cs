namespace VisionPlatform.Functions.Embedded.Durable;

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
